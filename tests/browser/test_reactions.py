"""Reactions on the page: seen by everybody at once, given by mouse and by keyboard."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import (
    choose_action,
    error_response,
    menu,
    message,
    messages,
    open_pair,
    send,
    toast,
    touch,
)
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.test_appearance import PHONE

THUMB, HEART = "👍", "❤️"
MARKUP = "item => item.querySelector('.reactions').outerHTML"


def pills(page: Page, text: str) -> Locator:
    return message(page, text).locator(".reaction")


def react(page: Page, text: str, emoji: str = THUMB) -> None:
    item = message(page, text)
    item.hover()
    item.get_by_role("button", name="React", exact=True).click()
    page.locator("#reaction-row").get_by_role("button", name=emoji).click()
    expect(page.locator("#reaction-row")).to_be_hidden()


def expect_pill(page: Page, text: str, words: str, *, mine: bool, label: str) -> None:
    pill = pills(page, text)
    expect(pill).to_have_text(words)
    expect(pill).to_have_attribute("aria-pressed", str(mine).lower())
    expect(pill).to_have_attribute("aria-label", label)


def group_of(owner: Person, *people: Person) -> str:
    made = owner.post("/api/groups", name="Book club", people=[each.id for each in people])
    return str(made["_id"])


def test_both_see_a_reaction_at_once_and_its_being_taken_back(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    other = bo.open_page(f"/chat/{ada.id}")
    send(ada.page, "Lunch at one?")
    unread = "#tab-chats .badge"

    react(bo.page, "Lunch at one?")
    for page in (bo.page, other):
        expect_pill(page, "Lunch at one?", f"{THUMB}1", mine=True, label=f"{THUMB} 1: You")
    expect_pill(ada.page, "Lunch at one?", f"{THUMB}1", mine=False, label=f"{THUMB} 1: Bo Okonkwo")
    pills(ada.page, "Lunch at one?").click()
    both = f"{THUMB} 2: Bo Okonkwo, You"
    expect_pill(ada.page, "Lunch at one?", f"{THUMB}2", mine=True, label=both)
    expect(pills(bo.page, "Lunch at one?")).to_have_text(f"{THUMB}2")
    expect(ada.page.locator(unread)).to_be_hidden()
    assert_accessible(ada.page)

    came = messages(ada.page).last.evaluate(MARKUP)
    ada.page.reload()
    expect_pill(ada.page, "Lunch at one?", f"{THUMB}2", mine=True, label=both)
    assert messages(ada.page).last.evaluate(MARKUP) == came

    react(bo.page, "Lunch at one?")  # once more takes it back
    for page in (bo.page, other):
        label = f"{THUMB} 1: Ada Lindqvist"
        expect_pill(page, "Lunch at one?", f"{THUMB}1", mine=False, label=label)
    pills(ada.page, "Lunch at one?").click()
    for page in (ada.page, bo.page, other):
        expect(pills(page, "Lunch at one?")).to_have_count(0)


def test_a_third_person_in_a_group_sees_who_reacted(person: PersonFor) -> None:
    ada, bo, cy = person("Ada Berg", None), person("Bo Okonkwo", None), person("Cy Weber", None)
    group = group_of(ada, bo, cy)
    for each in (ada, bo, cy):
        each.page.goto(f"/chat/{group}")
    send(ada.page, "Which one is next?")

    react(bo.page, "Which one is next?", HEART)
    pills(cy.page, "Which one is next?").click()

    for each, label in (
        (ada, "Bo Okonkwo, Cy Weber"),
        (bo, "Cy Weber, You"),
        (cy, "Bo Okonkwo, You"),
    ):
        expect_pill(
            each.page,
            "Which one is next?",
            f"{HEART}2",
            mine=each is not ada,
            label=f"{HEART} 2: {label}",
        )
    came = messages(ada.page).last.evaluate(MARKUP)
    ada.page.reload()
    expect(pills(ada.page, "Which one is next?")).to_have_count(1)
    assert messages(ada.page).last.evaluate(MARKUP) == came


def test_who_is_left_out_of_the_names_still_sees_their_own(person: PersonFor) -> None:
    """Of 23 people who reacted, the first 20 are named."""
    ada = person("Ada Berg", None)
    others = [person(f"Person {number}", None) for number in range(22)]
    group = group_of(ada, *others)
    sent = ada.post(f"/api/messages/send/{group}", text="Who comes?")
    path = f"/api/messages/{sent['_id']}/reactions/{THUMB}"
    for each in others[:21]:
        assert each.context.request.put(path).ok
    ada.page.goto(f"/chat/{group}")

    react(ada.page, "Who comes?")
    pill = pills(ada.page, "Who comes?")
    expect(pill).to_have_attribute("aria-pressed", "true")
    assert others[21].context.request.put(path).ok
    expect(pill).to_have_text(f"{THUMB}23")
    expect(pill).to_have_attribute("aria-pressed", "true")
    expect(pill).to_have_attribute("aria-label", re.compile("and 2 more"))  # names are asked for
    ada.page.reload()
    expect(pill).to_have_attribute("aria-pressed", "true")
    pill.click()
    expect(pill).to_have_text(f"{THUMB}22")
    expect(pill).to_have_attribute("aria-pressed", "false")


def test_keys_are_enough(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "Well?")
    page, item = ada.page, message(ada.page, "Well?")
    react(page, "Well?", "🙏")
    react(page, "Well?", HEART)
    expect(pills(page, "Well?")).to_have_count(2)

    item.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(pills(page, "Well?").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(pills(page, "Well?")).to_have_count(1)
    expect(item).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(pills(page, "Well?")).to_have_count(0)
    expect(pills(bo.page, "Well?")).to_have_count(0)


def test_the_row_goes_by_escape_and_by_scrolling(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "Well?")
    page, row = ada.page, ada.page.locator("#reaction-row")
    item = message(page, "Well?")
    item.hover()
    button = item.get_by_role("button", name="React", exact=True)
    button.click()
    expect(row.get_by_role("button", name=THUMB)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(row.get_by_role("button", name="More emoji")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(row).to_be_hidden()
    expect(pills(page, "Well?")).to_have_count(0)


def test_a_refusal_takes_it_back_and_says_why(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "Well?")
    no = error_response(400, "You can react to a message with at most 10 emoji.")
    ada.page.route("**/reactions/*", lambda route: route.fulfill(**no))

    react(ada.page, "Well?")

    expect(toast(ada.page)).to_contain_text("at most 10 emoji")
    expect(pills(ada.page, "Well?")).to_have_count(0)


def test_what_happened_meanwhile_comes_with_the_connection(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Well?")
    expect(message(bo.page, "Well?")).to_be_visible()
    key = message(bo.page, "Well?").get_attribute("data-message-id")
    ada.context.set_offline(True)
    assert bo.context.request.put(f"/api/messages/{key}/reactions/{THUMB}").ok
    expect(pills(bo.page, "Well?")).to_have_count(1)

    ada.context.set_offline(False)

    expect(pills(ada.page, "Well?")).to_have_text(f"{THUMB}1", timeout=40_000)


def test_a_deleted_message_loses_its_reactions(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Well?")
    react(bo.page, "Well?")
    expect(pills(ada.page, "Well?")).to_be_visible()
    item = messages(bo.page).last
    key = item.get_attribute("data-message-id")
    assert ada.context.request.delete(f"/api/messages/{key}").ok
    expect(item).to_contain_text("Message deleted")
    expect(item.locator(".reaction")).to_be_hidden()


def test_on_a_phone_a_long_press_leads_there(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    send(bo.page, "Well?")
    item = message(ada.page, "Well?")
    expect(item).to_be_visible()

    sheet = menu(ada.page)
    touch(item.locator(".bubble"), hold=sheet)
    sheet.get_by_role("menuitem", name="React").tap()
    ada.page.locator("#reaction-row").get_by_role("button", name=HEART).tap()

    expect(pills(bo.page, "Well?")).to_have_text(f"{HEART}1")
    pills(ada.page, "Well?").tap()
    expect(pills(bo.page, "Well?")).to_have_count(0)


def test_who_reacted_is_told_by_emoji_and_mine_is_taken_back_there(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Shall we go?")
    react(ada.page, "Shall we go?", HEART)
    react(bo.page, "Shall we go?")
    for each in (ada.page, bo.page):  # each has heard of the other one's
        expect(pills(each, "Shall we go?")).to_have_text([f"{HEART}1", f"{THUMB}1"])
    page, dialog = bo.page, bo.page.locator("#group-dialog")
    people = dialog.locator("#reactors .member__name bdi")

    item = message(page, "Shall we go?")
    choose_action(item, "Who reacted")
    expect(people).to_have_text(["Ada Lindqvist", "Bo Okonkwo"])
    dialog.get_by_role("button", name=f"{HEART} 1").click()
    expect(people).to_have_text(["Ada Lindqvist"])
    assert_accessible(page)
    dialog.get_by_role("button", name="Close").click()

    pills(page, "Shall we go?").last.click(button="right")
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog).to_be_hidden()
    for each in (ada.page, bo.page):
        expect(pills(each, "Shall we go?")).to_have_text([f"{HEART}1"])


def test_a_long_press_on_a_reaction_tells_who_reacted(person: PersonFor) -> None:
    ada, bo = open_pair(person, **PHONE)
    sent = ada.send(bo, "Shall we stay?")
    ada.context.request.put(f"/api/messages/{sent['_id']}/reactions/{THUMB}")
    dialog = bo.page.locator("#group-dialog")
    touch(pills(bo.page, "Shall we stay?"), hold=dialog)
    expect(dialog.locator("#reactors .member__name bdi")).to_have_text(["Ada Lindqvist"])
    assert_accessible(bo.page)
    dialog.get_by_role("button", name="Close").click()
    expect(pills(bo.page, "Shall we stay?")).to_have_text(f"{THUMB}1")
