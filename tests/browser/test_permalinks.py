"""Going to a place in a conversation: by the address of a message, and by a date."""

import re
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.browser.chat import choose_action, message, open_pair, row, send, toast
from tests.browser.long_conversations import assert_no_gaps, expect_idle, lines, log, send_many
from tests.browser.people import Person, PersonFor, assert_accessible
from tests.browser.site import Site
from tests.browser.test_appearance import PHONE

FOUND = re.compile("is-highlighted")
NOT_HERE = "That message is not here"
IN_MEMORY = """() => {
  window.copied = [];
  const clipboard = { writeText: async (text) => copied.push(text) };
  Object.defineProperty(navigator, "clipboard", { value: clipboard });
}"""


IN_VIEW = """item => {
  const view = item.closest("message-list").getBoundingClientRect();
  const { top, bottom } = item.getBoundingClientRect();
  return top >= view.top && bottom <= view.bottom;
}"""


def expect_there(page: Page, text: str) -> None:
    """That message is in view, marked and has the focus."""
    item = message(page, text)
    expect(item).to_be_focused()
    expect(item).to_be_in_viewport(ratio=1)
    expect(item).to_have_class(FOUND)


def dialog(page: Page) -> Locator:
    return page.locator("#go-to-date")


def long_ago(site: Site, person: PersonFor, count: int, **options: object) -> tuple[Person, Person]:
    """Ada, to whom Bo wrote one message a day; she has read all of them."""
    ada, bo = person("Ada Lindqvist", None, **options), person("Bo Okonkwo", None)
    send_many(bo, ada, 1, count)
    site.spread_over_days(bo.id)
    ada.read(bo, count)
    return ada, bo


def test_the_link_to_a_message_opens_at_it(live_site: Site, person: PersonFor) -> None:
    ada, bo = long_ago(live_site, person, 300)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    page.evaluate(IN_MEMORY)
    item = message(page, "message 300")
    choose_action(item, "Copy link")
    expect(toast(page)).to_contain_text("link is copied")
    link = page.evaluate("window.copied[0]")
    key = item.get_attribute("data-message-id")
    assert link == f"{live_site.url}/chat/{bo.id}#m-{key}"

    first = ada.get(f"/api/messages/{bo.id}?before=4&limit=1")[0]["_id"]
    other = ada.open_page(f"/chat/{bo.id}#m-{first}")
    expect_there(other, "message 3")
    assert_no_gaps(lines(other))
    # In the same window, too.
    other.evaluate("hash => { location.hash = hash; }", f"m-{key}")
    expect_there(other, "message 300")
    other.go_back()
    expect_there(other, "message 3")


def test_a_link_to_what_cannot_be_seen_says_so(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    theirs = bo.send(cy, "For Cy alone")
    send(bo.page, "A slip", "What stays")
    slip = message(ada.page, "A slip").get_attribute("data-message-id")
    ada.page.goto(f"/chat/{bo.id}#m-{theirs['_id']}")
    expect(toast(ada.page)).to_contain_text(NOT_HERE)
    expect(message(ada.page, "What stays")).to_be_in_viewport()

    bo.context.request.delete(f"/api/messages/{slip}")
    other = ada.open_page(f"/chat/{bo.id}#m-{slip}")
    gone = other.locator(".message.is-deleted")
    expect(gone).to_be_focused()
    expect(gone).to_have_class(FOUND)


def test_a_date_leads_there_and_one_reads_on_both_ways(live_site: Site, person: PersonFor) -> None:
    ada, bo = long_ago(live_site, person, 400)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    page.get_by_role("button", name="Today").click()
    expect(dialog(page).get_by_role("button", name="First unread message")).to_be_hidden()
    assert_accessible(page)
    day = date.today() - timedelta(days=250)
    dialog(page).get_by_label("Go to a date").fill(day.isoformat())
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_hidden()
    expect_there(page, "message 150")
    assert_no_gaps(lines(page))

    for step, end in ((-600, "message 1"), (700, "message 400")):
        for _ in range(80):
            log(page).evaluate("(log, step) => { log.scrollTop += step; }", step)
            page.wait_for_timeout(30)
            expect_idle(page)
            assert_no_gaps(lines(page))
            last = message(page, end)
            if last.count() and last.evaluate(IN_VIEW):
                break
        expect(message(page, end)).to_be_in_viewport()
    expect(page.locator(".skipped")).to_have_count(0)


def test_by_a_key_and_to_what_was_unread_first(live_site: Site, person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None, **PHONE), person("Bo Okonkwo", None)
    send_many(bo, ada, 1, 120)
    ada.read(bo, 20)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    expect(message(page, "message 21")).to_be_in_viewport()
    page.get_by_role("button", name="Newest messages").click()
    item = message(page, "message 120")
    expect(item).to_be_in_viewport()
    item.focus()
    item.press("d")
    dialog(page).get_by_role("button", name="First unread message").click()
    expect_there(page, "message 21")
    message(page, "message 21").press("d")
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_be_hidden()
    expect(message(page, "message 21")).to_be_in_viewport()


def test_a_chat_that_is_opened_by_its_address_is_not_marked_as_unread_any_more(
    person: PersonFor,
) -> None:
    ada, bo = person("Ada Lindqvist"), person("Bo Okonkwo", None)
    bo.send(ada, "Hello")
    ada.read(bo, 1)
    path = f"/api/messages/chats/{bo.id}"
    ada.context.request.patch(path, data={"markedUnread": True})
    expect(row(ada.page, bo)).to_have_attribute("data-marked-unread", "")
    other = ada.open_page(f"/chat/{bo.id}")
    for page in (other, ada.page):
        expect(row(page, bo)).not_to_have_attribute("data-marked-unread", "")
