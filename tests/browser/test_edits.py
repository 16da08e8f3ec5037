"""Editing messages: by toolbar, keys and touch; seen everywhere; never losing what was typed."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    composer,
    error_response,
    expect_preview,
    expect_states,
    expect_texts,
    menu,
    message,
    messages,
    open_pair,
    send,
    toast,
    touch,
)
from tests.browser.link_previews import URL, card, give_preview
from tests.browser.long_conversations import send_many
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE
from tests.pictures import data_uri, picture

MARKUP = """item => {
  const copy = item.cloneNode(true);
  copy.querySelector(".message-actions")?.remove();
  return copy.outerHTML.replace(/ ?is-new/, "");
}"""
EDIT = re.compile(r"/api/messages/[0-9a-f]{24}$")


def bar(page: Page) -> Locator:
    return page.locator(".composer__edit")


def mark(page: Page, number: int = -1) -> Locator:
    return messages(page).nth(number).get_by_text("edited", exact=True)


def edit(person: Person, key: str, text: str) -> None:
    """Over the API, as another device would."""
    response = person.context.request.put(f"/api/messages/{key}", data={"text": text})
    assert response.ok, response.text()


def test_an_edit_is_seen_everywhere_and_reads_alike_rendered(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, keys = ada.page, ada.page.keyboard
    send(page, "Helo *you*")
    expect_states(page, "r")
    bo.post(
        f"/api/messages/send/{ada.id}",
        text="Hi",
        replyTo=ada.get(f"/api/messages/{bo.id}")[0]["_id"],
    )
    second = ada.open_page(f"/chat/{bo.id}")
    for each in (page, bo.page, second):
        expect(messages(each)).to_have_count(2)
        expect(mark(each, 0)).to_be_hidden()
    composer(page).fill("Half a thought")

    message(page, "Helo *you*").hover()
    messages(page).first.get_by_role("button", name="Edit").click()
    expect(bar(page)).to_contain_text("Helo you")
    expect(composer(page)).to_have_value("Helo *you*")
    expect(composer(page)).to_be_focused()
    assert_accessible(page)
    composer(page).fill("Hello _you_ https://example.org")
    page.get_by_role("button", name="Save the edit").click()

    expect(bar(page)).to_be_hidden()
    expect(composer(page)).to_have_value("Half a thought")
    for each in (page, bo.page, second):
        expect_texts(each, ["Hello _you_ https://example.org", "Hi"])
        expect(messages(each).first.locator("a[href='https://example.org']")).to_be_visible()
        expect(mark(each, 0)).to_be_visible()
        expect(messages(each).last.locator(".reply")).to_contain_text("Hello you https")
    expect_states(page, "r-")
    for each in (page, bo.page):
        came = messages(each).first.evaluate(MARKUP)
        quoted = messages(each).last.evaluate(MARKUP)
        each.reload()
        expect(messages(each)).to_have_count(2)
        expect(mark(each, 0)).to_be_visible()
        assert messages(each).first.evaluate(MARKUP) == came
        assert messages(each).last.evaluate(MARKUP) == quoted
    assert_accessible(page)
    composer(page).fill("")
    keys.press("ArrowUp")
    expect(bar(page)).to_be_visible()


def test_the_last_message_s_row_follows_and_nothing_is_unread_by_it(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    key = bo.send(ada, "Helo row")["_id"]
    ada.page.goto("/")
    expect_preview(ada.page, bo, "Helo row")
    edit(bo, key, "Hello row")
    expect_preview(ada.page, bo, "Hello row")
    expect(ada.page.locator(f"#chats-{bo.id} .badge")).to_have_text(re.compile("^1 "))


def test_arrow_up_edits_the_last_one_and_escape_leaves_it(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, keys = ada.page, ada.page.keyboard
    send(page, "First mine", "Last mine")
    expect_states(page, "rr")
    bo.send(ada, "Theirs")
    expect_states(page, "rr-")

    composer(page).fill("x")
    keys.press("ArrowUp")
    expect(bar(page)).to_be_hidden()
    composer(page).fill("")
    keys.press("ArrowUp")
    expect(bar(page)).to_contain_text("Last mine")
    expect(composer(page)).to_have_value("Last mine")
    composer(page).fill("Given up")
    keys.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(composer(page)).to_have_value("")
    keys.press("ArrowUp")
    expect(composer(page)).to_have_value("Last mine")
    keys.press("Enter")  # unchanged: nothing to save
    expect(bar(page)).to_be_hidden()
    messages(page).first.focus()
    keys.press("e")
    expect(composer(page)).to_have_value("First mine")
    keys.press("End")
    keys.type("!")
    keys.press("Enter")
    expect_texts(bo.page, ["First mine!", "Last mine", "Theirs"])
    messages(page).last.focus()
    keys.press("e")  # of somebody else: the letter is written
    expect(bar(page)).to_be_hidden()


def test_a_failure_keeps_what_was_typed_also_over_a_reload(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, keys = ada.page, ada.page.keyboard
    # Long before it is needed: a loaded browser takes a while until it holds up requests.
    page.route(EDIT, lambda route: route.abort())
    send(page, "Tpyo")
    expect_states(page, "r")
    composer(page).fill("My draft")
    messages(page).focus()
    keys.press("e")
    composer(page).fill("Typo, mended")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Your edit was not saved")
    expect(composer(page)).to_have_value("Typo, mended")
    page.unroute(EDIT)
    page.route(EDIT, lambda route: route.fulfill(**error_response(403, "It is too late.")))
    keys.press("Enter")
    expect(toast(page).last).to_contain_text("It is too late.")
    expect(composer(page)).to_have_value("Typo, mended")
    page.unroute(EDIT)

    page.reload()
    expect(bar(page)).to_contain_text("Tpyo")
    expect(composer(page)).to_have_value("Typo, mended")
    ada.page.locator("#sidebar").get_by_role("link", name="Contacts").click()
    composer(page).press("Enter")
    expect(bar(page)).to_be_hidden()
    expect(composer(page)).to_have_value("My draft")
    expect_texts(bo.page, ["Typo, mended"])


def test_while_one_edits_the_message_may_change_or_go(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page, keys = ada.page, ada.page.keyboard
    send(page, "One")
    expect_states(page, "r")
    key = ada.get(f"/api/messages/{bo.id}")[0]["_id"]
    messages(page).focus()
    keys.press("e")
    edit(ada, key, "Two")
    expect(composer(page)).to_have_value("Two")  # nothing was typed yet
    expect(bar(page)).to_contain_text("Two")
    composer(page).fill("Mine")
    edit(ada, key, "Three")
    expect(bar(page)).to_contain_text("Three")
    expect(composer(page)).to_have_value("Mine")
    ada.context.request.delete(f"/api/messages/{key}")
    expect(bar(page)).to_be_hidden()
    expect(toast(page)).to_contain_text("was deleted")
    expect(composer(page)).to_have_value("Mine")
    expect(mark(page)).to_be_hidden()


def test_a_preview_that_comes_meanwhile_ends_no_edit(person: PersonFor, live_site: Site) -> None:
    ada, bo = open_pair(person)
    page, words = ada.page, f"See {URL}"
    send(page, words)
    expect_states(page, "r")
    messages(page).focus()
    page.keyboard.press("e")
    expect(composer(page)).to_have_value(words)
    give_preview(live_site)
    ada.context.set_offline(True)
    ada.context.set_offline(False)  # it catches up
    expect(card(page)).to_be_visible()
    expect(bar(page)).to_be_visible()
    composer(page).press("End")
    composer(page).press_sequentially(" now")
    composer(page).press("Enter")
    expect(bar(page)).to_be_hidden()
    for each in (page, bo.page):
        expect_texts(each, [f"{words} now"])


def test_the_words_under_a_picture_may_go(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.post(f"/api/messages/send/{bo.id}", text="My cat", image=data_uri(picture(320, 240)))
    page = ada.page
    expect_texts(page, ["My cat"])
    composer(page).press("ArrowUp")
    composer(page).fill("")
    composer(page).press("Enter")
    for each in (page, bo.page):
        expect_texts(each, [""])
        expect(mark(each)).to_be_visible()
        expect(messages(each).get_by_role("img", name="Picture")).to_be_visible()


def test_who_reads_further_up_is_not_moved_by_an_edit(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    send_many(bo, ada, 1, 60)
    key = bo.send(ada, "Short")["_id"]
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect(message(page, "Short")).to_be_visible()
    page.locator("message-list").evaluate("log => { log.scrollTop = -400; }")
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    top = "log => [...log.querySelectorAll('.message')].at(-20).getBoundingClientRect().top"
    before = page.locator("message-list").evaluate(top)
    edit(bo, key, "Long. " * 200)
    expect(messages(page).last).to_contain_text("Long. Long.")
    assert abs(page.locator("message-list").evaluate(top) - before) < 1


def test_a_conversation_that_was_open_before_says_what_was_edited(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Adeyemi", None)
    cy.send(ada, "Hello from Cy")
    key = bo.send(ada, "Before the edit")["_id"]
    page = ada.page
    expect_texts(page, ["Before the edit"])
    page.locator(f"#chats-{cy.id}").click()
    expect_texts(page, ["Hello from Cy"])
    edit(bo, key, "After the edit")
    expect_preview(page, bo, "After the edit")
    page.route(f"**/chat/{bo.id}", lambda route: None)  # never answered
    page.locator(f"#chats-{bo.id}").click()
    expect_texts(page, ["After the edit"])
    expect(mark(page)).to_be_visible()


def test_a_long_press_offers_it_while_the_time_lasts(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    ada.send(bo, "Above")
    ada.send(bo, "By touch")
    page = ada.page
    expect_states(page, "rr")
    edit(ada, ada.get(f"/api/messages/{bo.id}")[0]["_id"], "Above all")
    expect(mark(page, 0)).to_be_visible()  # also where the time waits to be asked for
    sheet = menu(page)
    touch(messages(page).last.locator(".bubble"), hold=sheet)
    sheet.get_by_role("menuitem", name="Edit").tap()
    expect(composer(page)).to_have_value("By touch")
    expect(sheet).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("button", name="Cancel the edit").tap()
    expect(bar(page)).to_be_hidden()
    page.evaluate("document.body.dataset.editMinutes = 0")
    touch(messages(page).last.locator(".bubble"), hold=sheet)
    expect(sheet.get_by_role("menuitem", name="Copy text")).to_be_visible()
    expect(sheet.get_by_role("menuitem", name="Edit")).to_be_hidden()
