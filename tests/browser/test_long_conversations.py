"""Some hundreds of messages are in the page, however many there are."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chat import SENT, composer, message, messages, open_pair, send
from tests.browser.long_conversations import (
    MOST,
    TO_TOP,
    assert_no_gaps,
    expect_idle,
    lines,
    load_all_older,
    log,
    positions,
    send_many,
)
from tests.browser.people import Person, PersonFor

LATER = 120_000  # milliseconds for hundreds of messages to arrive
DOWN = "log => { log.scrollTop += 700; }"
UP = "log => { log.scrollTop = -900; }"
IS_AT_END = "log => log.scrollTop > -1"
HEIGHT = 720
STYLED = "UpdateLayoutTree"  # in a trace of the browser's

pytestmark = pytest.mark.timeout(300)  # seconds: a busy machine draws them slowly


def test_one_reads_up_to_the_first_message_and_down_again(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    send_many(bo, ada, 1, 520)
    page = ada.page
    page.goto(f"/chat/{bo.id}")

    load_all_older(page)
    log(page).evaluate(TO_TOP)
    expect(message(page, "message 1")).to_be_in_viewport()
    found = lines(page)
    assert_no_gaps(found)
    assert len(found) <= MOST
    assert (found.count(0), found[-1]) == (1, 520)

    for _ in range(300):
        before = positions(page)
        log(page).evaluate(DOWN)
        page.wait_for_timeout(60)
        expect_idle(page)
        assert_no_gaps(lines(page))
        assert_moved_evenly(before, positions(page))
        if log(page).evaluate(IS_AT_END):
            break
    expect(message(page, "message 520")).to_be_in_viewport()
    expect(page.locator(".skipped")).to_have_count(0)


def assert_moved_evenly(before: dict[str, float], after: dict[str, float]) -> None:
    """Whatever was fetched or left out meanwhile, what was in sight moved by what one scrolled."""
    in_sight = [seq for seq, top in before.items() if 700 < top < 1400 and seq in after]
    moves = [before[seq] - after[seq] for seq in in_sight]
    assert moves
    assert max(moves) < 702
    assert max(moves) - min(moves) < 2


def most_styled(reader: Person, say: Callable[[], object]) -> int:
    """Of how many elements the browser finds out the style at once, when somebody says something.

    A style sheet that has everything below an element depend on what else is in that element makes
    these all that there are.
    """
    browser = reader.context.browser
    assert browser
    browser.start_tracing(page=reader.page, categories=["devtools.timeline"])
    say()
    expect(message(reader.page, "one more")).to_be_in_viewport()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    counts: list[int] = [
        each["args"].get("elementCount", 0) for each in events if each["name"] == STYLED
    ]
    return max(counts)


def test_hundreds_of_live_messages_leave_the_page_as_small_as_it_was(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    page = ada.page
    send_many(bo, ada, 1, 450)

    # To look for the words in hundreds of messages, again and again, would hold up the page.
    expect(page.locator('.message[data-seq="450"]')).to_be_in_viewport(timeout=LATER)
    found = lines(page)
    assert_no_gaps(found)
    assert len(found) <= MOST
    expect(page.locator(".day")).to_have_count(1)
    assert most_styled(ada, lambda: bo.send(ada, "one more")) < page.locator("*").count() / 3
    composer(page).fill("kept")

    load_all_older(page)

    assert_no_gaps(lines(page))
    assert lines(page)[0] == 1
    expect(page.locator(".unread")).to_have_count(0)
    expect(composer(page)).to_have_value("kept")


def test_who_reads_further_up_keeps_the_place_and_comes_back_to_the_newest(
    person: PersonFor,
) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    send_many(bo, ada, 1, 60)
    ada.read(bo, 60)
    page = ada.page
    page.goto(f"/chat/{bo.id}")
    log(page).evaluate(UP)
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    expect_idle(page)
    seen = next(seq for seq, top in positions(page).items() if top > HEIGHT / 3)
    before = positions(page)[seen]

    send_many(bo, ada, 61, 510)

    expect(page.locator(".scroll-to-latest")).to_contain_text("450 new messages", timeout=LATER)
    assert positions(page)[seen] == pytest.approx(before, abs=2)
    found = lines(page)
    assert_no_gaps(found)
    assert len(found) <= MOST
    assert (found.count(0), found[-1]) == (1, 510)

    page.get_by_role("button", name="450 new messages").click()
    expect(message(page, "message 510")).to_be_in_viewport()
    expect(page.locator(".scroll-to-latest")).to_be_hidden()
    expect(page.locator(".skipped")).to_have_count(0)
    assert_no_gaps(lines(page))
    load_all_older(page)
    expect(page.locator(".unread + .message")).to_have_attribute("data-seq", "61")

    log(page).evaluate(UP)
    send(page, "Here I am")
    expect(message(page, "Here I am")).to_be_in_viewport()
    expect(messages(page).last).to_have_attribute("data-state", SENT)
