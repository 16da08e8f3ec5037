"""What was just read is there again without network, for whoever read it and for nobody else."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat import (
    RETURN,
    banner,
    expect_kept,
    expect_preview,
    expect_states,
    expect_texts,
    face_to_face,
    messages,
    row,
    send,
    state,
    stored,
)
from tests.browser.people import PASSWORD, Person, PersonFor, assert_accessible
from tests.browser.site import Site

KEPT = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().map(({ url }) => url.replace(location.origin, ""));
}"""
CONTROLLED = "() => navigator.serviceWorker.controller"


def readers(person: PersonFor) -> tuple[Person, Person]:
    """Ada and Bo, face to face; Ada's browser has what it needs to show pages without network."""
    ada, bo = face_to_face(person, service_workers="allow")
    ada.page.wait_for_function(CONTROLLED)
    return ada, bo


def wait_until_kept(page: Page, path: str, text: str) -> None:
    """The page at that path, with that in it."""
    has = """async ([path, text]) => {
      const name = `pages-${document.body.dataset.userId}`;
      const page = await caches.match(path, { cacheName: name });
      return Boolean(page) && (await page.text()).includes(text);
    }"""
    page.wait_for_function(has, arg=[path, text])


def expect_offline_page(page: Page, path: str) -> None:
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(path) + "$"))


