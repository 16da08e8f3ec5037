"""What people do not show each other, where both look at once."""

from playwright.sync_api import Page, expect

from tests.browser.chat import composer, expect_states, messages, open_pair, send, state
from tests.browser.people import Person, PersonFor


def hide(person: Person, *kinds: str) -> None:
    answer = person.context.request.patch("/api/privacy", data=dict.fromkeys(kinds, "nobody"))
    assert answer.ok, answer.text()


def keep_typing(page: Page, text: str) -> None:
    composer(page).press_sequentially(text, delay=20)


def test_who_hides_what_they_read_and_type_sees_neither_of_the_other(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(bo.page, "One")
    expect_states(bo.page, "r")  # Ada has it open
    hide(ada, "readReceipts", "typing")

    send(bo.page, "Two")
    send(ada.page, "Three")
    expect(messages(ada.page)).to_have_count(3)
    expect(messages(bo.page)).to_have_count(3)
    keep_typing(bo.page, "Four")
    keep_typing(ada.page, "Five")
    # What would have told comes before what is sent after it, over the same connections.
    send(bo.page, "Four")
    expect(messages(ada.page)).to_have_count(4)
    for page in (ada.page, bo.page):
        expect(state(page, "typing")).to_be_hidden()
    expect_states(bo.page, "ss-s")  # what was read before is told no more, either
    expect_states(ada.page, "--s-")
    bo.page.reload()
    expect_states(bo.page, "ss-s")


def test_who_hides_being_online_is_so_for_nobody(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    hide(ada, "online", "lastSeen")
    for page in (ada.page, bo.page):
        expect(state(page, "online")).to_be_hidden()
        page.reload()
        expect(composer(page)).to_be_visible()
        expect(state(page, "online")).to_be_hidden()
        expect(page.locator("[data-field=last-seen]")).to_be_empty()
    send(ada.page, "Still here")
    expect(messages(bo.page)).to_have_count(1)
