"""Deleting for oneself, undoing it, and deleting a chat."""

from playwright.sync_api import Page, expect

from tests.browser.chat import expect_preview, expect_texts, face_to_face, message, row, send
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_order import choose


def delete(page: Page, text: str, answer: str = "") -> None:
    page.locator("conversation-header").hover()
    message(page, text).hover()
    message(page, text).get_by_role("button", name="Delete message").click()
    if answer:
        page.get_by_role("button", name=answer).click()


def test_for_me_in_all_my_windows_and_undone(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    bo.say(ada, "Stays here")
    bo.say(ada, "Out of my sight")
    other = ada.open_page(f"/chat/{bo.id}")
    expect_texts(other, ["Stays here", "Out of my sight"])

    delete(ada.page, "Out of my sight")
    for page in (ada.page, other):
        expect_texts(page, ["Stays here"])
        expect_preview(page, bo, "Stays here")
    expect_texts(bo.page, ["Stays here", "Out of my sight"])
    assert_accessible(ada.page)
    ada.page.get_by_role("button", name="Undo").click()
    for page in (ada.page, other):
        expect_texts(page, ["Stays here", "Out of my sight"])
        expect_preview(page, bo, "Out of my sight")

    send(ada.page, "Mine alone")
    expect(message(bo.page, "Mine alone")).to_be_visible()
    expect(message(ada.page, "Mine alone")).to_have_attribute("data-state", "read")
    delete(ada.page, "Mine alone", "Delete for me")
    expect_texts(other, ["Stays here", "Out of my sight"])
    other.reload()
    expect_texts(other, ["Stays here", "Out of my sight"])
    expect(message(bo.page, "Mine alone")).to_be_visible()


def test_for_everybody_and_undone(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    send(ada.page, "Too quick")
    expect_texts(bo.page, ["Too quick"])
    delete(ada.page, "Too quick", "Delete for everybody")
    expect(bo.page.locator(".message").get_by_text("Message deleted")).to_be_visible()
    ada.page.get_by_role("button", name="Undo").click()
    for page in (ada.page, bo.page):
        expect_texts(page, ["Too quick"])


def test_a_chat_leaves_my_list_until_there_is_more(person: PersonFor) -> None:
    ada, bo = face_to_face(person)
    bo.say(ada, "Long ago")
    other = ada.open_page("/")
    expect_preview(other, bo, "Long ago")
    choose(other, bo, "Delete chat")
    other.get_by_role("button", name="Delete for me").last.click()
    for page in (ada.page, other):
        expect(row(page, bo)).to_have_count(0)
    expect_texts(ada.page, [])
    expect_texts(bo.page, ["Long ago"])
    bo.say(ada, "Hello again")
    for page in (ada.page, other):
        expect_preview(page, bo, "Hello again")
    expect_texts(ada.page, ["Hello again"])