def test_what_was_read_is_there_after_a_reload_and_goes_on(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    said = bo.say(ada, "a slip")
    send(ada.page, "one", "two")
    expect_states(ada.page, "-rr")

    with live_site.away():
        ada.page.reload()
        expect(banner(ada.page)).to_be_visible()
        expect(state(ada.page, "waiting")).to_be_visible()
        expect_texts(ada.page, ["a slip", "one", "two"])
        expect_states(ada.page, "-rr")
        assert_accessible(ada.page)
        send(ada.page, "three")
        expect_states(ada.page, "-rrp")
        expect_kept(ada.page)
        ada.page.reload()
        expect_texts(ada.page, ["a slip", "one", "two", "three"])
        expect_states(ada.page, "-rrp")
        first = messages(ada.page).first.element_handle()
    bo.context.request.delete(f"/api/messages/{said['_id']}")
    bo.say(ada, "Bo too")
    expect(messages(ada.page)).to_have_count(5, timeout=RETURN)
    expect(ada.page.locator('.message[data-state="read"]')).to_have_count(3, timeout=RETURN)
    expect(messages(ada.page).first).to_contain_text("Message deleted")
    expect(banner(ada.page)).to_have_count(0)
    assert first.evaluate("(item) => item.isConnected")  # nothing was rendered anew
    kept = stored(ada, bo)
    assert sorted(kept) == ["Bo too", "one", "three", "two"]
    for page in (ada.page, bo.page):
        expect_texts(page, ["", *kept], timeout=RETURN)


def test_the_reader_stays_at_the_place_when_the_network_returns(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    for number in range(30):
        bo.say(ada, f"number {number}")
    expect(messages(ada.page)).to_have_count(30)
    with live_site.away():
        ada.page.reload()
        expect(messages(ada.page)).to_have_count(30)
        expect(banner(ada.page)).to_be_visible()
        place = messages(ada.page).nth(10)
        place.evaluate("(item) => item.scrollIntoView({ block: 'start' })")
        top = place.bounding_box()
    bo.say(ada, "the newest")
    expect(messages(ada.page)).to_have_count(31, timeout=RETURN)
    expect(banner(ada.page)).to_have_count(0)

    now = place.bounding_box()
    assert top
    assert now
    assert abs(now["y"] - top["y"]) < 1


def test_conversations_that_were_opened_inside_the_page_are_there_too(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = readers(person)
    cy, di = person("Cy Weber", None), person("Di Moreau", None)
    bo.say(ada, "from Bo")
    cy.say(ada, "from Cy")
    di.say(ada, "from Di")
    row(ada.page, cy).click()
    expect_texts(ada.page, ["from Cy"])
    wait_until_kept(ada.page, f"/chat/{cy.id}", "from Cy")
    ada.page.get_by_role("link", name="Ada Lindqvist").click()
    expect(ada.page).to_have_url(re.compile("/profile"))

    with live_site.away():
        ada.page.go_back()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{cy.id}")
        expect_texts(ada.page, ["from Cy"])
        expect(banner(ada.page)).to_be_visible()
        row(ada.page, bo).click()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{bo.id}")
        expect_texts(ada.page, ["from Bo"])
        expect(row(ada.page, cy)).to_be_visible()
        ada.page.go_back()
        expect(ada.page).to_have_url(f"{live_site.url}/chat/{cy.id}")
        expect_texts(ada.page, ["from Cy"])
        ada.page.goto("/")
        expect(ada.page.get_by_role("heading", name="Welcome, Ada")).to_be_visible()
        expect_preview(ada.page, di, "from Di")
        ada.page.goto(f"/chat/{di.id}")
        expect_offline_page(ada.page, f"/chat/{di.id}")
        assert_accessible(ada.page)
    expect_texts(ada.page, ["from Di"], timeout=RETURN)


def test_an_answer_that_says_no_is_shown_as_it_is(live_site: Site, person: PersonFor) -> None:
    ada, _bo = readers(person)
    cy = person("Cy Weber", None)
    ada.page.goto(f"/chat/{cy.id}")
    wait_until_kept(ada.page, f"/chat/{cy.id}", "Say hello to Cy")
    live_site.manage("shell", "-c", DELETE.format(id=cy.id))

    ada.page.reload()

    expect(ada.page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(ada.page.get_by_text("Cy")).to_have_count(0)


DELETE = """
from accounts.models import User
User.objects.get(pk="{id}").delete()
"""


def test_the_last_few_are_kept(person: PersonFor) -> None:
    ada, bo = readers(person)
    ada.page.evaluate(
        """(userId) => {
          for (let number = 0; number < 20; number += 1) {
            const address = `/chat/${number}`;
            navigator.serviceWorker.controller.postMessage({ userId, address, html: "" });
          }
        }""",
        ada.id,
    )
    send(ada.page, "the last")
    wait_until_kept(ada.page, "/", "the last")

    # One is put before the oldest is taken away.
    expected = [f"/chat/{number}" for number in range(10, 20)] + [f"/chat/{bo.id}", "/"]
    is_kept = f"async (expected) => String(await ({KEPT})()) === String(expected)"
    ada.page.wait_for_function(is_kept, arg=expected)


def sign_out(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.get_by_role("button", name="Sign out", exact=True).click()


def sign_out_on_the_profile_page(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.goto("/profile")
    sign_out(site, ada, browser)


def sign_out_elsewhere(site: Site, ada: Person, browser: Browser) -> None:
    page = browser.new_page(base_url=site.url)
    page.goto("/login?next=/profile")
    log_in(page, ada)
    page.get_by_role("button", name="Sign out other devices").click()
    page.get_by_role("button", name="Sign them out").click()
    expect(page.get_by_text("Sign out other devices").first).to_be_hidden()
    page.close()


def ban(site: Site, ada: Person, browser: Browser) -> None:
    site.manage("shell", "-c", BAN.format(id=ada.id))
    send(ada.page, "Am I?")


BAN = """
from accounts.models import User
from accounts.services.moderation import ban
ban(user=User.objects.get(pk="{id}"), reason="")
"""


def expire_while_nothing_is_open(site: Site, ada: Person, browser: Browser) -> None:
    ada.page.goto("about:blank")
    ada.context.clear_cookies()
    ada.page.goto("/")


def log_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize(
    "end",
    [
        sign_out,
        sign_out_on_the_profile_page,
        sign_out_elsewhere,
        expire_while_nothing_is_open,
        ban,
    ],
)
def test_nothing_is_shown_once_the_session_has_ended(
    live_site: Site,
    person: PersonFor,
    browser: Browser,
    end: Callable[[Site, Person, Browser], None],
) -> None:
    ada, bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_kept(ada.page, "/", "Between us")

    end(live_site, ada, browser)
    expect(ada.page.get_by_role("button", name="Log in")).to_be_visible()
    ada.page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")

    ada.context.set_offline(True)
    for path in (f"/chat/{bo.id}", "/"):
        ada.page.goto(path)
        expect_offline_page(ada.page, path)
        expect(ada.page.get_by_text("Between us")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_nothing_is_shown_to_who_signs_in_next(person: PersonFor, path: str) -> None:
    """Even without a page that says who left."""
    ada, bo = readers(person)
    cy = person("Cy Weber", None)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_kept(ada.page, "/", "Between us")
    ada.page.goto("about:blank")
    cookies = cy.context.storage_state()["cookies"]
    ada.context.add_cookies([{**each} for each in cookies])  # type: ignore[typeddict-item]

    ada.page.goto(path)
    ada.page.wait_for_function(f"async () => !(await ({KEPT})()).includes('/chat/{bo.id}')")
    ada.context.set_offline(True)
    ada.page.goto(f"/chat/{bo.id}")
    expect_offline_page(ada.page, f"/chat/{bo.id}")


@pytest.mark.parametrize("call", ["login", "logout", "signup"])
def test_a_session_that_changes_by_the_api_forgets_the_pages(person: PersonFor, call: str) -> None:
    ada, _bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_kept(ada.page, "/", "Between us")

    ada.page.evaluate("(call) => fetch(`/api/auth/${call}`, { method: 'POST' })", call)

    ada.page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")


def test_a_tab_that_does_not_know_yet_keeps_nothing_afterwards(person: PersonFor) -> None:
    ada, bo = readers(person)
    send(ada.page, "Between us")
    expect_states(ada.page, "r")
    wait_until_kept(ada.page, "/", "Between us")
    ada.page.evaluate(
        "(userId) => caches.delete(`pages-${userId}`)",
        ada.id,
    )

    ada.page.evaluate(
        """([userId, address]) => {
          navigator.serviceWorker.controller.postMessage({ userId, address, html: "Late" });
        }""",
        [ada.id, f"/chat/{bo.id}"],
    )
    bo.say(ada, "later")
    expect_texts(ada.page, ["Between us", "later"])
    ada.page.reload()
    expect_texts(ada.page, ["Between us", "later"])
    wait_until_kept(ada.page, f"/chat/{bo.id}", ">later<")
