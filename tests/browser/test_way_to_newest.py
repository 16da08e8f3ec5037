"""From far up in a long conversation to its newest messages, and what may come between."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.chat import message, row, state, wait_for_held
from tests.browser.long_conversations import (
    OLDER,
    TO_TOP,
    assert_whole,
    expect_rest,
    lines,
    log,
    places,
    say_many,
    to_the_first,
)
from tests.browser.people import Person, sign_up
from tests.browser.site import Site

TALK = tuple[Person, Person]
LAST = 520
NEWEST = 50
# What an earlier change of place still has to tell comes while one is on the way already.
NUDGE_AND_GO = """log => {
  log.scrollTop -= 3;
  document.querySelector(".scroll-to-latest").click();
}"""
LEAVE = "log => log.closest('.conversation').remove()"
CUT_SHORT = "log => { log.scrollTop += 0.5; }"
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
def talk(live_site: Site, browser: Browser) -> Iterator[TALK]:
    """Two people and what they said, which is more than one page keeps."""
    ada, bo = (sign_up(browser, live_site.url, name) for name in ("Ada Lindqvist", "Bo Okonkwo"))
    say_many(bo, ada, 1, LAST)
    yield ada, bo
    problems = ada.problems + bo.problems
    ada.context.close()
    bo.context.close()
    assert not problems, f"the browser complained: {problems}"


@pytest.fixture
def page(talk: TALK) -> Iterator[Page]:
    """At the first message, with a gap between what is seen and the newest messages."""
    ada, bo = talk
    page = ada.open_page(f"/chat/{bo.id}")
    expect(state(page, "offline")).to_be_visible()
    to_the_first(page)
    log(page).evaluate(TO_TOP)
    expect(message(page, "message 1")).to_be_in_viewport()
    assert lines(page).count(0) == 1
    yield page
    page.close()


def go_and(page: Page, do: str) -> None:
    """Sets out for the newest messages, and does something to the list on the way."""
    log(page).evaluate(f"""log => {{
      log.addEventListener("scroll", () => ({do})(log), {{ once: true }});
      document.querySelector(".scroll-to-latest").click();
    }}""")


def newest(page: Page) -> int:
    return lines(page)[-1]


def expect_newest(page: Page) -> None:
    """One is there, and nothing is left out on the way to what is older."""
    expect(message(page, f"message {newest(page)}")).to_be_in_viewport()
    expect(page.locator(".scroll-to-latest")).to_be_hidden()
    expect(page.locator(".skipped")).to_have_count(0)
    expect(log(page)).to_have_js_property("scrollTop", 0)
    assert_whole(lines(page))


def test_a_page_that_comes_on_the_way_does_not_end_it(page: Page) -> None:
    held: list[Route] = []
    page.route(OLDER, lambda route: held.append(route))
    # Down to the gap, so that what it stands for is asked for.
    page.locator(".skipped").scroll_into_view_if_needed()
    wait_for_held(page, held)

    log(page).evaluate(NUDGE_AND_GO)
    held.pop().continue_()

    expect_newest(page)
    expect_rest(page)
    assert not held


def test_the_way_goes_on_whatever_cuts_it_short(page: Page) -> None:
    go_and(page, CUT_SHORT)

    expect_newest(page)


@pytest.mark.parametrize("turn", [TURN_WHEEL, PRESS_KEY, TOUCH, FOCUS])
def test_who_turns_away_is_let_go(page: Page, turn: str) -> None:
    go_and(page, turn)
    page.evaluate(REST)

    assert log(page).evaluate("log => log.scrollTop") < -5000
    expect(page.get_by_role("button", name="Newest messages")).to_be_visible()
    assert_whole(lines(page))


def test_the_wheel_turns_over_the_button_too(page: Page) -> None:
    button = page.locator(".scroll-to-latest")
    button.hover()
    before = log(page).evaluate("log => log.scrollTop")

    page.mouse.wheel(0, 200)

    expect(log(page)).to_have_js_property("scrollTop", before + 200)
    expect(button).to_be_visible()


def test_nothing_moves_where_people_want_it_still(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")

    place = log(page).evaluate(
        "log => { document.querySelector('.scroll-to-latest').click(); return log.scrollTop; }"
    )

    assert place == 0
    expect_newest(page)


def test_the_button_hands_the_focus_to_the_messages(page: Page) -> None:
    page.locator(".scroll-to-latest").focus()
    page.keyboard.press("Enter")

    expect_newest(page)
    expect(log(page)).to_be_focused()


def test_who_goes_elsewhere_on_the_way_has_read_nothing(talk: TALK, page: Page) -> None:
    ada, bo = talk
    last = newest(page)
    bo.say(ada, f"message {last + 1}")
    expect(row(page, bo).locator(".badge")).to_contain_text("1")

    go_and(page, LEAVE)
    page.evaluate(REST)

    [chat] = ada.get("/api/messages/chats")
    assert chat["unreadCount"] == 1


def test_what_is_said_on_the_way_is_where_it_leads(talk: TALK, page: Page) -> None:
    ada, bo = talk
    number = newest(page) + 1

    page.locator(".scroll-to-latest").click()
    bo.say(ada, f"message {number}")

    expect(message(page, f"message {number}")).to_be_in_viewport()
    expect_newest(page)
    assert newest(page) == number


def test_who_comes_to_a_gap_from_below_gets_what_lies_next_to_it(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if is_older(request) else None)
    first = newest(page) - NEWEST + 1
    log(page).evaluate("log => { log.scrollTop = -1200; }")
    before = places(page)

    expect(message(page, f"message {first - 1}")).to_be_attached()
    expect_rest(page)

    assert len(asked) == 1
    assert f"before={first}&" in asked[0]
    assert places(page)[str(first + 5)] == pytest.approx(before[str(first + 5)], abs=2)
    assert_whole(lines(page))


def is_older(request: Request) -> bool:
    return bool(OLDER.search(request.url))


def test_nobody_walks_past_what_is_left_out(page: Page) -> None:
    held: list[Route] = []
    page.route(OLDER, lambda route: held.append(route))
    found = lines(page)
    edge = found[found.index(0) - 1]
    item = message(page, f"message {edge}")
    item.focus()

    page.keyboard.press("ArrowDown")
    expect(item).to_be_focused()
    wait_for_held(page, held)
    held.pop().continue_()
    expect(message(page, f"message {edge + 1}")).to_be_attached()
    page.keyboard.press("ArrowDown")

    expect(message(page, f"message {edge + 1}")).to_be_focused()
    page.keyboard.press("End")
    expect(message(page, f"message {newest(page)}")).to_be_focused()
    expect_newest(page)
    page.unroute_all(behavior="ignoreErrors")


def test_history_is_not_read_out_as_news(page: Page) -> None:
    expect(page.locator(".skipped")).to_have_attribute("aria-live", "off")
    expect_rest(page)
    log(page).evaluate(WATCH_BUSY)

    with page.expect_response(OLDER):
        page.locator(".skipped").scroll_into_view_if_needed()

    expect(page.locator("html")).to_have_attribute("data-busy", "true,true")
    expect_rest(page)
