"""Several messages are selected, and forwarded, copied or deleted together."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    choose_action,
    composer,
    expect_states,
    expect_texts,
    menu,
    message,
    messages,
    open_pair,
    row,
    send,
    toast,
    touch,
)
from tests.browser.long_conversations import load_all_older
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_attachments import painted, send_files
from tests.browser.test_groups import make_group, open_group, three
from tests.files import PDF


def bar(page: Page) -> Locator:
    return page.get_by_role("group", name="Selected messages")


def press(page: Page, name: str) -> None:
    bar(page).get_by_role("button", name=name).click()


def expect_selected(page: Page, *texts: str) -> None:
    expect(bar(page).get_by_role("status")).to_have_text(f"{len(texts)} selected")
    chosen = messages(page).filter(has=page.get_by_role("checkbox", name="Selected", checked=True))
    expect(chosen.locator('[data-field="text"]')).to_have_text(list(texts))


def expect_left(page: Page) -> None:
    expect(bar(page)).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Selected")).to_have_count(0)
    expect(composer(page)).to_be_visible()


def pasted(page: Page) -> str:
    composer(page).fill("")
    composer(page).press("ControlOrMeta+V")
    return composer(page).input_value()


def talk(ada: Person, bo: Person) -> list[str]:
    """Five messages by turns, from Bo first."""
    said = ["One", "Two", "Three", "Four", "Five"]
    for number, text in enumerate(said):
        sender, receiver = (ada, bo) if number % 2 else (bo, ada)
        sender.send(receiver, text)
    expect_texts(ada.page, said)
    return said


def test_by_mouse_a_range_is_selected_and_copied_in_order(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    said = talk(ada, bo)
    page, keys = ada.page, ada.page.keyboard
    send(page, "See https://example.org there")
    composer(page).fill("Half a thought")
    choose_action(message(page, "Four"), "Select")
    expect_selected(page, "Four")
    expect(message(page, "Four")).to_be_focused()
    expect(composer(page)).to_be_hidden()
    assert_accessible(page)

    # What a click does otherwise, it does not do now.
    messages(page).last.locator("p a").click(force=True)
    messages(page).last.click(button="right")
    expect(menu(page)).to_be_hidden()
    expect(page.get_by_role("toolbar", name="Message actions")).to_be_hidden()
    message(page, "Four").click()
    expect_selected(page, "See https://example.org there")
    message(page, "Two").click(modifiers=["Shift"])
    expect_selected(page, *said[1:4], "See https://example.org there")
    messages(page).last.click()
    message(page, "Four").click()
    message(page, "One").click(modifiers=["Shift"])
    message(page, "Five").click(modifiers=["Shift"])
    expect_selected(page, "Four", "Five")  # Shift again takes back what it selected before
    # It goes on while messages come and go, which are no part of it unless they are selected.
    bo.send(ada, "Six")
    message(page, "Six").click()
    expect_selected(page, "Four", "Five", "Six")
    last = bo.get(f"/api/messages/{ada.id}")[-1]["_id"]
    bo._answer("DELETE", f"/api/messages/{last}")
    expect_selected(page, "Four", "Five")
    expect(page.locator(".message.is-deleted").get_by_role("checkbox")).to_have_count(0)

    press(page, "Copy text")
    expect(toast(page)).to_have_text(re.compile("Copied"))
    expect_left(page)
    expect(composer(page)).to_have_value("Half a thought")
    copied = pasted(page)
    moment = r"\[\d{4}-\d\d-\d\d, \d\d:\d\d\]"
    assert re.fullmatch(f"{moment} Ada Lindqvist: Four\n{moment} Bo Okonkwo: Five", copied)
    # One alone is copied as it was typed.
    choose_action(message(page, "Two"), "Select")
    keys.press("Control+C")
    expect_selected(page, "Two")
    keys.press("Escape")
    assert pasted(page) == "Two"
    # Of files there are the names.
    send_files(bo, ada, ("minutes.pdf", PDF), ("a.jpg", painted(1)), text="Both")
    send_files(bo, ada, ("later.pdf", PDF))
    expect(messages(page)).to_have_count(9)
    choose_action(message(page, "Both"), "Select")
    messages(page).last.click(modifiers=["Shift"], position={"x": 4, "y": 4})
    keys.press("Control+C")
    keys.press("Escape")
    copied = pasted(page)
    names = r"Both\n\[a.jpg\]\n\[minutes.pdf\]"
    assert re.fullmatch(
        rf"{moment} Bo Okonkwo: {names}\n{moment} Bo Okonkwo: \[later.pdf\]", copied
    )


def test_by_keys_they_are_selected_and_deleted_for_me(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    said = talk(ada, bo)
    page, keys = ada.page, ada.page.keyboard
    message(page, "Two").focus()
    keys.press("s")
    expect_selected(page, "Two")
    keys.press("Space")
    expect_selected(page)
    expect(bar(page).get_by_role("button", name="Delete")).to_be_disabled()
    keys.press("Shift+ArrowDown")
    keys.press("Shift+ArrowDown")
    expect_selected(page, "Two", "Three", "Four")
    keys.press("Shift+ArrowUp")
    expect_selected(page, "Two", "Three")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Space")
    expect_selected(page, "Two", "Three", "Five")
    for key in ("Enter", "r", "e"):  # of one message
        keys.press(key)
    expect(menu(page)).to_be_hidden()
    keys.press("Escape")
    expect_left(page)
    expect(message(page, "Five")).to_be_focused()

    keys.press("s")
    keys.press("Shift+ArrowUp")
    page.evaluate("document.activeElement.blur()")  # wherever the focus is
    keys.press("Delete")  # one of them is Bo's: that is for me, and can be undone
    expect_texts(page, said[:3])
    expect_left(page)
    expect_texts(bo.page, said)
    page.get_by_role("button", name="Undo").click()
    expect_texts(page, said)
    assert f"/chat/{bo.id}" in page.url
    # It ends with the visit.
    cy = person("Cy Weber", None)
    cy.send(ada, "Elsewhere")
    message(page, "Two").focus()
    keys.press("s")
    for peer, texts in ((cy, ["Elsewhere"]), (bo, said)):
        row(page, peer).click()
        expect_texts(page, texts)
        expect_left(page)


def test_mine_are_deleted_for_everybody_and_others_never(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Mine", "Mine, too", "Stays")
    expect_states(ada.page, "rrr")
    bo.send(ada, "Theirs")
    page = ada.page
    everybody = page.get_by_role("button", name="Delete for everybody")
    expect_texts(page, ["Mine", "Mine, too", "Stays", "Theirs"])
    choose_action(message(page, "Mine"), "Select")
    expect_selected(page, "Mine")
    message(page, "Mine, too").click()
    press(page, "Delete")
    expect(page.get_by_role("heading", name="Delete 2 messages?")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Keep").click()
    expect_selected(page, "Mine", "Mine, too")
    page.route("**/api/messages/deletions", lambda route: route.abort(), times=1)
    press(page, "Delete")
    everybody.click()
    expect(toast(page)).to_contain_text("Nothing was deleted.")
    expect_selected(page, "Mine", "Mine, too")
    press(page, "Delete")
    everybody.click()
    for each in (page, bo.page):
        expect(each.locator(".message.is-deleted")).to_have_count(2)
    expect_left(page)
    page.get_by_role("button", name="Undo").click()
    expect_texts(bo.page, ["Mine", "Mine, too", "Stays", "Theirs"])

    choose_action(message(page, "Stays"), "Select")
    expect_selected(page, "Stays")
    message(page, "Theirs").click()
    press(page, "Delete")
    expect(everybody).to_be_hidden()
    expect_texts(page, ["Mine", "Mine, too"])
    expect_texts(bo.page, ["Mine", "Mine, too", "Stays", "Theirs"])


def test_by_touch_they_are_forwarded_in_order(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Okonkwo", "Cy Tapper")
    ada = person("Ada Thumb", None, **PHONE)
    for number in range(3):
        bo.send(ada, f"message {number}")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    cy.page.goto(f"/chat/{ada.id}")
    expect(messages(page)).to_have_count(3)
    touch(message(page, "message 2").locator(".bubble"), hold=menu(page))
    menu(page).get_by_role("menuitem", name="Select").tap()
    expect_selected(page, "message 2")
    message(page, "message 0").tap()
    message(page, "message 1").tap()
    message(page, "message 1").tap()
    expect_selected(page, "message 0", "message 2")
    touch(message(page, "message 1").locator(".bubble"), right=80)  # no reply
    expect(page.locator(".composer__reply")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert_accessible(page)

    chooser = page.get_by_role("dialog", name="Forward to")
    bar(page).get_by_role("button", name="Forward").tap()
    chooser.get_by_role("button", name="Cancel").tap()
    expect_selected(page, "message 0", "message 2")
    bar(page).get_by_role("button", name="Forward").tap()
    chooser.get_by_role("searchbox").fill("tapper")
    expect(chooser.locator(".candidate")).to_have_count(1)
    chooser.get_by_text("Cy Tapper").first.tap()
    chooser.get_by_role("button", name="Forward").tap()
    expect_left(page)
    expect_texts(cy.page, ["message 0", "message 2"])


def test_no_more_than_a_hundred_and_none_after_leaving(person: PersonFor) -> None:
    ada, bo, _cy = three(person)
    group = make_group(bo, ada)
    for number in range(110):
        bo.post(f"/api/messages/send/{group}", text=f"message {number}")
    ada._answer("PUT", f"/api/messages/read/{group}", {"seq": 111})
    open_group(group, ada)
    page, keys = ada.page, ada.page.keyboard
    load_all_older(page)
    message(page, "message 109").focus()
    keys.press("s")
    status = bar(page).get_by_role("status")
    expect(status).to_have_text("1 selected")
    keys.press("Shift+Home")
    expect(status).to_have_text("100 selected")
    expect(toast(page)).to_contain_text("You can select up to 100 messages at once.")
    box = message(page, "message 9").get_by_role("checkbox")
    expect(box).not_to_be_checked()
    expect(message(page, "message 10").get_by_role("checkbox")).to_be_checked()
    message(page, "message 9").click()
    expect(box).not_to_be_checked()
    message(page, "message 10").click()
    box.evaluate("box => box.click()")  # as a screen reader does
    expect(box).to_be_checked()
    expect(status).to_have_text("100 selected")

    bo._answer("DELETE", f"/api/groups/{group}/members/{ada.id}")
    expect(page.get_by_text("You are no longer in this group.").first).to_be_visible()
    expect(bar(page)).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Selected")).to_have_count(0)
