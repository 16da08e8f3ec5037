"""Saved messages on the page: where they are found, and that they are nothing but one's own."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    choose_action,
    composer,
    expect_texts,
    menu,
    message,
    messages,
    open_pair,
    send,
    touch,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_forwarding import dialog


def key_of(person: Person) -> str:
    return f"ff{person.id[2:]}"


def saved(person: Person, page: Page, rows: str = "chats") -> Locator:
    """Its row."""
    return page.locator(f"#{rows}-{key_of(person)}")


def test_what_is_forwarded_there_is_in_every_window_at_once(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "The recipe")
    page, other = ada.page, ada.open_page("/chat/saved")
    expect(other).to_have_url(re.compile(f"/chat/{key_of(ada)}$"))
    expect(other.locator("message-list .empty")).to_contain_text("Write yourself a note")
    assert_accessible(other)

    message(page, "The recipe").hover()
    message(page, "The recipe").get_by_role("button", name="Forward").click()
    first = dialog(page).locator(".candidate").first
    expect(first).to_have_text("Saved messages")
    first.click()
    dialog(page).get_by_role("button", name="Forward").click()
    expect_texts(other, ["The recipe"])
    expect(saved(ada, page)).to_contain_text("The recipe")
    expect(saved(ada, page)).not_to_contain_text("You:", use_inner_text=True)

    send(other, "A note")
    expect(messages(other).locator(".receipt").filter(visible=True)).to_have_count(0)
    assert_accessible(other)
    page.keyboard.press("Control+k")
    page.keyboard.type("saved")
    expect(page.locator("#switcher .row")).to_have_count(1)
    page.keyboard.press("Enter")
    expect_texts(page, ["The recipe", "A note"])
    expect(page.locator("conversation-header p")).to_have_text("", use_inner_text=True)
    page.get_by_role("button", name="About your saved messages").click()
    tabs = page.locator("#details").get_by_role("tab")
    expect(tabs).to_have_text(["Pictures", "Files", "Voice", "Links"])
    expect(page.locator("#details").get_by_role("button", name="Mute")).to_have_count(0)
    assert_accessible(page)
    page.locator("#details").get_by_role("button", name="Close").click()
    # It is all mine: nothing asks for whom, and the other window follows.
    choose_action(message(page, "A note"), "Delete message")
    expect(page.locator(".toast").last).to_contain_text("Deleted.")
    expect(other.get_by_text("Message deleted").filter(visible=True).first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect_texts(other, ["The recipe", "A note"])
    assert bo.get("/api/messages/chats")[0]["_id"] == ada.id


def test_contacts_lead_to_it_and_its_menu_has_what_makes_sense(person: PersonFor) -> None:
    ada = person("Ada Torvik", "/contacts")
    page = ada.page
    saved(ada, page, "contacts").click()
    # The frame of the click, then what the server has, say the same.
    for _look in range(2):
        expect(composer(page)).to_have_attribute("placeholder", "Write a note")
        expect(page.locator("#mentions")).to_have_count(0)
        expect(page.locator("message-list.is-saved:not([data-absent])")).to_have_count(1)
        page.reload()
    send(page, "Kept")
    page.locator("#tab-chats").click()
    saved(ada, page).click(button="right")
    shown = page.locator("#chat-menu [role=menuitem]").filter(visible=True)
    expect(shown).to_have_text(["Pin", "Archive", "Delete chat"])
    page.get_by_role("menuitem", name="Pin").click()
    expect(saved(ada, page)).to_have_attribute("data-pinned-at", re.compile("."))
    page.locator(".folders [data-folder=groups]").click()
    expect(saved(ada, page)).to_be_hidden()
    page.locator(".folders a").first.click()
    saved(ada, page).click(button="right")
    page.get_by_role("menuitem", name="Delete chat").click()
    ask = page.locator("#confirm-group")
    expect(ask).not_to_contain_text("others")
    ask.get_by_role("button", name="Delete for me").click()
    expect(saved(ada, page)).to_have_count(0)
    expect(messages(page)).to_have_count(0)


def test_on_a_phone(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    bo.send(ada, "From Lofoten")
    page = ada.page
    sheet = menu(page)
    expect_texts(page, ["From Lofoten"])
    touch(messages(page).locator(".bubble"), hold=sheet)
    sheet.get_by_role("menuitem", name="Forward").tap()
    dialog(page).locator(".candidate").first.tap()
    dialog(page).get_by_role("button", name="Forward").tap()
    expect(dialog(page)).to_be_hidden()
    page.locator(".conversation__back").tap()
    saved(ada, page).tap()
    expect_texts(page, ["From Lofoten"])
    assert page.evaluate("document.documentElement.scrollWidth") == 390
