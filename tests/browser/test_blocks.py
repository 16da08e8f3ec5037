"""Blocking somebody and undoing it, where both look on."""

from playwright.sync_api import Page, expect

from tests.browser.chat import composer, expect_states, expect_texts, open_pair, row, send, state
from tests.browser.people import PersonFor


def agree(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Block ⁨Bo Okonkwo⁩?")
    dialog.get_by_role("button", name="Block", exact=True).click()


def test_block_in_the_details_and_unblock_in_the_chat(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "One")
    expect_states(bo.page, "r")
    page = ada.page
    page.get_by_role("button", name="About this person").click()
    page.locator("details-pane").get_by_role("button", name="Block", exact=True).click()
    agree(page)
    closed = page.get_by_text("You have blocked this person.")
    expect(closed).to_be_visible()
    expect(composer(page)).to_be_hidden()
    expect(page.locator("details-pane").get_by_role("button", name="Unblock")).to_be_visible()
    # He sees her leave, and that what he sends is sent.
    expect(state(bo.page, "online")).to_be_hidden()
    send(bo.page, "Two")
    expect_states(bo.page, "rs")
    bo.page.reload()
    expect_states(bo.page, "rs")
    other_tab = ada.open_page(f"/chat/{bo.id}")
    expect_texts(other_tab, ["One"])
    expect(other_tab.get_by_text("You have blocked this person.")).to_be_visible()

    other_tab.get_by_role("link", name="Unblock").click()
    for each in (page, other_tab):
        expect(composer(each)).to_be_visible()
        expect(each.get_by_text("You have blocked this person.")).to_be_hidden()
    send(bo.page, "Three")
    expect_texts(page, ["One", "Three"])
    expect_texts(other_tab, ["One", "Three"])


def test_block_from_the_list_and_unblock_in_the_profile(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "One")
    row(ada.page, bo).click(button="right")
    ada.page.get_by_role("menuitem", name="Block", exact=True).click()
    agree(ada.page)
    expect(ada.page.get_by_text("You have blocked this person.")).to_be_visible()
    row(ada.page, bo).click(button="right")
    expect(ada.page.get_by_role("menuitem", name="Unblock", exact=True)).to_be_visible()
    ada.page.keyboard.press("Escape")
    ada.page.goto("/profile")
    blocks = ada.page.locator("#blocks")
    expect(blocks.get_by_text("Bo Okonkwo").first).to_be_visible()
    blocks.get_by_role("button", name="Unblock").click()
    expect(blocks.get_by_text("Unblocked")).to_be_visible()
    ada.page.goto(f"/chat/{bo.id}")
    expect(composer(ada.page)).to_be_visible()
