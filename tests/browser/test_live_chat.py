"""Two people, live: what one does, the other one sees."""

import re

from playwright.sync_api import Browser, Page, expect

from chatsite.text import isolated
from tests.browser.chat import (
    choose_action,
    composer,
    expect_preview,
    expect_states,
    expect_texts,
    keep_typing,
    message,
    open_pair,
    row,
    send,
    state,
)
from tests.browser.people import PersonFor, fill_sign_up
from tests.browser.site import Site

LAST_SEEN = re.compile(r"^\s*last seen (today|yesterday) at \d\d:\d\d\s*$")


def sign_up_by_hand(browser: Browser, site: Site, name: str, email: str) -> Page:
    page = browser.new_context(base_url=site.url).new_page()
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    fill_sign_up(page, name, email)
    return page


def test_from_sign_up_to_a_live_exchange(browser: Browser, live_site: Site) -> None:
    mira = sign_up_by_hand(browser, live_site, "Mira Adeyemi", "mira@adeyemi.example")
    teo = sign_up_by_hand(browser, live_site, "Teo Lindqvist", "teo@lindqvist.example")

    teo.get_by_role("link", name="Show contacts").first.click()
    teo.get_by_role("link", name="Mira Adeyemi").click()
    send(teo, "Hello Mira")
    mira.get_by_role("link", name="Teo Lindqvist").click()
    expect_texts(mira, ["Hello Mira"])
    send(mira, "Hello Teo")

    expect_texts(teo, ["Hello Mira", "Hello Teo"])
    expect_states(teo, "r-")
    expect_states(mira, "-r")
    teo.context.close()
    mira.context.close()


