"""Searching in the side bar: chats, people, and messages, which lead to their places."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.long_conversations import log
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.test_looks import PHONE


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search")


def found(page: Page) -> Locator:
    return page.get_by_role("region", name="Found")


def hits(page: Page) -> Locator:
    return found(page).locator("a.hit")


def shown(page: Page, text: str) -> Locator:
    """A message that one was led to."""
    return log(page).locator(".message.is-found").filter(has_text=text)


def test_leads_to_messages_and_people(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    cy = person("Cy Budge", None)
    bo.say(ada, "The BÜDGET of last year")
    for number in range(60):
        bo.say(ada, f"message {number}")
    ada.say(bo, "https://example.org/budget")
    page = ada.page
    page.goto("/")

    field(page).press_sequentially("budget")
    expect(hits(page)).to_have_count(2)
    expect(hits(page).first).to_contain_text("You: https://example.org/budget")
    expect(hits(page).last.locator("mark")).to_have_text("BÜDGET")
    expect(found(page)).not_to_contain_text("Cy Budge")
    assert_accessible(page)
    expect(found(page).get_by_role("group")).to_have_css("display", "flex")
    kinds, hit = found(page).get_by_role("group").bounding_box(), hits(page).first.bounding_box()
    assert kinds
    assert hit
    assert hit["y"] - kinds["y"] - kinds["height"] >= 8  # as between the field and the folders
    found(page).get_by_text("Links", exact=True).click()
    expect(hits(page)).to_have_count(1)
    found(page).get_by_text("All", exact=True).click()
    expect(hits(page)).to_have_count(2)

    # By keyboard to the one far back, which is fetched; the results stay for the next one.
    field(page).press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/chat/{bo.id}#m-"))
    expect(shown(page, "The BÜDGET of last year")).to_be_in_viewport()
    expect(hits(page)).to_have_count(2)
    hits(page).first.click()
    expect(shown(page, "example.org/budget")).to_be_in_viewport()

    field(page).fill('from:"Bo Okonkwo" budget')
    expect(hits(page)).to_have_count(1)
    field(page).fill("budge")
    expect(found(page)).to_contain_text("Cy Budge")
    field(page).fill("nothing like it")
    expect(found(page)).to_contain_text("No messages found")
    assert_accessible(page)
    field(page).fill("cy")
    found(page).get_by_role("link", name="Cy Budge").click()
    expect(page).to_have_url(re.compile(f"/chat/{cy.id}$"))
    expect(field(page)).to_have_value("")
    expect(found(page)).to_be_hidden()


def test_on_a_phone_the_way_back_leads_to_what_was_found(person: PersonFor) -> None:
    ada = person("Ada Lindqvist", None, **PHONE)
    bo = person("Bo Okonkwo", None)
    bo.say(ada, "one budget")
    bo.say(ada, "another budget")
    page = ada.page
    page.goto("/")
    field(page).fill("budget")
    hits(page).last.click()
    expect(shown(page, "one budget")).to_be_in_viewport()
    page.get_by_role("link", name="Back to the list").click()
    expect(hits(page)).to_have_count(2)
    expect(field(page)).to_have_value("budget")
