"""What goes wrong with the outbox's surroundings: clock, database, server, network."""

import json
import re

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.chat import (
    RETURN,
    SEND,
    banner,
    error_response,
    expect_outbox_saved,
    expect_states,
    expect_texts,
    message,
    open_pair,
    row,
    send,
    state,
    stored,
    toast,
    warns_on_leave,
)
from tests.browser.people import PersonFor

CLOCK_BACK = """() => {
  const now = Date.now;
  Date.now = () => now() - 3_600_000;
}"""
# The database opens only once the test says so.
SLOW_DATABASE = """() => {
  const open = IDBFactory.prototype.open;
  const gate = new Promise((resolve) => { window.letOpen = resolve; });
  IDBFactory.prototype.open = function (...names) {
    const late = {};
    gate.then(() => {
      const request = open.apply(this, names);
      const pass = (name) => (event) => { late.result = request.result; late[name](event); };
      for (const name of ["onupgradeneeded", "onsuccess"]) request[name] = pass(name);
    });
    return late;
  };
}"""
# Longer than the first waits between two tries.
SEVERAL_TRIES = 4000


def test_a_clock_that_is_set_back_holds_nothing_up(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.fulfill(**error_response(500)), times=1)

    with ada.page.expect_response(SEND):
        send(ada.page, "An hour ago")
    ada.page.evaluate(CLOCK_BACK)

    expect_states(ada.page, "r")
    assert stored(bo, ada) == ["An hour ago"]


def test_a_database_that_opens_late_keeps_what_was_written_before(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    page = ada.page
    page.add_init_script(f"({SLOW_DATABASE})()")
    page.route(SEND, lambda route: route.abort())
    page.goto(f"/chat/{bo.id}")

    with page.expect_request(SEND):
        send(page, "one", "two")
    expect_texts(page, ["one", "two"])
    assert warns_on_leave(page)
    page.evaluate("letOpen()")
    expect_outbox_saved(page)
    send(page, "three")
    expect_outbox_saved(page)

    other = ada.open_page(f"/chat/{bo.id}")
    expect_texts(other, ["one", "two", "three"])
    page.close()
    expect_states(other, "sss", timeout=RETURN)
    assert stored(bo, ada) == ["one", "two", "three"]


def test_what_is_kept_lets_one_leave_without_a_question(person: PersonFor) -> None:
    ada, _bo = open_pair(person)
    ada.page.route(SEND, lambda route: route.abort())

    with ada.page.expect_request(SEND):
        send(ada.page, "Kept")

    expect_outbox_saved(ada.page)


def wake(page: Page) -> None:
    """Ends the waits between two tries."""
    page.evaluate("dispatchEvent(new Event('online'))")


def test_a_busy_server_condemns_no_message(person: PersonFor) -> None:
    """However often it says so, and by whatever code: what was written goes out in order."""
    ada, bo = open_pair(person)
    refusals: list[int] = [503, 502, 504, 507, 429, 408, 503, 0, 503, 502, 504, 503]
    tried: list[str] = []

    def refuse(route: Route) -> None:
        tried.append(json.loads(route.request.post_data or "")["text"])
        status = refusals[len(tried) - 1]
        route.fulfill(**error_response(status)) if status else route.abort()

    ada.page.route(SEND, refuse, times=len(refusals))
    send(ada.page, "one", "two")
    while len(tried) < len(refusals):
        wake(ada.page)
        ada.page.wait_for_timeout(50)

    expect_states(ada.page, "rr", timeout=RETURN)
    assert tried == ["one"] * len(refusals)
    assert stored(bo, ada) == ["one", "two"]


def test_a_pause_for_one_conversation_is_kept_and_holds_up_no_other(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    cy.send(ada, "Me, too")
    tries: list[Request] = []

    def ask_for_an_hour(route: Route) -> None:
        tries.append(route.request)
        route.fulfill(**error_response(503, **{"Retry-After": "3600"}))

    ada.page.route(f"**/api/messages/send/{bo.id}", ask_for_an_hour)
    with ada.page.expect_response(SEND):
        send(ada.page, "For Bo")
    wake(ada.page)
    row(ada.page, cy).click()
    expect_texts(ada.page, ["Me, too"])
    send(ada.page, "For Cy")
    expect_states(ada.page, "-s")
    assert stored(cy, ada) == ["Me, too", "For Cy"]
    assert len(tries) == 1


def test_what_follows_a_message_that_breaks_the_server_waits_for_a_decision(
    person: PersonFor,
) -> None:
    ada, bo = open_pair(person)
    tries: list[Request] = []

    def break_down(route: Route) -> None:
        if "poison" in (route.request.post_data or ""):
            tries.append(route.request)
            route.fulfill(**error_response(500, "Something went wrong."))
        else:
            route.continue_()

    ada.page.route(SEND, break_down)
    send(ada.page, "poison", "after it")
    while len(tries) < 5:
        wake(ada.page)
        ada.page.wait_for_timeout(50)

    expect(message(ada.page, "poison")).to_have_attribute("data-state", "failed")
    assert len(tries) == 5
    send(ada.page, "and this")
    expect(toast(ada.page).last).to_contain_text("Retry or discard that one first.")
    expect_states(ada.page, "fpp")
    expect_outbox_saved(ada.page)
    ada.page.reload()
    expect_states(ada.page, "fpp")
    assert stored(bo, ada) == []
    ada.page.unroute(SEND)
    message(ada.page, "poison").get_by_role("button", name="Retry").click()
    expect_states(ada.page, "rrr")
    assert stored(bo, ada) == ["poison", "after it", "and this"]


def test_a_proxy_without_its_server_is_waited_for(person: PersonFor) -> None:
    """Answers of a server that is away say nothing about the message."""
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    tries: list[Request] = []

    def is_away(route: Route) -> None:
        tries.append(route.request)
        route.fulfill(**error_response(502))

    ada.page.route_web_socket("**/ws/chat/**", lambda socket: socket.close())
    for path in (SEND, "**/api/auth/check", "**/api/messages/sync*"):
        ada.page.route(path, is_away)
    ada.page.goto(f"/chat/{bo.id}")
    expect(banner(ada.page)).to_be_visible()

    for number in range(6):
        with ada.page.expect_response(SEND, timeout=RETURN):
            send(ada.page, f"message {number}")
    expect_states(ada.page, "pppppp")
    assert len(tries) > 5


def test_nothing_is_asked_of_a_network_that_is_away(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    asked: list[str] = []
    ada.context.set_offline(True)
    expect(banner(ada.page)).to_be_visible()
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.page.on("websocket", lambda socket: asked.append(socket.url))

    send(ada.page, "Later")
    ada.page.wait_for_timeout(SEVERAL_TRIES)
    assert [url for url in asked if re.search("/api/|/ws/", url)] == []
    ada.context.set_offline(False)

    expect_states(ada.page, "r")
    expect(state(ada.page, "online")).to_be_visible()
    assert stored(bo, ada) == ["Later"]
