"""From far up in a long conversation to its newest messages, and what may interrupt that."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.chat import message, row, state, wait_for_held_request
from tests.browser.long_conversations import (
    OLDER,
    TO_TOP,
    assert_no_gaps,
    expect_idle,
    lines,
    load_all_older,
    log,
    positions,
    send_many,
)
from tests.browser.people import Person, sign_up
from tests.browser.site import Site

PAIR = tuple[Person, Person]
LAST = 520
NEWEST = 50
# The scroll event of an earlier change arrives while it is under way.
NUDGE_AND_SCROLL = """log => {
  log.scrollTop -= 3;
  document.querySelector(".scroll-to-latest").click();
}"""
LEAVE = "log => log.closest('.conversation').remove()"
NUDGE = "log => { log.scrollTop += 0.5; }"
TURN_WHEEL = 'log => log.dispatchEvent(new WheelEvent("wheel", { deltaY: -100 }))'
PRESS_KEY = 'log => log.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp" }))'
TOUCH = 'log => log.dispatchEvent(new PointerEvent("pointerdown"))'
FOCUS = "log => log.querySelector('.message').focus({ preventScroll: true })"
# Its timer rings after those of the page that rest as long and were set before.
REST = "new Promise((done) => setTimeout(done, 500))"
WATCH_BUSY = """log => {
  const found = [];
  const note = () => {
    found.push(log.getAttribute("aria-busy"));
    document.documentElement.dataset.busy = found.slice(0, 2).join();
  };
  new MutationObserver(() => {
    note();
    requestAnimationFrame(note);
  }).observe(log.querySelector("ol"), { childList: true });
}"""


@pytest.fixture(scope="module")
def pair(live_site: Site, browser: Browser) -> Iterator[PAIR]:
    """Two people with more messages than a page keeps."""
    ada, bo = (sign_up(browser, live_site.url, name) for name in ("Ada Lindqvist", "Bo Okonkwo"))
    send_many(bo, ada, 1, LAST)
    yield ada, bo
    problems = ada.problems + bo.problems
    ada.context.close()
    bo.context.close()
    assert not problems, f"the browser complained: {problems}"


@pytest.fixture
def page(pair: PAIR) -> Iterator[Page]:
    """At the first message, with a gap between what is seen and the newest messages."""
    ada, bo = pair
    page = ada.open_page(f"/chat/{bo.id}")
    expect(state(page, "offline")).to_be_visible()
    load_all_older(page)
    log(page).evaluate(TO_TOP)
    expect(message(page, "message 1")).to_be_in_viewport()
    assert lines(page).count(0) == 1
    yield page
    page.close()


def scroll_and(page: Page, do: str) -> None:
    """Starts scrolling to the latest, and does something to the list meanwhile."""
    log(page).evaluate(f"""log => {{
      log.addEventListener("scroll", () => ({do})(log), {{ once: true }});
      document.querySelector(".scroll-to-latest").click();
    }}""")


def newest(page: Page) -> int:
    return lines(page)[-1]


def expect_newest(page: Page) -> None:
    """The newest message is in view, without a gap above it."""
    expect(message(page, f"message {newest(page)}")).to_be_in_viewport()
    expect(page.locator(".scroll-to-latest")).to_be_hidden()
    expect(page.locator(".skipped")).to_have_count(0)
    expect(log(page)).to_have_js_property("scrollTop", 0)
    assert_no_gaps(lines(page))


def test_loading_a_page_does_not_interrupt_it(page: Page) -> None:
    held: list[Route] = []
    page.route(OLDER, lambda route: held.append(route))
    # Down to the gap, so that its messages are requested.
    page.locator(".skipped").scroll_into_view_if_needed()
    wait_for_held_request(page, held)

    log(page).evaluate(NUDGE_AND_SCROLL)
    held.pop().continue_()

    expect_newest(page)
    expect_idle(page)
    assert not held


def test_it_reaches_the_end_if_something_else_scrolls(page: Page) -> None:
    scroll_and(page, NUDGE)

    expect_newest(page)


@pytest.mark.parametrize("interruption", [TURN_WHEEL, PRESS_KEY, TOUCH, FOCUS])
def test_the_reader_can_interrupt_it(page: Page, interruption: str) -> None:
    scroll_and(page, interruption)
    page.evaluate(REST)

    assert log(page).evaluate("log => log.scrollTop") < -5000
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    assert_no_gaps(lines(page))


def test_the_wheel_works_over_the_button(page: Page) -> None:
    button = page.locator(".scroll-to-latest")
    button.hover()
    before = log(page).evaluate("log => log.scrollTop")

    page.mouse.wheel(0, 200)

    expect(log(page)).to_have_js_property("scrollTop", before + 200)
    expect(button).to_be_visible()


def test_reduced_motion_jumps_there(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")

    top = log(page).evaluate(
        "log => { document.querySelector('.scroll-to-latest').click(); return log.scrollTop; }"
    )

    assert top == 0
    expect_newest(page)


def test_the_button_moves_the_focus_to_the_messages(page: Page) -> None:
    page.locator(".scroll-to-latest").focus()
    page.keyboard.press("Enter")

    expect_newest(page)
    expect(log(page)).to_be_focused()


def test_leaving_meanwhile_marks_nothing_as_read(pair: PAIR, page: Page) -> None:
    ada, bo = pair
    last = newest(page)
    bo.send(ada, f"message {last + 1}")
    expect(row(page, bo).locator(".badge")).to_contain_text("1")

    scroll_and(page, LEAVE)
    page.evaluate(REST)

    [chat] = ada.get("/api/messages/chats")
    assert chat["unreadCount"] == 1


def test_it_ends_at_messages_that_arrive_meanwhile(pair: PAIR, page: Page) -> None:
    ada, bo = pair
    number = newest(page) + 1

    page.locator(".scroll-to-latest").click()
    bo.send(ada, f"message {number}")

    expect(message(page, f"message {number}")).to_be_in_viewport()
    expect_newest(page)
    assert newest(page) == number


def test_a_gap_reached_from_below_loads_its_lower_end(page: Page) -> None:
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url) if is_older(request) else None)
    first = newest(page) - NEWEST + 1
    log(page).evaluate("log => { log.scrollTop = -1200; }")
    before = positions(page)

    expect(message(page, f"message {first - 1}")).to_be_attached()
    expect_idle(page)

    assert len(urls) == 1
    assert f"before={first}&" in urls[0]
    assert positions(page)[str(first + 5)] == pytest.approx(before[str(first + 5)], abs=2)
    assert_no_gaps(lines(page))


def is_older(request: Request) -> bool:
    return bool(OLDER.search(request.url))


def test_arrow_keys_do_not_cross_a_gap(page: Page) -> None:
    held: list[Route] = []
    page.route(OLDER, lambda route: held.append(route))
    found = lines(page)
    edge = found[found.index(0) - 1]
    item = message(page, f"message {edge}")
    item.focus()

    page.keyboard.press("ArrowDown")
    expect(item).to_be_focused()
    wait_for_held_request(page, held)
    held.pop().continue_()
    expect(message(page, f"message {edge + 1}")).to_be_attached()
    page.keyboard.press("ArrowDown")

    expect(message(page, f"message {edge + 1}")).to_be_focused()
    page.keyboard.press("End")
    expect(message(page, f"message {newest(page)}")).to_be_focused()
    expect_newest(page)
    page.unroute_all(behavior="ignoreErrors")


def test_loaded_history_is_not_announced(page: Page) -> None:
    expect(page.locator(".skipped")).to_have_attribute("aria-live", "off")
    expect_idle(page)
    log(page).evaluate(WATCH_BUSY)

    with page.expect_response(OLDER):
        page.locator(".skipped").scroll_into_view_if_needed()

    expect(page.locator("html")).to_have_attribute("data-busy", "true,true")
    expect_idle(page)