def test_people_are_seen_to_come_and_go(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.send(bo, "So that there is a row")
    dot = row(ada.page, bo).locator(".avatar.is-online")
    expect(dot).to_be_visible()

    bo.page.close()
    expect(state(ada.page, "offline")).to_be_visible()
    expect(state(ada.page, "offline")).to_have_text(LAST_SEEN)
    expect(dot).to_have_count(0)
    while "lastSeenAt" not in ada.get("/api/messages/chats")[0]:
        ada.page.wait_for_timeout(100)  # it is written a second later, for many at once
    ada.page.reload()
    expect(state(ada.page, "offline")).to_have_text(LAST_SEEN)

    bo.open_page()
    expect(state(ada.page, "online")).to_be_visible()
    expect(dot).to_be_visible()


def test_one_closed_tab_of_two_takes_nobody_offline(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", "/profile")
    ada.page.goto(f"/chat/{bo.id}?list=contacts")
    bo.open_page()
    expect(state(ada.page, "online")).to_be_visible()

    bo.page.close()
    cy.page.goto("/")

    expect(ada.page.locator(f"#contacts-{cy.id} .is-online")).to_be_visible()
    expect(state(ada.page, "online")).to_be_visible()


def test_unread_messages_are_counted_until_they_are_read(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo", "/profile")
    page = ada.page
    bo.send(ada, "one")
    bo.send(ada, "two")

    tab = page.locator("#tab-chats .badge")
    expect(row(page, bo).locator(".badge")).to_contain_text("2")
    expect(tab).to_contain_text("2")
    expect(page).to_have_title("(2) Chatsite")

    row(page, bo).click()
    expect_texts(page, ["one", "two"])
    expect(row(page, bo).locator(".badge")).to_be_hidden()
    expect(tab).to_be_hidden()
    expect(page).to_have_title(f"{isolated('Bo Okonkwo')} · Chatsite")
    page.reload()
    expect(tab).to_be_hidden()


def test_what_arrives_in_a_background_tab_is_unread_until_one_looks(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    look_away = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    ada.page.evaluate(look_away % "true")

    send(bo.page, "Are you there?")
    expect_texts(ada.page, ["Are you there?"])
    expect(ada.page).to_have_title(f"(1) {isolated('Bo Okonkwo')} · Chatsite")
    expect(ada.page.locator(".unread")).to_have_text("New")
    expect_states(bo.page, "s")

    ada.page.evaluate(look_away % "false")
    ada.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect_states(bo.page, "r")
    expect(ada.page).to_have_title(f"{isolated('Bo Okonkwo')} · Chatsite")


def test_a_tick_becomes_two_as_a_device_has_it_and_coloured_when_it_is_read(
    person: PersonFor,
) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo", None)
    ada.page.goto(f"/chat/{bo.id}")
    send(ada.page, "Read me")
    sent = message(ada.page, "Read me")
    expect(sent.locator(".receipt--sent")).to_be_visible()
    expect(sent.locator(".receipt--delivered")).to_be_hidden()
    expect(sent.locator(".receipt--read")).to_be_hidden()

    bo.page.goto("/")
    expect(sent.locator(".receipt--delivered")).to_be_visible()
    expect(sent.get_by_text("Delivered")).to_be_attached()
    expect(sent.locator(".receipt--sent")).to_be_hidden()
    ada.page.reload()
    expect(sent.locator(".receipt--delivered")).to_be_visible()
    send(ada.page, "Me, too")
    expect(message(ada.page, "Me, too").locator(".receipt--delivered")).to_be_visible()

    row(bo.page, ada).click()

    expect(sent.locator(".receipt--read")).to_be_visible()
    expect(sent.locator(".receipt--sent")).to_be_hidden()
    message(ada.page, "Me, too").focus()
    ada.page.keyboard.press("i")
    info = ada.page.get_by_role("dialog", name="Message info")
    expect(info.get_by_role("definition")).to_have_text([re.compile(r"\d\d:\d\d")] * 3)


def test_who_is_typing_shows_until_the_message_comes(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.send(bo, "So that there is a row")
    dots = ada.page.locator(".typing-row")

    keep_typing(bo.page)
    expect(state(ada.page, "typing")).to_be_visible()
    expect_preview(ada.page, bo, "typing…")
    expect(dots).to_be_visible()

    composer(bo.page).press("Enter")
    expect(message(ada.page, "Hm")).to_be_visible()
    expect(dots).to_be_hidden()
    expect(state(ada.page, "online")).to_be_visible()


def test_who_stops_typing_is_forgotten(person: PersonFor) -> None:
    ada, bo = open_pair(person)

    composer(bo.page).press_sequentially("Hm")
    expect(ada.page.locator(".typing-row")).to_be_visible()

    expect(ada.page.locator(".typing-row")).to_be_hidden()
    expect(state(ada.page, "online")).to_be_visible()


def test_a_deleted_message_is_gone_for_both(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "A slip")
    expect_texts(bo.page, ["A slip"])

    delete(ada.page, "A slip", "Keep")
    expect_texts(ada.page, ["A slip"])
    delete(ada.page, "A slip", "Delete for everybody")

    for page in (ada.page, bo.page):
        gone = page.locator(".message").get_by_text("Message deleted")
        expect(gone).to_be_visible()
        expect(page.get_by_text("A slip")).to_have_count(0)
        expect_preview(page, bo if page is ada.page else ada, "Message deleted")
        page.reload()
        expect(gone).to_be_visible()
        expect(page.get_by_text("A slip")).to_have_count(0)
    assert ada.get(f"/api/messages/{bo.id}") == []


def delete(page: Page, text: str, answer: str) -> None:
    choose_action(message(page, text), "Delete message")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.get_by_role("button", name=answer, exact=True).click()
    expect(page.locator("#confirm")).to_be_hidden()


def test_the_first_message_of_a_stranger_makes_a_row(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo", "/profile")
    expect(ada.page.get_by_role("heading", name="No chats yet")).to_be_visible()

    bo.send(ada, "We have not met")

    expect_preview(ada.page, bo, "We have not met")
    expect(row(ada.page, bo).locator(".badge")).to_contain_text("1")
    expect(ada.page.get_by_role("heading", name="No chats yet")).to_be_hidden()


def test_what_one_tab_does_the_other_one_shows(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = ada.open_page(f"/chat/{bo.id}")

    send(ada.page, "From the first")
    expect_texts(other, ["From the first"])
    send(other, "From the second")
    expect_texts(bo.page, ["From the first", "From the second"])
    send(bo.page, "To both")

    for page in (ada.page, other):
        expect_texts(page, ["From the first", "From the second", "To both"])
