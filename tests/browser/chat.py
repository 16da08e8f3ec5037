"""The chat page, as people use it."""

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person, PersonFor

WARNS = """() => {
  const leaving = new Event("beforeunload", { cancelable: true });
  dispatchEvent(leaving);
  return leaving.defaultPrevented;
}"""
SEND = "**/api/messages/send/*"
SENT = re.compile("sent|delivered|read")  # the server has it, whoever else has it by now
UNREAD = re.compile("sent|delivered")
SOON = 15  # seconds, as for `expect`
RETURN = 40_000  # milliseconds until a page has certainly found the way back to its server


def open_pair(person: PersonFor, **options: Any) -> tuple[Person, Person]:
    """Ada and Bo, each with the conversation with the other one open, and live."""
    ada = person("Ada Lindqvist", None, **options)
    bo = person("Bo Okonkwo", f"/chat/{ada.id}", **options)
    ada.page.goto(f"/chat/{bo.id}")
    for page in (ada.page, bo.page):
        expect(state(page, "online")).to_be_visible()
    return ada, bo


def composer(page: Page) -> Locator:
    return page.locator("message-composer textarea")


def send(page: Page, *texts: str) -> None:
    for text in texts:
        composer(page).fill(text)
        composer(page).press("Control+Enter")  # on a touch keyboard, too
        expect(composer(page)).to_have_value("")


def messages(page: Page) -> Locator:
    return page.locator("message-list .message")


def touch(target: Locator, *, right: int = 0, down: int = 0, hold: Locator | None = None) -> None:
    """One finger: goes that far to the right and down, or stays until `hold` is there."""
    box = target.bounding_box()
    assert box
    session = target.page.context.new_cdp_session(target.page)
    x, y = box["x"] + (8 if right >= 0 else box["width"] - 8), box["y"] + box["height"] / 2

    def report(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": across, "y": along} for across, along in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    report("touchStart", (x, y))
    steps = max(abs(right), abs(down)) // 10
    for step in range(1, steps + 1):
        report("touchMove", (x + right * step / steps, y + down * step / steps))
    if hold:
        expect(hold).to_be_visible()
    report("touchEnd")
    session.detach()


def message(page: Page, text: str) -> Locator:
    return messages(page).filter(has=page.get_by_text(text, exact=True))


def menu(page: Page) -> Locator:
    """The menu of a message; a sheet on phones."""
    return page.get_by_role("dialog", name="Message actions")


def choose_action(item: Locator, action: str) -> None:
    """From the menu of a message, by mouse."""
    item.hover()
    item.get_by_role("button", name="More actions").click()
    item.page.get_by_role("menuitem", name=action, exact=True).click()


def expect_texts(page: Page, texts: Sequence[str], timeout: int | None = None) -> None:
    """These messages, in this order, and no others."""
    shown = messages(page).locator('[data-field="text"]')
    expect(shown).to_have_text(list(texts), timeout=timeout)


def expect_states(page: Page, states: str, timeout: int | None = None) -> None:
    """Of all messages, in order and by their first letters: "rsp" is read, sent but not
    read, pending. What is sent may be delivered by now.
    """
    names: dict[str, str | re.Pattern[str]] = {
        "p": "pending",
        "s": UNREAD,
        "r": "read",
        "f": "failed",
        "-": "",
    }
    for number, letter in enumerate(states):
        item = messages(page).nth(number)
        expect(item).to_have_attribute("data-state", names[letter], timeout=timeout)
    expect(messages(page)).to_have_count(len(states))


def wait_for_held_request(page: Page, held: Sequence[object]) -> None:
    """A request held by a route arrives here later than the page's event for it."""
    while not held:
        page.wait_for_timeout(20)


def expect_eventually(page: Page, read: Callable[[], object], expected: object) -> None:
    """For values that no locator has: polls until they are as expected."""
    deadline = time.monotonic() + SOON
    while (found := read()) != expected and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert found == expected


def unread_count(reader: Person, peer: Person) -> int:
    chats = {chat["_id"]: chat for chat in reader.get("/api/messages/chats")}
    return int(chats[peer.id]["unreadCount"])


def expect_read(reader: Person, peer: Person) -> None:
    """The server has their read receipt for all messages of the other one."""
    expect_eventually(reader.page, lambda: unread_count(reader, peer), 0)


def warns_on_leave(page: Page) -> bool:
    """Whether leaving the page asks for confirmation."""
    return bool(page.evaluate(WARNS))


def expect_outbox_saved(page: Page) -> None:
    """The outbox is in the browser's database: leaving the page loses nothing."""
    expect_eventually(page, lambda: warns_on_leave(page), False)


def keep_typing(page: Page) -> None:
    """Keeps the typing indicator on: a busy machine may not show it within its five seconds."""
    composer(page).evaluate(
        """field => {
            field.value = "Hm";
            setInterval(() => field.dispatchEvent(new Event("input", { bubbles: true })), 500);
        }"""
    )


def stored(reader: Person, peer: Person) -> list[str]:
    """The texts that the server has stored, in order."""
    return [each["text"] for each in reader.get(f"/api/messages/{peer.id}")]


def row(page: Page, peer: Person) -> Locator:
    return page.locator(f"#chats-{peer.id}")


def expect_preview(page: Page, peer: Person, text: str) -> None:
    """The visible text below the name."""
    preview = row(page, peer).locator(".row__preview")
    expect(preview).to_have_text(text, use_inner_text=True)


def state(page: Page, name: str) -> Locator:
    """The peer's state in the header: online, offline, typing, waiting."""
    return page.locator(f"conversation-header .state--{name}")


def banner(page: Page) -> Locator:
    return page.locator(".conversation .banner")


def toast(page: Page) -> Locator:
    return page.locator(".toast")


def error_response(status: int, text: str = "No.", **headers: str) -> dict[str, Any]:
    """The arguments of `route.fulfill` for an error of the API."""
    return {
        "status": status,
        "headers": headers,
        "content_type": "application/json",
        "body": json.dumps({"message": text}),
    }
