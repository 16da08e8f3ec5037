"""What one sends is there at once, whatever the network does with it, and never twice."""

import time

import pytest
from playwright.sync_api import Route, expect

from tests.browser.chat import (
    SEND,
    composer,
    error_response,
    expect_outbox_saved,
    expect_preview,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    send,
    stored,
    toast,
    wait_for_held_request,
)
from tests.browser.people import PersonFor

SUBMIT_AND_LOOK = """() => {
  document.querySelector(".composer__field").requestSubmit();
  return new Promise((resolve) => requestAnimationFrame(() => {
    const item = document.querySelector(".message");
    resolve([item?.querySelector("[data-field=text]").textContent, item?.dataset.state]);
  }));
}"""


def test_a_message_is_on_screen_in_the_same_frame(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    held: list[Route] = []
    ada.page.route(SEND, lambda route: held.append(route))
    composer(ada.page).fill("Quick as ink")

    with ada.page.expect_request(SEND):
        assert ada.page.evaluate(SUBMIT_AND_LOOK) == ["Quick as ink", "pending"]

    expect(composer(ada.page)).to_be_empty()
    expect(composer(ada.page)).to_be_focused()
    expect(message(ada.page, "Quick as ink").locator(".receipt--pending")).to_be_visible()
    assert stored(ada, bo) == []
    wait_for_held_request(ada.page, held)
    held[0].continue_()
    expect_states(ada.page, "r")
    expect_texts(bo.page, ["Quick as ink"])


def test_a_slow_server_keeps_the_order(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    held: list[Route] = []
    ada.page.route(SEND, lambda route: held.append(route), times=1)

    with ada.page.expect_request(SEND):
        send(ada.page, "one")
    send(ada.page, "two", "three")
    bo.send(ada, "meanwhile")
    expect_texts(ada.page, ["meanwhile", "one", "two", "three"])
    expect_states(ada.page, "-ppp")
    wait_for_held_request(ada.page, held)
    held[0].continue_()

    expect_states(ada.page, "-rrr")
    for page in (ada.page, bo.page):
        expect_texts(page, ["meanwhile", "one", "two", "three"])
    assert stored(ada, bo) == ["meanwhile", "one", "two", "three"]


def test_a_failing_server_is_asked_again_until_it_answers(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(500)), times=2)

    send(ada.page, "one", "two")
    expect_texts(ada.page, ["one", "two"])

    expect_states(ada.page, "rr")
    expect_texts(bo.page, ["one", "two"])
    assert stored(ada, bo) == ["one", "two"]
    expect(toast(ada.page)).to_have_count(0)


def test_an_answer_that_was_lost_makes_nothing_twice(person: PersonFor) -> None:
    ada, bo = open_pair(person)

    def lose_the_answer(route: Route) -> None:
        assert route.fetch().status == 201
        route.abort()

    ada.page.route(SEND, lose_the_answer, times=1)
    send(ada.page, "only once")
    expect_texts(bo.page, ["only once"])

    send(ada.page, "then this")
    expect_states(ada.page, "rr")
    for page in (ada.page, bo.page):
        expect_texts(page, ["only once", "then this"])
    assert stored(ada, bo) == ["only once", "then this"]


def test_a_refused_message_keeps_its_text_and_is_sent_again_by_hand(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    bo.send(ada, "So that there is a row")
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(400, "Not today.")), times=1)

    send(ada.page, "Please")
    failed = message(ada.page, "Please")
    expect(failed).to_have_attribute("data-state", "failed")
    expect(failed.get_by_text("Not sent")).to_be_visible()
    expect(toast(ada.page)).to_contain_text("Your message was not sent. Not today.")
    expect_preview(ada.page, bo, "Not sent: Please")
    send(ada.page, "What follows waits for it")
    expect_states(ada.page, "-fp")
    expect_outbox_saved(ada.page)

    ada.page.reload()
    expect_texts(ada.page, ["So that there is a row", "Please", "What follows waits for it"])
    failed.get_by_role("button", name="Retry").click()
    expect_states(ada.page, "-rr")
    expect_preview(ada.page, bo, "You: What follows waits for it")
    assert stored(bo, ada)[1:] == ["Please", "What follows waits for it"]


def test_a_refused_message_is_discarded(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(413, "Too much.")), times=1)

    send(ada.page, "Never mind", "But this")
    message(ada.page, "Never mind").get_by_role("button", name="Discard").click()
    expect_states(ada.page, "r")
    assert stored(ada, bo) == ["But this"]


def test_nothing_is_left_of_the_only_message_that_is_discarded(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(413, "Too much.")), times=1)

    send(ada.page, "Never mind")
    message(ada.page, "Never mind").get_by_role("button", name="Discard").click()

    expect(messages(ada.page)).to_have_count(0)
    expect(ada.page.get_by_text("Say hello to Bo")).to_be_visible()
    expect(toast(ada.page)).to_have_count(0)
    ada.page.reload()
    expect(ada.page.get_by_text("Say hello to Bo")).to_be_visible()
    assert stored(ada, bo) == []


def test_a_pause_that_the_server_asks_for_is_kept(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    moments: list[float] = []

    def refuse_once(route: Route) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            route.fulfill(**error_response(429, "Too many requests.", **{"Retry-After": "3"}))
        else:
            route.continue_()

    ada.page.route(SEND, refuse_once)
    send(ada.page, "one", "two")

    expect_states(ada.page, "rr")
    assert moments[1] - moments[0] > 2.9
    assert stored(ada, bo) == ["one", "two"]
    expect(toast(ada.page)).to_have_count(0)


@pytest.mark.parametrize(("text", "is_sent"), [("x" * 10_000, True), ("x" * 10_001, False)])
def test_a_text_that_is_too_long_stays_with_its_writer(
    person: PersonFor, text: str, is_sent: bool
) -> None:
    ada, bo = open_pair(person)

    composer(ada.page).fill(text)
    composer(ada.page).press("Enter")

    if is_sent:
        expect_states(ada.page, "r")
    else:
        expect(toast(ada.page)).to_contain_text("That message is too long.")
        expect(composer(ada.page)).to_have_value(text)
        toast(ada.page).get_by_role("button", name="Close").click()
        expect(toast(ada.page)).to_have_count(0)
    assert stored(ada, bo) == ([text] if is_sent else [])


def test_nothing_is_sent_of_white_space_alone(person: PersonFor) -> None:
    ada, bo = open_pair(person)

    composer(ada.page).fill(" \n ")
    composer(ada.page).press("Enter")
    send(ada.page, "Words")

    expect_texts(bo.page, ["Words"])
    assert stored(ada, bo) == ["Words"]
