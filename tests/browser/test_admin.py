"""Moderation as a moderator clicks it."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from messaging.management.commands.demo import PASSWORD
from tests.browser.people import Person, assert_accessible
from tests.browser.site import Site


@pytest.fixture
def moderator(browser: Browser, live_site: Site) -> Iterator[Page]:
    """The page of the demo's moderator, at the admin; no error of it may reach the console."""
    live_site.manage("demo")
    errors: list[str] = []
    page = browser.new_page(base_url=live_site.url)
    page.on("console", lambda message: errors.extend([message.text] * (message.type == "error")))
    page.goto("/admin/")
    page.fill("[name=email]", "robin@demo.example")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_site.url}/admin/")
    yield page
    page.close()
    assert not errors


def test_banned_person_is_led_out_at_once_and_told_why(
    moderator: Page, person: Callable[..., Person]
) -> None:
    jonas = person("Jonas Weber")

    moderator.goto(f"/admin/accounts/user/?q={jonas.email}")
    assert_accessible(moderator)
    moderator.get_by_role("link", name="Jonas Weber").click()
    moderator.get_by_label("Reason").fill("Sold ladders to strangers")
    assert_accessible(moderator)
    moderator.get_by_role("button", name="Ban").click()
    expect(moderator.get_by_text("Banned: Sold ladders to strangers")).to_be_visible()

    expect(jonas.page).to_have_url(re.compile("/login"))
    expect(jonas.page.get_by_text("suspended: Sold ladders to strangers")).to_be_visible()
    jonas.page.fill("[name=email]", jonas.email)
    jonas.page.fill("[name=password]", "correct horse")
    jonas.page.keyboard.press("Enter")
    expect(jonas.page.get_by_text("suspended: Sold ladders to strangers")).to_be_visible()


def test_message_is_taken_back_and_restored_before_both_peoples_eyes(
    moderator: Page, person: Callable[..., Person]
) -> None:
    ada, mira = person("Ada Lindqvist"), person("Mira Okonkwo")
    said = ada.send(mira, "Please look the other way")
    ada.page.goto(f"/chat/{mira.id}")
    mira.page.goto(f"/chat/{ada.id}")
    bubbles = [side.page.get_by_role("log").get_by_text(said["text"]) for side in (ada, mira)]

    moderator.goto("/admin/messaging/message/")
    moderator.get_by_label("Words").fill("look the other way")
    moderator.get_by_label("Person").fill(mira.email)
    moderator.keyboard.press("Enter")
    moderator.locator("#result_list tbody a").click()
    assert_accessible(moderator)
    moderator.get_by_role("button", name="Delete").click()
    for bubble in bubbles:
        expect(bubble).to_have_count(0)

    moderator.get_by_role("button", name="Restore").click()
    for bubble in bubbles:
        expect(bubble).to_be_visible()


def test_moderators_look_at_a_group_and_its_messages(moderator: Page) -> None:
    moderator.goto("/admin/messaging/group/")
    assert_accessible(moderator)
    moderator.get_by_role("link", name="Soup on Saturday").click()
    owner = moderator.get_by_role("listitem").filter(has_text="owner")
    expect(owner.get_by_role("link", name="Jonas Weber")).to_be_visible()
    assert_accessible(moderator)
    moderator.locator(".object-tools").get_by_role("link", name="Messages").click()
    expect(moderator.locator("#result_list tbody tr")).to_have_count(12)
    assert_accessible(moderator)


def test_moderators_find_the_way_and_keep_their_theme(
    moderator: Page, person: Callable[..., Person]
) -> None:
    expect(person("Ada Lindqvist").page.get_by_role("link", name="Moderation")).to_have_count(0)
    for page in ("/profile", "/"):
        moderator.goto(page)
        expect(moderator.get_by_role("link", name="Moderation")).to_be_visible()
    moderator.get_by_role("button", name="Theme: system").click()
    moderator.get_by_role("link", name="Moderation").click()
    places = moderator.get_by_role("navigation", name="Moderation")
    for place in ("People", "Rules", "Record"):
        places.get_by_role("link", name=place).click()
        expect(places.get_by_role("link", name=place)).to_have_attribute("aria-current", "page")
        assert_accessible(moderator)
    places.get_by_role("link", name="More").click()

    theme = moderator.get_by_role("button", name="Theme: dark")
    expect(theme).to_be_visible()
    scheme = "getComputedStyle(document.body).backgroundColor"
    dark = moderator.evaluate(scheme)
    for path in ("/admin/", "/admin/accounts/user/", "/admin/accounts/session/?q=robin"):
        moderator.goto(path)
        assert moderator.evaluate(scheme) == dark
        assert_accessible(moderator)
    theme.click()
    assert moderator.evaluate(scheme) != dark
