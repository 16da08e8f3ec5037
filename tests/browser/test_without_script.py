"""Where a browser runs no script, the page still shows and sends everything."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat import composer, expect_texts, messages, row, stored
from tests.browser.people import PASSWORD, Person, PersonFor
from tests.browser.site import Site
from tests.pictures import picture


@pytest.fixture
def people(person: PersonFor) -> tuple[Person, Person]:
    return person("Ada Lindqvist", None), person("Bo Okonkwo", None)


@pytest.fixture
def page(browser: Browser, live_site: Site, people: tuple[Person, Person]) -> Iterator[Page]:
    """Ada's, in a browser without script."""
    context = browser.new_context(base_url=live_site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("E-mail").fill(people[0].email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{live_site.url}/")
    yield page
    context.close()


def test_one_finds_somebody_and_writes(page: Page, people: tuple[Person, Person]) -> None:
    ada, bo = people
    page.get_by_role("link", name="Show contacts").first.click()
    page.get_by_role("searchbox").fill("okonk")
    page.get_by_role("searchbox").press("Enter")
    page.locator(f"#contacts-{bo.id}").click()

    composer(page).fill("Written <plainly>")
    page.get_by_role("button", name="Send").click()
    expect_texts(page, ["Written <plainly>"])
    expect(messages(page).locator(".receipt--sent")).to_be_visible()
    expect(composer(page)).to_be_empty()
    expect(page.locator(f"#contacts-{bo.id}")).to_have_attribute("aria-current", "page")
    page.reload()
    assert stored(bo, ada) == ["Written <plainly>"]


def test_a_picture_is_sent_by_form(page: Page, people: tuple[Person, Person]) -> None:
    page.goto(f"/chat/{people[1].id}")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": picture(640, 480)}
    page.get_by_label("Add a picture").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Send").click()

    expect(messages(page).get_by_role("img")).to_be_visible()


def test_a_refusal_is_told_and_the_text_kept(page: Page, people: tuple[Person, Person]) -> None:
    page.goto(f"/chat/{people[1].id}")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.get_by_label("Add a picture").set_input_files(file)  # type: ignore[arg-type]
    composer(page).fill("With words")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(composer(page)).to_have_value("With words")
    expect(messages(page)).to_have_count(0)


def test_rows_and_older_messages_are_links(page: Page, people: tuple[Person, Person]) -> None:
    ada, bo = people
    texts = [f"message {number}" for number in range(60)]
    for text in texts:
        bo.send(ada, text)
    page.goto("/")
    expect(row(page, bo).locator(".badge")).to_contain_text("60")

    row(page, bo).click()
    expect_texts(page, texts)
    expect(messages(page).first).to_be_in_viewport()
    expect(page.locator(".unread")).to_be_in_viewport()
    ada.read(bo, 60)
    page.reload()
    expect_texts(page, texts[10:])
    page.get_by_role("link", name="Show older messages").click()
    expect_texts(page, texts[:10])
    page.locator("#tab-chats").click()
    expect(row(page, bo)).to_be_visible()


def test_what_only_script_can_do_is_not_offered(page: Page, people: tuple[Person, Person]) -> None:
    page.goto("/")
    for name in ("Sound", "Theme"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
