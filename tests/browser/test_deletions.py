"""Deleting for oneself, undoing it, and deleting a chat."""

from playwright.sync_api import Page, expect

from tests.browser.chat import (
    RETURN,
    choose_action,
    expect_preview,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    toast,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_chat_settings import choose


def delete(page: Page, text: str, answer: str = "") -> None:
    page.locator("conversation-header").hover()
    choose_action(message(page, text), "Delete message")
    if answer:
        page.get_by_role("button", name=answer).click()


def test_for_me_in_all_my_windows_and_undone(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Stays here")
    bo.send(ada, "Out of my sight")
    other = ada.open_page(f"/chat/{bo.id}")
    expect_texts(other, ["Stays here", "Out of my sight"])

    delete(ada.page, "Out of my sight")
    for page in (ada.page, other):
        expect_texts(page, ["Stays here"])
        expect_preview(page, bo, "Stays here")
    expect_texts(bo.page, ["Stays here", "Out of my sight"])
    ada.page.get_by_role("button", name="Undo").click()
    for page in (ada.page, other):
        expect_texts(page, ["Stays here", "Out of my sight"])
        expect_preview(page, bo, "Out of my sight")

    send(ada.page, "Mine alone")
    expect(message(bo.page, "Mine alone")).to_be_visible()
    expect(message(ada.page, "Mine alone")).to_have_attribute("data-state", "read")
    delete(ada.page, "Mine alone", "Delete for me")
    expect(ada.page.get_by_role("button", name="Undo")).to_be_visible()
    assert_accessible(ada.page)
    expect_texts(other, ["Stays here", "Out of my sight"])
    other.reload()
    expect_texts(other, ["Stays here", "Out of my sight"])
    expect(message(bo.page, "Mine alone")).to_be_visible()


def test_what_was_read_comes_back_above_what_is_new(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.send(bo, "Mine")
    bo.send(ada, "New to me")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect_texts(page, ["Mine", "New to me"])
    delete(page, "Mine", "Delete for me")
    expect_texts(page, ["New to me"])
    page.get_by_role("button", name="Undo").click()
    expect_texts(page, ["Mine", "New to me"])
    expect(page.locator(".unread + .message")).to_contain_text("New to me")


def test_for_everybody_and_undone(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Too quick")
    expect_texts(bo.page, ["Too quick"])
    delete(ada.page, "Too quick", "Delete for everybody")
    expect(bo.page.locator(".message").get_by_text("Message deleted")).to_be_visible()
    ada.page.get_by_role("button", name="Undo").click()
    for page in (ada.page, bo.page):
        expect_texts(page, ["Too quick"])


def test_a_chat_leaves_my_list_until_there_is_more(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Long ago")
    other = ada.open_page("/")
    expect_preview(other, bo, "Long ago")
    choose(other, bo, "Delete chat")
    other.get_by_role("button", name="Delete for me").last.click()
    for page in (ada.page, other):
        expect(row(page, bo)).to_have_count(0)
    expect_texts(ada.page, [])
    expect_texts(bo.page, ["Long ago"])
    bo.send(ada, "Hello again")
    for page in (ada.page, other):
        expect_preview(page, bo, "Hello again")
    expect_texts(ada.page, ["Hello again"])


def test_of_two_in_a_row_each_can_be_undone(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for text in ("The first slip", "The second slip"):
        bo.send(ada, text)
    expect_texts(ada.page, ["The first slip", "The second slip"])
    for text in ("The first slip", "The second slip"):
        message(ada.page, text).focus()  # the first notice may cover the second message
        ada.page.keyboard.press("Delete")
        expect(message(ada.page, text)).to_have_count(0)
    expect(toast(ada.page)).to_have_count(2)
    toast(ada.page).first.get_by_role("button", name="Undo").click()
    expect_texts(ada.page, ["The first slip"])
    toast(ada.page).get_by_role("button", name="Undo").click()
    expect_texts(ada.page, ["The first slip", "The second slip"])
    expect(toast(ada.page)).to_have_count(0)


def test_a_reply_does_not_show_what_was_deleted_for_me(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "What is asked")
    message(ada.page, "What is asked").hover()
    message(ada.page, "What is asked").get_by_role("button", name="Reply").click()
    send(ada.page, "What is answered")
    quote = "message-list .message .reply"
    for page in (ada.page, bo.page):
        expect(page.locator(quote)).to_contain_text("What is asked")

    messages(ada.page).first.focus()
    ada.page.keyboard.press("Delete")
    expect(messages(ada.page)).to_have_count(1)
    expect(ada.page.locator(quote)).to_contain_text("You cannot see this message")
    expect(ada.page.locator(quote)).not_to_contain_text("What is asked")
    expect(bo.page.locator(quote)).to_contain_text("What is asked")
    ada.page.reload()
    expect(ada.page.locator(quote).filter(visible=True)).not_to_contain_text("What is asked")


def test_a_device_that_was_offline_learns_it_by_sync(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    for text in ("Kept in sight", "Taken out of sight"):
        bo.send(ada, text)
    expect_texts(ada.page, ["Kept in sight", "Taken out of sight"])
    key = messages(ada.page).last.get_attribute("data-message-id")
    ada.context.set_offline(True)
    ada.context.request.post("/api/messages/deletions", data={"messageIds": [key], "whom": "me"})
    ada.context.set_offline(False)
    expect_texts(ada.page, ["Kept in sight"], timeout=RETURN)
    expect_preview(ada.page, bo, "Kept in sight")
    expect_texts(bo.page, ["Kept in sight", "Taken out of sight"])
