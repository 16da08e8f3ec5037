"""A session that ends elsewhere ends here at once."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat import (
    composer,
    expect_eventually,
    expect_states,
    expect_texts,
    open_pair,
    send,
    state,
)
from tests.browser.people import DRAFTS, PASSWORD, Person, PersonFor, assert_accessible
from tests.browser.site import Site


def log_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_signing_out_other_devices_ends_their_open_pages(
    browser: Browser, live_site: Site, person: PersonFor
) -> None:
    ada, bo = open_pair(person)
    elsewhere = browser.new_page(base_url=live_site.url)
    elsewhere.goto("/login?next=/profile")
    log_in(elsewhere, ada)

    ask = elsewhere.get_by_role("button", name="Sign out other devices")
    dialog = elsewhere.get_by_role("dialog", name="Sign out other devices?")
    ask.click()
    assert_accessible(elsewhere)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(state(ada.page, "online")).to_be_visible()
    ask.click()
    dialog.get_by_role("button", name="Sign them out").click()

    expect(ada.page).to_have_url(f"{live_site.url}/login?next=/chat/{bo.id}")
    log_in(ada.page, ada)
    send(ada.page, "Here again")
    expect_texts(bo.page, ["Here again"])
    elsewhere.close()


def test_a_session_that_ended_while_no_page_was_open_leaves_no_draft(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    composer(ada.page).fill("Between us")
    ada.page.goto("about:blank")
    ada.context.clear_cookies()

    ada.page.goto("/")
    expect(ada.page.get_by_role("button", name="Log in")).to_be_visible()
    expect_eventually(ada.page, lambda: ada.page.evaluate(DRAFTS), [])


def test_signing_out_in_one_tab_ends_the_others(live_site: Site, person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = ada.open_page("/")

    other.get_by_role("button", name="Sign out").click()

    expect(ada.page).to_have_url(f"{live_site.url}/login?next=/chat/{bo.id}")
    expect(other).to_have_url(f"{live_site.url}/login")


def test_what_was_not_sent_when_the_session_ended_goes_out_after_log_in(
    live_site: Site, person: PersonFor
) -> None:
    ada, bo = open_pair(person)
    ada.context.clear_cookies()

    send(ada.page, "Hold that thought")
    composer(ada.page).fill("A draft")
    expect(ada.page).to_have_url(f"{live_site.url}/login?next=/chat/{bo.id}")
    expect_eventually(ada.page, lambda: ada.page.evaluate(DRAFTS), [])
    log_in(ada.page, ada)

    expect_states(ada.page, "r")
    expect_texts(bo.page, ["Hold that thought"])


def test_a_page_never_writes_for_another_account(person: PersonFor) -> None:
    """Somebody else has logged in beside it, in the same browser."""
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cookies = cy.context.storage_state()["cookies"]
    composer(ada.page).fill("A draft of Ada's")
    assert ada.page.evaluate(DRAFTS)
    ada.context.add_cookies([{**each} for each in cookies])  # type: ignore[typeddict-item]

    send(ada.page, "From Ada")

    expect(ada.page.get_by_role("link", name="Cy Weber")).to_be_visible()
    expect(ada.page.get_by_role("heading", name="Say hello to Bo")).to_be_visible()
    expect_eventually(ada.page, lambda: ada.page.evaluate(DRAFTS), [])
    assert bo.get("/api/messages/chats") == []


@pytest.mark.parametrize("path", ["/", "/contacts", "/profile"])
def test_pages_are_for_those_who_are_signed_in(
    browser: Browser, live_site: Site, path: str
) -> None:
    page = browser.new_page(base_url=live_site.url)
    page.goto(path)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.close()
