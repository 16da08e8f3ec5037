"""The list of messages of a long conversation, and how one gets about in it."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person

MOST = 400
OLDER = re.compile(r"/older\?before=")
TO_TOP = "log => { log.scrollTop = -log.scrollHeight; }"
# The numbers of the messages, and 0 for each line that stands for what is left out.
LINES = """log => [...log.querySelectorAll("li.message, li.skipped")].map(
  (line) => Number(line.dataset.seq ?? 0))"""
POSITIONS = """log => Object.fromEntries([...log.querySelectorAll(".message")].map(
  (item) => [item.dataset.seq, item.getBoundingClientRect().top]))"""


def log(page: Page) -> Locator:
    return page.locator("message-list")


def send_many(sender: Person, receiver: Person, first: int, last: int) -> None:
    for number in range(first, last + 1):
        sender.send(receiver, f"message {number}")


def lines(page: Page) -> list[int]:
    found: list[int] = log(page).evaluate(LINES)
    return found


def positions(page: Page) -> dict[str, float]:
    """How far from the top of the window each message is, by its number."""
    found: dict[str, float] = log(page).evaluate(POSITIONS)
    return found


def assert_no_gaps(found: list[int]) -> None:
    """Each message comes after the one before it, but where a line says that some are left out."""
    for before, after in pairwise(found):
        assert 0 in (before, after) or after == before + 1, found
    numbers = [number for number in found if number]
    assert numbers == sorted(set(numbers))


def load_all_older(page: Page) -> None:
    for _ in range(30):
        if page.locator(".older").count() == 0:
            return
        with page.expect_response(OLDER):
            log(page).evaluate(TO_TOP)
        expect_idle(page)
    pytest.fail("there is no end to the older pages")


def expect_idle(page: Page) -> None:
    """Nothing is being fetched."""
    expect(page.locator("message-list[aria-busy]")).to_have_count(0)
