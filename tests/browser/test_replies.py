"""Replies: how they are written, what they show, and where they lead to."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    SEND,
    SENT,
    composer,
    expect_outbox_saved,
    expect_states,
    expect_texts,
    messages,
    open_pair,
    send,
    touch,
)
from tests.browser.long_conversations import OLDER, send_many
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_groups import make_group, open_group, three
from tests.pictures import data_uri, picture

MARKUP = "item => item.outerHTML.replace(/ ?is-new/, '')"


def bar(page: Page) -> Locator:
    return page.locator(".composer__reply")


def quote(page: Page, number: int = -1) -> Locator:
    return messages(page).nth(number).locator(".reply")


def test_a_reply_quotes_what_it_answers_live_and_rendered(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "Which *one*?")
    expect_texts(ada.page, ["Which *one*?"])
    page = ada.page

    messages(page).hover()
    messages(page).get_by_role("button", name="Reply").click()
    expect(bar(page)).to_contain_text("Bo Okonkwo")
    expect(composer(page)).to_be_focused()
    assert_accessible(page)
    page.keyboard.type("The short one")
    page.reload()  # the draft remembers both
    expect(bar(page)).to_contain_text("Which one?")
    composer(page).press("Enter")

    expect(bar(page)).to_be_hidden()
    for each in (page, bo.page):
        expect(quote(each)).to_contain_text("Bo Okonkwo")
        expect(quote(each)).to_contain_text("Which one?")
    assert ada.get(f"/api/messages/{bo.id}")[-1]["replyTo"]
    expect_states(page, "-r")
    for each in (page, bo.page):
        came = messages(each).last.evaluate(MARKUP)
        each.reload()
        expect(messages(each)).to_have_count(2)
        assert messages(each).last.evaluate(MARKUP) == came
    assert_accessible(page)


def test_keys_reply_and_take_it_back(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.post(f"/api/messages/send/{ada.id}", image=data_uri(picture(320, 240)))
    page, keys = ada.page, ada.page.keyboard
    expect(messages(page)).to_have_count(1)

    messages(page).focus()
    keys.press("r")
    expect(bar(page)).to_contain_text("Picture")
    expect(bar(page).locator("img")).to_be_visible()
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("")
    keys.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(composer(page)).to_be_focused()
    send(page, "No reply")
    expect_texts(bo.page, ["", "No reply"])
    expect(bo.page.locator(".message .reply")).to_have_count(0)


def test_a_deleted_original_says_so(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    first = bo.send(ada, "A secret slip")
    ada.post(f"/api/messages/send/{bo.id}", text="What?", replyTo=first["_id"])
    expect(quote(ada.page)).to_contain_text("A secret slip")
    messages(ada.page).first.focus()
    ada.page.keyboard.press("r")
    expect(bar(ada.page)).to_contain_text("A secret slip")

    bo.context.request.delete(f"/api/messages/{first['_id']}")

    expect(bar(ada.page)).to_be_hidden()
    for page in (ada.page, bo.page):
        for _ in ("live", "rendered"):
            expect(quote(page).get_by_text("Message deleted")).to_be_visible()
            expect(page.get_by_text("A secret slip")).to_have_count(0)
            page.reload()


def test_a_click_leads_to_the_original_however_far_back(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    first = bo.send(ada, "The very first")
    send_many(bo, ada, 2, 150)
    ada.post(f"/api/messages/send/{bo.id}", text="Long ago", replyTo=first["_id"])
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect(quote(page)).to_contain_text("The very first")
    original = page.locator(".message[data-seq='1']")
    expect(original).to_have_count(0)

    quote(page).focus()
    with page.expect_request(OLDER) as asked:
        page.keyboard.press("Enter")

    expect(original).to_be_in_viewport()
    expect(original).to_be_focused()
    expect(page.locator(".is-highlighted")).to_have_count(0)  # after a moment
    assert "before=26&" in asked.value.url
    expect(messages(page).last).to_contain_text("Long ago")


def test_a_swipe_replies_and_the_reply_waits_for_the_network(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    first = bo.send(ada, "On the tram?")
    page = ada.page
    expect_texts(page, ["On the tram?"])

    touch(messages(page).locator(".bubble"), right=30)
    expect(bar(page)).to_be_hidden()
    touch(messages(page).locator(".bubble"), right=90)
    expect(bar(page)).to_contain_text("On the tram?")
    page.route(SEND, lambda route: route.abort())
    send(page, "Yes")
    expect(quote(page)).to_contain_text("On the tram?")
    expect_states(page, "-p")
    expect_outbox_saved(page)
    page.reload()
    expect(quote(page)).to_contain_text("On the tram?")
    page.unroute(SEND)

    expect(quote(bo.page)).to_contain_text("On the tram?", timeout=40_000)
    assert ada.get(f"/api/messages/{bo.id}")[-1]["replyTo"] == first["_id"]


def test_what_a_reply_answers_may_be_gone_but_its_words_arrive(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    first = bo.send(ada, "Soon gone")
    expect_texts(ada.page, ["Soon gone"])
    messages(ada.page).focus()
    ada.page.keyboard.press("r")
    expect(bar(ada.page)).to_contain_text("Soon gone")
    gone = f"/api/messages/{first['_id']}"
    delete = bo.context.request.delete
    ada.page.route(SEND, lambda route: (delete(gone), route.continue_()), times=1)
    send(ada.page, "Kept")

    expect(messages(ada.page).last).to_have_attribute("data-state", SENT)
    assert [each["text"] for each in bo.get(f"/api/messages/{ada.id}")] == ["Kept"]


def test_in_a_group_nobody_sees_what_was_said_before_they_came(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo)
    first = bo.post(f"/api/messages/send/{group}", text="Between us")
    ada.post(f"/api/groups/{group}/members", people=[cy.id])
    open_group(group, cy, bo)

    for text in ("Live", "Again"):
        ada.post(f"/api/messages/send/{group}", text=text, replyTo=first["_id"])
        expect(quote(bo.page)).to_contain_text("Between us")
        expect(quote(bo.page).locator("b")).to_have_text("Bo Okonkwo")
        expect(quote(cy.page).get_by_text("You cannot see this message")).to_be_visible()
        expect(cy.page.get_by_text("Between us")).to_have_count(0)
        expect(quote(cy.page).locator("b")).to_have_text("")
        cy.page.reload()
        expect(quote(cy.page).get_by_text("You cannot see this message")).to_be_visible()
