"""Disappearing messages: set in the details, shown to both, and gone from pages that are open."""

from playwright.sync_api import Locator, Page, expect

from chatsite.text import isolated
from tests.browser.chat import (
    choose_action,
    expect_preview,
    expect_texts,
    message,
    open_pair,
    row,
    send,
)
from tests.browser.people import PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_details import opener
from tests.browser.test_groups import details, make_group

DAY = f"{isolated('Ada Lindqvist')} let new messages disappear after 1 day"
LASTS = "New messages disappear after {}"


def lifetime(page: Page) -> Locator:
    return details(page).get_by_label("Disappearing messages")


def expect_lifetime(page: Page, period: str) -> None:
    """As the header says it."""
    mark = page.locator('conversation-header [data-field="lasts"]')
    if period:
        expect(mark).to_have_attribute("title", LASTS.format(period))
        expect(mark).to_be_visible()
    else:
        expect(mark).to_be_hidden()


def test_what_is_sent_is_gone_for_both_a_day_later(person: PersonFor, live_site: Site) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Another chat")
    send(ada.page, "Stays")
    opener(ada.page).click()
    expect(lifetime(ada.page)).to_have_value("0")
    assert_accessible(ada.page)
    lifetime(ada.page).select_option("1 day")
    for page in (ada.page, bo.page):
        expect_texts(page, ["Stays", DAY])
        expect_lifetime(page, "1 day")
    expect(lifetime(ada.page)).to_have_value("86400")

    send(ada.page, "Gone tomorrow")
    expect_texts(bo.page, ["Stays", DAY, "Gone tomorrow"])
    choose_action(message(bo.page, "Gone tomorrow"), "Reply")
    send(bo.page, "An answer")
    for page in (ada.page, bo.page):
        expect_texts(page, ["Stays", DAY, "Gone tomorrow", "An answer"])
        expect(page.locator("message-list .is-disappearing")).to_have_count(2)
    # One that was open before, and comes back later as it was.
    row(ada.page, cy).click()
    expect_texts(ada.page, ["Another chat"])
    expect_lifetime(ada.page, "")

    live_site.advance_days(days=1)
    expect_texts(bo.page, ["Stays", DAY])
    expect_preview(bo.page, ada, "")
    row(ada.page, bo).click()
    expect_texts(ada.page, ["Stays", DAY])
    expect_lifetime(ada.page, "1 day")
    send(bo.page, "Tomorrow, too")
    for page in (ada.page, bo.page):
        expect_texts(page, ["Stays", DAY, "Tomorrow, too"])
        expect(page.locator("message-list .day")).to_have_count(1)
        expect(page.locator("message-list .skipped")).to_have_count(0)
    bo.page.reload()
    expect_texts(bo.page, ["Stays", DAY, "Tomorrow, too"])
    expect_lifetime(bo.page, "1 day")


def test_a_time_of_ones_own_and_what_was_missed_offline(person: PersonFor, live_site: Site) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "Stays")
    opener(bo.page).click()
    lifetime(bo.page).select_option("Another time…")
    details(bo.page).get_by_label("How many").fill("36")
    details(bo.page).get_by_role("button", name="Set").click()
    expect_lifetime(ada.page, "36 hours")
    expect(lifetime(bo.page)).to_have_value(str(36 * 3600))
    send(ada.page, "One", "Two")
    expect(message(bo.page, "Two")).to_be_visible()
    bo.context.set_offline(True)
    live_site.advance_days(days=2)
    expect(message(ada.page, "Two")).to_have_count(0)
    expect(message(bo.page, "Two")).to_be_visible()
    bo.context.set_offline(False)
    expect(message(bo.page, "Two")).to_have_count(0)
    expect(message(bo.page, "One")).to_have_count(0)
    expect(message(bo.page, "Stays")).to_be_visible()

    lifetime(bo.page).select_option("Off")
    for page in (ada.page, bo.page):
        expect_lifetime(page, "")


def test_members_of_a_group_see_it_and_only_admins_set_it(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo")
    group = make_group(ada, bo, name="Lindqvist and Okonkwo")
    for somebody in (ada, bo):
        somebody.page.goto(f"/chat/{group}")
        opener(somebody.page).click()
        expect(details(somebody.page)).to_be_visible()
    expect(lifetime(bo.page)).to_have_count(0)
    lifetime(ada.page).select_option("7 days")
    expect_lifetime(bo.page, "7 days")
    expect(details(bo.page)).to_contain_text(LASTS.format("7 days"))
    expect(lifetime(bo.page)).to_have_count(0)
    assert_accessible(bo.page)
