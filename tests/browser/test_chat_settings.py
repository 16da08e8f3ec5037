"""How people keep their chats: pinned, archived, muted, marked as unread; and by folders."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import composer, expect_preview, expect_read, row, send, toast
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_lists import (
    CHIME,
    expect_names,
    expect_notes,
    filter_by,
    open_list,
    watch_notes,
)


def menu(page: Page, peer: Person) -> Locator:
    """Opened with the right button of the mouse."""
    row(page, peer).click(button="right")
    opened = page.locator("#chat-menu")
    expect(opened).to_be_visible()
    return opened


def choose(page: Page, peer: Person, *words: str) -> None:
    opened = menu(page, peer)
    for word in words:
        opened.get_by_role("menuitem", name=word, exact=True).click()
    expect(opened).to_be_hidden()


def folder(page: Page, name: str) -> None:
    page.locator(".folders").get_by_role("link", name=name, exact=True).click()


def title(page: Page) -> str:
    return page.title()


def test_what_one_sets_is_seen_in_one_s_other_window_alone(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg"), person("Bo Okonkwo"), person("Cy Weber", None)
    bo.send(ada, "first")
    cy.send(ada, "second")
    page = ada.page
    expect_preview(page, cy, "second")
    other = ada.open_page("/")
    expect_preview(bo.page, ada, "You: first")
    before = row(bo.page, ada).evaluate("row => row.outerHTML")

    choose(page, bo, "Pin")
    for each in (page, other):
        expect(row(each, bo).get_by_text("pinned")).to_be_visible()
        expect_names(each, "Bo Okonkwo", "Cy Weber")
    cy.send(ada, "third")
    expect_preview(other, cy, "third")
    expect_names(other, "Bo Okonkwo", "Cy Weber")
    other.reload()
    expect_names(other, "Bo Okonkwo", "Cy Weber")

    expect(page).to_have_title("(3) Chatsite")
    choose(page, cy, "Mute", "For 8 hours")
    for each in (page, other):
        expect(row(each, cy).get_by_text("muted")).to_be_visible()
        expect(each).to_have_title("(1) Chatsite")
        expect(each.locator("#tab-chats .badge")).to_contain_text("1")
    expect(row(page, cy).locator(".badge")).to_contain_text("2")

    choose(page, bo, "Mark as read")
    expect(row(other, bo).locator(".badge")).to_be_hidden()
    choose(page, bo, "Mark as unread")
    expect(row(other, bo).locator(".badge")).to_be_visible()
    other.reload()
    expect(row(other, bo).locator(".badge")).to_be_visible()
    row(other, bo).click()
    for each in (page, other):
        expect(row(each, bo).locator(".badge")).to_be_hidden()

    choose(page, bo, "Unpin")
    for each in (page, other):
        expect(row(each, bo).get_by_text("pinned")).to_be_hidden()
    bo.page.wait_for_timeout(300)  # what could have come has
    after = row(bo.page, ada).evaluate("row => row.outerHTML")
    assert "data-pinned" not in after
    assert before.count("data-") == after.count("data-")


def test_the_archive_gives_back_what_is_written_anew(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg"), person("Bo Okonkwo", None), person("Cy Weber", None)
    bo.send(ada, "one")
    cy.send(ada, "two")
    page = ada.page
    expect_preview(page, cy, "two")
    entry = page.locator(".archive")
    expect(entry).to_be_hidden()
    choose(page, bo, "Archive")
    choose(page, cy, "Mute", "Always")
    choose(page, cy, "Archive")
    expect(row(page, bo)).to_be_hidden()
    expect(entry).to_contain_text("Archived2")

    filter_by(page, "okonkwo")
    expect(row(page, bo)).to_be_visible()
    filter_by(page, "")
    cy.send(ada, "unheard")
    bo.send(ada, "I am back")
    expect(row(page, bo)).to_be_visible()
    expect(row(page, cy)).to_be_hidden()
    expect(entry).to_contain_text("Archived1")
    entry.get_by_role("link").click()
    expect_names(page, "Cy Weber")
    expect_preview(page, cy, "unheard")
    page.reload()
    expect(row(page, cy)).to_be_hidden()
    entry.get_by_role("link").click()
    choose(page, cy, "Take out of the archive")
    expect(entry).to_be_hidden()
    expect_names(page, "Bo Okonkwo", "Cy Weber")


def test_folders_show_some_of_the_chats(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg"), person("Bo Okonkwo", None), person("Cy Weber", None)
    bo.send(ada, "read me")
    cy.send(ada, "and me")
    ada.post("/api/groups", name="Cats", people=[bo.id])
    page = ada.page
    page.goto("/")
    folder(page, "Groups")
    expect_names(page, "Cats")
    folder(page, "Unread")
    expect_names(page, "Cy Weber", "Bo Okonkwo")
    row(page, bo).click()
    expect(row(page, bo).locator(".badge")).to_be_hidden()
    expect_names(page, "Cy Weber", "Bo Okonkwo")  # nothing goes from under the pointer
    row(page, cy).click()
    expect(row(page, bo)).to_be_hidden()
    expect_read(ada, cy)
    page.goto("/?show=groups")
    expect_names(page, "Cats")
    folder(page, "Unread")
    expect(page.get_by_role("heading", name="Nothing unread")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Show all chats").click()
    expect_names(page, "Cats", "Cy Weber", "Bo Okonkwo")


def test_what_is_muted_makes_no_sound(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg", None), person("Bo Okonkwo", None), person("Cy Weber", None)
    for each in (bo, cy):
        each.send(ada, "hello")
    watch_notes(ada)
    page = ada.page
    open_list(page)
    choose(page, bo, "Mute", "For 1 hour")
    expect(row(page, bo).get_by_text("muted")).to_be_visible()
    bo.send(ada, "Psst")
    expect(row(page, bo).locator(".badge")).to_contain_text("2")
    expect_notes(page, 0)
    choose(page, bo, "Unmute")
    expect(row(page, bo).get_by_text("muted")).to_be_hidden()
    bo.send(ada, "Psst!")
    expect(row(page, bo).locator(".badge")).to_contain_text("3")
    expect_notes(page, CHIME)


def test_a_sixth_pin_is_refused_in_words(person: PersonFor) -> None:
    ada = person("Ada Berg", None)
    people = [person(f"Peer {number}", None) for number in range(6)]
    for peer in people:
        peer.send(ada, "hello")
    for peer in people[:5]:
        ada._answer("PATCH", f"/api/messages/chats/{peer.id}", {"pinned": True})
    ada.page.goto("/")
    choose(ada.page, people[5], "Pin")
    expect(toast(ada.page)).to_contain_text("You can pin up to 5 chats.")
    first = ada.page.locator("a.row").first
    expect(first).to_contain_text("Peer 4")


def test_the_menu_is_there_for_a_keyboard(person: PersonFor) -> None:
    ada, bo = person("Ada Berg", None), person("Bo Okonkwo", None)
    bo.send(ada, "hello")
    page = ada.page
    page.goto("/")
    opened = page.locator("#chat-menu")
    row(page, bo).focus()
    for keys in ("Alt+Enter", "Shift+F10"):
        page.keyboard.press(keys)
        expect(opened).to_be_visible()
        page.keyboard.press("Escape")
        expect(opened).to_be_hidden()
        expect(row(page, bo)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Chat options")).to_be_focused()
    page.keyboard.press("Enter")
    expect(opened.get_by_role("menuitem", name="Pin")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(opened.get_by_role("menuitem", name="Mute")).to_be_focused()
    page.keyboard.press("End")
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(row(page, bo).get_by_text("muted")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_menu_is_there_for_a_thumb(person: PersonFor, scheme: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    ada = person("Ada Berg", None, color_scheme=scheme, **phone)
    bo = person("Bo Okonkwo", None)
    bo.send(ada, "hello")
    page = ada.page
    page.goto("/")
    row(page, bo).dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    expect(page.locator("#chat-menu")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("menuitem", name="Pin").tap()
    expect(row(page, bo).get_by_text("pinned")).to_be_visible()
    row(page, bo).tap()
    expect(composer(page)).to_be_visible()
    send(page, "Hello")
