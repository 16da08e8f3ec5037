"""Whatever happens to the server or the network: afterwards all is there, in order, once."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.chat import (
    RETURN,
    SEND,
    banner,
    error_response,
    expect_preview,
    expect_states,
    expect_texts,
    open_pair,
    row,
    send,
    state,
    stored,
    wait_for_held_request,
)
from tests.browser.people import Person, PersonFor
from tests.browser.site import Site

SOCKET = "**/ws/chat/**"


def expect_settled(reader: Person, count: int) -> None:
    """Back, with nothing waiting any more."""
    page = reader.page
    expect(page.locator(".message")).to_have_count(count, timeout=RETURN)
    expect(page.locator('[data-state="pending"]')).to_have_count(0, timeout=RETURN)
    expect(banner(page)).to_have_count(0, timeout=RETURN)
    expect(state(page, "online")).to_be_visible(timeout=RETURN)


def test_a_killed_server_loses_and_doubles_nothing(live_site: Site, person: PersonFor) -> None:
    ada, bo = open_pair(person)
    cy = person("Cy Weber", None)
    send(ada.page, "before")
    expect_texts(bo.page, ["before"])

    live_site.kill()
    for page in (ada.page, bo.page):
        expect(banner(page)).to_be_visible()
        expect(state(page, "waiting")).to_be_visible()
    send(ada.page, "Ada 1", "Ada 2")
    send(bo.page, "Bo 1", "Bo 2")
    live_site.start()
    cy.send(ada, "from Cy")
    bo.send(ada, "Bo 3")

    for reader in (ada, bo):
        expect_settled(reader, 6)
    kept = stored(ada, bo)
    assert [text for text in kept if "Ada" in text] == ["Ada 1", "Ada 2"]
    assert sorted(text for text in kept if "Bo" in text) == ["Bo 1", "Bo 2", "Bo 3"]
    for reader in (ada, bo):
        expect_texts(reader.page, kept)
    expect_preview(ada.page, cy, "from Cy")
    expect(row(ada.page, cy).locator(".badge")).to_contain_text("1")


def test_what_was_said_and_deleted_while_one_was_offline_is_caught_up(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    said = bo.send(ada, "a slip")
    send(ada.page, "before")
    expect_states(ada.page, "-r")

    ada.context.set_offline(True)
    expect(banner(ada.page)).to_be_visible()
    bo.send(ada, "meanwhile")
    bo.context.request.delete(f"/api/messages/{said['_id']}")
    expect(state(bo.page, "offline")).to_be_visible()
    ada.context.set_offline(False)

    expect_texts(ada.page, ["", "before", "meanwhile"], timeout=RETURN)
    expect(ada.page.locator(".message").first).to_contain_text("Message deleted")
    expect_settled(ada, 3)
    expect(state(bo.page, "online")).to_be_visible(timeout=RETURN)


def test_without_a_socket_the_page_asks_by_itself(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.page.route_web_socket(SOCKET, lambda socket: socket.close())
    ada.page.goto(f"/chat/{bo.id}")
    bo.page.goto(f"/chat/{ada.id}")

    send(bo.page, "Do you hear me?")
    expect_texts(ada.page, ["Do you hear me?"], timeout=RETURN)
    expect_states(bo.page, "r", timeout=RETURN)
    send(ada.page, "Yes")
    expect_texts(bo.page, ["Do you hear me?", "Yes"])
    send(bo.page, "Good")

    expect_texts(ada.page, ["Do you hear me?", "Yes", "Good"], timeout=RETURN)
    expect_states(ada.page, "-r-", timeout=RETURN)
    expect(banner(ada.page)).to_have_count(0)


def test_a_message_that_was_lost_on_its_way_is_fetched(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    lost: list[str] = []

    def lose_one(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if json.loads(frame)["event"] == "newMessage" and not lost:
                lost.append(str(frame))
            else:
                socket.send(frame)

        server.on_message(pass_on)

    bo.send(ada, "one")
    ada.page.route_web_socket(SOCKET, lose_one)
    ada.page.goto(f"/chat/{bo.id}")
    bo.page.goto(f"/chat/{ada.id}")
    expect(state(bo.page, "online")).to_be_visible()

    send(bo.page, "two", "three")

    expect_texts(ada.page, ["one", "two", "three"])
    assert len(lost) == 1


def is_second(message: dict[str, object]) -> bool:
    return message.get("seq") == 2


def lose_second_frame(socket: WebSocketRoute) -> None:
    server = socket.connect_to_server()

    def pass_on(frame: str | bytes) -> None:
        data = json.loads(frame)["data"]
        if not (isinstance(data, dict) and is_second(data)):
            socket.send(frame)

    server.on_message(pass_on)


def lose_second_change(route: Route) -> None:
    changes = route.fetch().json()
    changes["messages"] = [each for each in changes["messages"] if not is_second(each)]
    route.fulfill(json=changes)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_neither_socket_nor_sync_brought_is_fetched_once(
    person: PersonFor, is_deleted: bool
) -> None:
    """`seq` shows what is missing; only the server can say that it is not to be had."""
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    page = ada.page
    asked: list[str] = []

    def refuse_once(route: Route) -> None:
        asked.append(route.request.url.partition("/messages/")[2])
        route.fulfill(**error_response(503)) if len(asked) == 1 else route.continue_()

    bo.send(ada, "one")
    page.route_web_socket(SOCKET, lose_second_frame)
    page.route("**/api/messages/sync*", lose_second_change)
    page.route(f"**/api/messages/{bo.id}?*", refuse_once)
    page.goto(f"/chat/{bo.id}")
    expect(state(page, "offline")).to_be_visible()
    lost = bo.send(ada, "two")
    if is_deleted:
        bo.context.request.delete(f"/api/messages/{lost['_id']}")
    bo.send(ada, "three")

    expect_texts(page, ["one", "three"])
    while len(asked) < 2:
        page.wait_for_timeout(100)
    expect_texts(page, ["one", "three"] if is_deleted else ["one", "two", "three"])
    bo.send(ada, "four")
    expect(page.locator(".message").last).to_contain_text("four")
    page.wait_for_timeout(3000)  # longer than it waits for what is only late
    assert asked == [f"{bo.id}?before=3&limit=1"] * 2


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_link_that_fell_silent_is_noticed_by_the_first_send(
    person: PersonFor, is_dead: bool
) -> None:
    """Half-open: nothing says that it broke. A slow answer alone says nothing yet."""
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    page, held = ada.page, list[Route]()

    def swallow(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def unless_silent(end: WebSocketRoute) -> Callable[[str | bytes], None]:
            return lambda frame: None if is_dead and held else end.send(frame)

        socket.on_message(unless_silent(server))
        server.on_message(unless_silent(socket))

    page.clock.install()
    page.route_web_socket(SOCKET, swallow)
    page.route(SEND, lambda route: held.append(route))
    page.goto(f"/chat/{bo.id}")
    expect(state(page, "offline")).to_be_visible()  # as Bo is: the page is live
    with page.expect_request(SEND):
        send(page, "Hello?")
    wait_for_held_request(page, held)
    for _ in range(10):
        page.clock.run_for(1000)
        if banner(page).count():
            break  # before another link is opened, which would take it away

    if is_dead:
        expect(banner(page)).to_be_visible()
        expect(state(page, "waiting")).to_be_visible()
    else:
        expect(banner(page)).to_have_count(0)
        held[0].continue_()
        expect_states(page, "s")


def test_a_browser_without_channels_between_tabs_loses_nothing(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("Bo Okonkwo", None)
    ada.context.add_init_script("delete globalThis.BroadcastChannel")
    bo.page.goto(f"/chat/{ada.id}")
    first, second = ada.page, ada.open_page(f"/chat/{bo.id}")
    first.goto(f"/chat/{bo.id}")

    send(first, "one")
    expect_texts(second, ["one"])
    send(second, "two")

    for page in (first, second):
        expect_texts(page, ["one", "two"])
        expect_states(page, "rr")
    expect_texts(bo.page, ["one", "two"])


def test_a_server_that_stops_in_order_is_found_again(live_site: Site, person: PersonFor) -> None:
    ada, bo = open_pair(person)
    live_site.stop()
    send(ada.page, "Still there?")
    expect_states(ada.page, "p")
    live_site.start()

    expect_settled(ada, 1)
    expect_settled(bo, 1)
    expect_texts(bo.page, ["Still there?"])
