"""What can be done with a message: by mouse, by touch, by keys."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import composer, expect_states, expect_texts, face_to_face, message, send
from tests.browser.people import PersonFor, assert_accessible


def toolbar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Message actions")


def expect_pasted(page: Page, text: str) -> None:
    composer(page).focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("ControlOrMeta+V")
    expect(composer(page)).to_have_value(text)


def test_each_message_offers_what_may_be_done_with_it(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    bo.say(ada, "*Theirs*")
    send(ada.page, "Mine")
    expect_states(ada.page, "-r")
    theirs, mine = message(ada.page, "*Theirs*"), message(ada.page, "Mine")

    theirs.hover()
    expect(theirs.get_by_role("button", name="Copy text")).to_be_visible()
    expect(theirs.get_by_role("button", name="Delete message")).to_be_visible()
    expect(theirs.get_by_role("button", name="Info")).to_be_hidden()
    assert_accessible(ada.page)
    mine.hover()
    expect(mine.get_by_role("button", name="Delete message")).to_be_visible()
    expect(toolbar(ada.page)).to_have_count(1)
    ada.page.locator("conversation-header").hover()
    expect(toolbar(ada.page)).to_have_count(0)


def test_the_source_is_copied_by_button_and_by_keys(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    bo.say(ada, "*Bold* words")
    bo.say(ada, "Others")
    expect_texts(ada.page, ["*Bold* words", "Others"])
    page = ada.page

    message(page, "Others").hover()
    message(page, "Others").get_by_role("button", name="Copy text").click()
    expect(page.locator(".toast")).to_have_text(re.compile("Copied"))
    expect_pasted(page, "Others")
    page.locator("message-list .message").first.focus()
    page.keyboard.press("Control+C")
    expect_pasted(page, "*Bold* words")


def test_without_a_clipboard_of_its_own_a_page_copies_too(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo", None)
    bo.say(ada, "By plain http")
    page = ada.page
    page.add_init_script("Clipboard.prototype.writeText = async () => { throw new Error(); }")
    page.goto(f"/chat/{bo.id}")

    message(page, "By plain http").hover()
    message(page, "By plain http").get_by_role("button", name="Copy text").click()

    expect(page.locator(".toast")).to_have_text(re.compile("Copied"))
    expect_pasted(page, "By plain http")


def test_keys_lead_into_the_toolbar_and_back(person: PersonFor) -> None:
    ada, _bo = face_to_face(person)
    send(ada.page, "Mine")
    expect_states(ada.page, "r")
    page, keys, mine = ada.page, ada.page.keyboard, message(ada.page, "Mine")
    expect(mine).to_have_attribute("aria-keyshortcuts", re.compile("Enter.* Delete"))

    mine.focus()
    keys.press("Enter")
    expect(toolbar(page).get_by_role("button").first).to_be_focused()
    keys.press("End")
    expect(toolbar(page).get_by_role("button", name="Delete message")).to_be_focused()
    keys.press("ArrowLeft")
    expect(toolbar(page).get_by_role("button", name="Info")).to_be_focused()
    keys.press("Escape")
    expect(mine).to_be_focused()
    keys.press("ContextMenu")
    keys.press("End")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
