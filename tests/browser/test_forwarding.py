"""Forwarding: how messages are sent on to other chats, and how copies look."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chat import (
    choose_action,
    expect_texts,
    menu,
    message,
    messages,
    open_pair,
    row,
    touch,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE
from tests.browser.test_groups import make_group, open_group, three
from tests.pictures import data_uri, picture

MARKUP = "item => item.outerHTML.replace(/ ?is-new/, '')"
FORWARD = "**/api/messages/forward"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Forward to")


def search(page: Page) -> Locator:
    return dialog(page).get_by_role("searchbox")


def test_a_picture_goes_to_a_person_and_a_group_at_once(person: PersonFor) -> None:
    ada, bo, cy = three(person, "Bo Fjordland", "Cy Fjordland")
    group = make_group(cy, ada, name="Fjord club")
    bo.post(f"/api/messages/send/{ada.id}", text="The view", image=data_uri(picture(320, 240)))
    ada.page.goto(f"/chat/{bo.id}")
    cy.page.goto(f"/chat/{ada.id}")
    page, item = ada.page, message(ada.page, "The view")

    choose_action(item, "Forward")
    expect(search(page)).to_be_focused()
    assert_accessible(page)
    search(page).fill("fjord cl")
    dialog(page).get_by_text("Fjord club").click()
    search(page).fill("cy fj")
    dialog(page).get_by_text("Cy Fjordland").click()
    expect(dialog(page).locator(".chip")).to_have_text(["Fjord club", "Cy Fjordland"])
    dialog(page).get_by_label("Add a comment").fill("Look:")
    dialog(page).get_by_role("button", name="Forward").click()

    expect(dialog(page)).to_be_hidden()
    expect(page.locator(".toast")).to_have_text(re.compile("Forwarded"))
    expect(row(page, cy)).to_contain_text("The view")
    expect_texts(cy.page, ["Look:", "The view"])
    copy = messages(cy.page).last
    expect(copy.locator(".forwarded")).to_have_text("Forwarded")
    expect(copy.locator("img[alt=Picture]")).not_to_have_js_property("naturalWidth", 0)
    expect(messages(cy.page).first.locator(".forwarded")).to_have_count(0)
    expect(copy).not_to_contain_text("Bo")
    came = copy.evaluate(MARKUP)
    cy.page.reload()
    expect(messages(cy.page)).to_have_count(2)
    assert messages(cy.page).last.evaluate(MARKUP) == came
    assert_accessible(cy.page)
    open_group(group, cy)
    expect(messages(cy.page).last).to_contain_text("The view")
    # The original is taken back: the copies stay, pictures and all.
    key = bo.get(f"/api/messages/{ada.id}")[0]["_id"]
    bo._answer("DELETE", f"/api/messages/{key}")
    cy.page.reload()
    image = messages(cy.page).last.locator("img[alt=Picture]")
    expect(image).not_to_have_js_property("naturalWidth", 0)


def test_keys_alone_forward_and_what_fails_keeps_the_dialog(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Grimsby", None)
    bo.send(ada, "News")
    page, keys = ada.page, ada.page.keyboard
    expect_texts(page, ["News"])
    asked: list[str] = []

    messages(page).focus()
    keys.press("Enter")
    expect(page.get_by_role("menuitem", name="React")).to_be_focused()
    keys.press("f")
    keys.press("Enter")
    expect(search(page)).to_be_focused()
    keys.type("grimsb")
    expect(dialog(page).locator(".candidate")).to_have_count(1)
    keys.press("Enter")
    expect(dialog(page).locator(".chip")).to_have_text(["Cy Grimsby"])

    def fail(route: Route) -> None:
        asked.append(route.request.post_data or "")
        route.abort()

    page.route(FORWARD, fail)
    submit = dialog(page).get_by_role("button", name="Forward")
    submit.press("Enter")
    expect(dialog(page).get_by_role("alert")).to_contain_text("There is no response")
    expect(dialog(page).locator(".chip")).to_have_text(["Cy Grimsby"])
    page.unroute(FORWARD)
    with page.expect_request(FORWARD) as again:
        submit.press("Enter")
    assert [again.value.post_data] == asked
    expect(dialog(page)).to_be_hidden()
    assert [each["text"] for each in cy.get(f"/api/messages/{ada.id}")] == ["News"]
    # Without anybody chosen nothing is sent.
    messages(page).hover()
    messages(page).get_by_role("button", name="Forward").click()
    dialog(page).get_by_role("button", name="Forward").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("Choose where to forward it.")
    keys.press("Escape")
    expect(dialog(page)).to_be_hidden()


def test_on_a_phone_the_sheet_leads_to_it(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    bo.send(ada, "From afar")
    page = ada.page
    sheet = menu(page)
    expect_texts(page, ["From afar"])
    touch(messages(page).locator(".bubble"), hold=sheet)
    sheet.get_by_role("menuitem", name="Forward").tap()
    dialog(page).get_by_text("Bo Okonkwo").first.tap()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    dialog(page).get_by_role("button", name="Forward").tap()
    expect_texts(bo.page, ["From afar", "From afar"])
