"""What an hour of a conversation, compressed into some minutes, leaves in the page."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import APIRequestContext, Browser, Page

from benchmarks.load.figures import Figures
from benchmarks.pages.browser import Meter, signed_in
from benchmarks.pages.site import Person, Site

HOUR = 3600  # messages: one a second
LOOKS = 12  # times in between at which the page is weighed
OWN_EVERY = 10  # one in so many is the reader's own, written in the page
PATIENCE = 60  # seconds for what was sent to be shown
NEWEST = """() => Math.max(
  ...[...document.querySelectorAll("message-list .message")].map(({ dataset }) => dataset.seq))"""
LINES = """() => document.querySelectorAll("message-list .message").length"""
# A socket of the peer, that sends what the API cannot: typing, and how far was read.
SOCKET = """(path) => new Promise((resolve) => {
  window.socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
  socket.onopen = () => resolve();
})"""
SEND_FRAME = "([event, data]) => socket.send(JSON.stringify({ event, data }))"


def hour(chromium: Browser, site: Site, messages: int = HOUR) -> Iterator[Figures]:
    """The page now and then: heap in KiB without garbage, nodes, listeners, messages shown."""
    with _page(chromium, site, site.reader, f"/chat/{site.peer.id}") as page:
        page.wait_for_load_state("networkidle")
        meter = Meter(page)
        with _page(chromium, site, site.peer, "/healthz") as other:
            other.evaluate(SOCKET, "/ws/chat/?presence=delta")
            yield _look(page, meter, 0)
            for look in range(1, LOOKS + 1):
                part = range(messages * (look - 1) // LOOKS, messages * look // LOOKS)
                _converse(page, other, site, part)
                yield _look(page, meter, part.stop)


@contextmanager
def _page(chromium: Browser, site: Site, person: Person, path: str) -> Iterator[Page]:
    context = signed_in(chromium, site.url, person)
    page = context.new_page()
    page.goto(path)
    yield page
    context.close()


def _converse(page: Page, other: Page, site: Site, numbers: range) -> None:
    for number in numbers:
        if number % OWN_EVERY == 0:
            page.locator("message-composer textarea").fill(f"My own, number {number}")
            page.locator("message-composer textarea").press("Enter")
        else:
            other.evaluate(SEND_FRAME, ["typing", {"receiverId": site.reader.id}])
            newest = _send(other.request, site, f"Of the other one, number {number}")
        if number % OWN_EVERY == 1:
            other.evaluate(
                SEND_FRAME, ["markRead", {"peerId": site.reader.id, "seq": newest["seq"]}]
            )
        if number % 100 == 50:
            _come_and_go(other)
    _wait_for(page, newest["seq"])


def _send(api: APIRequestContext, site: Site, text: str) -> dict[str, Any]:
    response = api.post(f"/api/messages/send/{site.reader.id}", data={"text": text})
    if response.status != 201:
        raise RuntimeError(f"A message is refused: {response.status} {response.text()}")
    message: dict[str, Any] = response.json()
    return message


def _come_and_go(other: Page) -> None:
    other.evaluate("socket.close()")
    other.evaluate(SOCKET, "/ws/chat/?presence=delta")


def _wait_for(page: Page, seq: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while page.evaluate(NEWEST) < seq:
        if time.monotonic() > deadline:
            raise TimeoutError(f"The page does not show message {seq}")
        page.wait_for_timeout(100)


def _look(page: Page, meter: Meter, sent: int) -> Figures:
    page.wait_for_timeout(1000)
    return {"said": sent, "shown": page.evaluate(LINES), **meter.sizes()}
