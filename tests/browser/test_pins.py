"""Pinned messages: the bar that leads to them, in all windows of everybody who may see them."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    choose_action,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
)
from tests.browser.long_conversations import send_many
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_groups import make_group, open_group, three


def bar(page: Page) -> Locator:
    return page.locator("pinned-messages")


def shown(page: Page) -> Locator:
    """The one that the bar shows."""
    return bar(page).locator(".reply:visible")


def assert_messages_fill_the_page(page: Page) -> None:
    """Whatever else there is: all that is left between the header and the field is theirs."""
    sizes = "each => [each.offsetTop, each.offsetHeight]"
    whole, log, field = (
        page.locator(name).evaluate(sizes)
        for name in ("#conversation", "message-list", ".composer")
    )
    assert log[0] + log[1] == field[0]
    assert field[0] + field[1] == whole[1]
    assert field[1] < log[1]


def test_both_see_a_pin_in_all_windows_until_it_is_taken_away(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = bo.open_page(f"/chat/{ada.id}")
    send(ada.page, "*Gate* 14", "See you there")
    for page in (ada.page, bo.page, other):
        expect(bar(page)).to_be_empty()
        assert_messages_fill_the_page(page)

    choose_action(message(bo.page, "*Gate* 14"), "Pin")
    for page in (ada.page, bo.page, other):
        expect(shown(page)).to_contain_text("Gate 14")
        expect(shown(page).locator("b")).to_have_text("Ada Lindqvist")
        assert_messages_fill_the_page(page)
    assert_accessible(bo.page)
    choose_action(message(ada.page, "See you there"), "Pin")
    for page in (ada.page, bo.page, other):
        expect(shown(page)).to_contain_text("See you there")
        expect(bar(page)).to_contain_text("1/2")
    came = bar(other).evaluate("bar => bar.innerHTML")
    expect(messages(other).first).to_have_attribute("data-pinned-at", re.compile("."))
    marked = messages(other).first.get_attribute("data-pinned-at")
    other.reload()
    expect(shown(other)).to_contain_text("See you there")
    assert bar(other).evaluate("bar => bar.innerHTML") == came
    assert messages(other).first.get_attribute("data-pinned-at") == marked

    choose_action(message(ada.page, "*Gate* 14"), "Unpin")  # whoever pinned it
    for page in (ada.page, bo.page, other):
        expect(bar(page).locator("li")).to_have_count(1)
    choose_action(message(bo.page, "See you there"), "Delete message")
    for page in (bo.page, other):
        expect(bar(page)).to_be_empty()
    expect(shown(ada.page)).to_contain_text("See you there")
    choose_action(message(ada.page, "See you there"), "Delete message")
    ada.page.get_by_role("button", name="Delete for everybody").click()
    for page in (ada.page, bo.page, other):
        expect(bar(page)).to_be_empty()


def test_a_click_leads_to_the_message_and_shows_the_next(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    send_many(ada, bo, 1, 120)
    page = ada.page
    history = ada.get(f"/api/messages/{bo.id}")
    for place in (2, 118):
        ada.context.request.put(f"/api/pins/{history[place]['_id']}")
    texts = [history[place]["text"] for place in (2, 118)]
    page.goto(f"/chat/{bo.id}")

    expect(shown(page)).to_contain_text(texts[1])
    shown(page).click()
    expect(message(page, texts[1])).to_be_focused()
    expect(shown(page)).to_contain_text(texts[0])
    shown(page).click()
    expect(message(page, texts[0])).to_be_focused()
    expect(message(page, texts[0])).to_be_in_viewport()
    expect(shown(page)).to_contain_text(texts[1])


def test_each_chat_shows_its_own_however_it_was_opened(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Lindqvist", None), person("Bo Okonkwo", None), person("Cy", None)
    for other, text in ((bo, "Bo's rule"), (cy, "Hello")):
        key = other.send(ada, text)["_id"]
        if other is bo:
            ada.context.request.put(f"/api/pins/{key}")
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect(shown(page)).to_contain_text("Bo's rule")
    for _ in range(2):  # the second time they are shown as they were left
        row(page, cy).click()
        expect_texts(page, ["Hello"])
        expect(bar(page)).to_be_empty()
        row(page, bo).click()
        expect_texts(page, ["Bo's rule"])
        expect(shown(page)).to_contain_text("Bo's rule")
    page.goto("/")
    row(page, bo).click()
    expect(shown(page)).to_contain_text("Bo's rule")
    shown(page).click()
    expect(message(page, "Bo's rule")).to_be_focused()
    expect(bar(page)).to_have_count(1)


def test_all_of_them_are_listed_by_keyboard(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    for text in ("One", "Two", "Three"):
        key = bo.send(ada, text)["_id"]
        bo.context.request.put(f"/api/pins/{key}")
    page, keys = ada.page, ada.page.keyboard
    page.goto(f"/chat/{bo.id}")

    bar(page).get_by_role("button", name="All pinned messages").press("Enter")
    expect(shown(page)).to_have_count(3)
    expect(shown(page)).to_contain_text(["Three", "Two", "One"])
    assert_accessible(page)
    keys.press("Escape")
    expect(shown(page)).to_have_count(1)
    expect(bar(page).get_by_role("button", name="All pinned messages")).to_be_focused()
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(shown(page).nth(1)).to_be_focused()
    keys.press("Enter")
    expect(message(page, "Two")).to_be_focused()
    expect(shown(page)).to_have_count(1)


def test_in_a_group_who_came_later_sees_no_pin_of_before(person: PersonFor) -> None:
    ada, bo, cy = three(person)
    group = make_group(ada, bo)
    first = bo.post(f"/api/messages/send/{group}", text="Between us")
    ada.post(f"/api/groups/{group}/members", people=[cy.id])
    open_group(group, ada, bo, cy)

    choose_action(message(bo.page, "Between us"), "Pin")
    for page in (ada.page, bo.page):
        expect(shown(page)).to_contain_text("Between us")
    send(ada.page, "For all")
    choose_action(message(ada.page, "For all"), "Pin")
    for page in (ada.page, bo.page):
        expect(bar(page)).to_contain_text("1/2")
    expect(shown(cy.page)).to_contain_text("For all")
    assert "Between us" not in cy.page.content()
    cy.page.reload()
    expect(shown(cy.page)).to_contain_text("For all")
    expect(bar(cy.page).locator("li")).to_have_count(1)
    assert first["_id"] not in cy.page.content()


def test_where_only_admins_write_others_are_not_offered_it(person: PersonFor) -> None:
    ada, bo, _cy = three(person)
    group = make_group(ada, bo)
    bo.post(f"/api/messages/send/{group}", text="Rules")
    open_group(group, ada, bo)
    rules = message(bo.page, "Rules")
    rules.focus()
    bo.page.keyboard.press("Enter")
    pin = bo.page.get_by_role("menuitem", name="Pin", exact=True)
    expect(pin).to_be_visible()
    bo.page.keyboard.press("Escape")

    ada.context.request.patch(f"/api/groups/{group}", data={"posting": "admins"})
    expect(bo.page.get_by_text("Only admins can write in this group.")).to_be_visible()
    bo.page.keyboard.press("Enter")
    expect(bo.page.get_by_role("menuitem", name="Copy text")).to_be_visible()
    expect(pin).to_be_hidden()
    bo.page.keyboard.press("Escape")
    choose_action(message(ada.page, "Rules"), "Pin")
    expect(shown(bo.page)).to_contain_text("Rules")


def test_what_was_pinned_while_away_is_there_on_coming_back(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Meanwhile")
    expect_texts(bo.page, ["Meanwhile"])
    bo.context.set_offline(True)
    choose_action(message(ada.page, "Meanwhile"), "Pin")
    expect(shown(ada.page)).to_contain_text("Meanwhile")
    bo.context.set_offline(False)
    expect(shown(bo.page)).to_contain_text("Meanwhile", timeout=40_000)
