"""socket.io-client from npm, unchanged, against the site as it is deployed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.environment import unlimited
from tests.messaging.realtime.frames import check_from_server
from tests.messaging.socketio.node import NodeClient, node_client
from tests.messaging.socketio.people import Person, sign_up
from tests.pictures import data_uri, picture
from tests.production import Server
from tests.services import PATIENCE

WAYS: list[dict[str, Any]] = [{}, {"transports": ["polling"]}, {"transports": ["websocket"]}]
way = pytest.mark.parametrize("options", WAYS, ids=["upgrade", "polling", "websocket"])


@asynccontextmanager
async def at_home(person: Person, **options: Any) -> AsyncIterator[NodeClient]:
    """Connected, and told who is online."""
    async with node_client(person.url, person.token, **options) as client:
        upgrade = [] if "transports" in options else ["upgrade"]
        seen = await client.all_of("connect", "getOnlineUsers", *upgrade)
        assert person.key in seen["getOnlineUsers"]
        yield client


async def test_it_polls_first_and_is_then_upgraded(ada: Person, bob: Person) -> None:
    async with node_client(ada.url, ada.token) as client:
        assert await client.next() == ("open", "polling")
        seen = await client.all_of("upgrade", "connect", "getOnlineUsers")
        assert seen["upgrade"] == "websocket"
        assert seen["getOnlineUsers"] == [ada.key]
        sent = await bob.send(ada, text="Hi")
        assert await client.until("newMessage") == sent


@way
async def test_events_have_the_payloads_of_the_contract(
    options: dict[str, Any], ada: Person, bob: Person
) -> None:
    async with at_home(bob, **options) as theirs:
        sent = await ada.send(bob, text="Hi\u2028 “there”", image=None, padding="unknown")
        heard = await theirs.until("newMessage")
        assert heard == sent
        check_from_server({"event": "newMessage", "data": heard})
        await ada.call("DELETE", f"/api/messages/{sent['_id']}")
        deleted = await theirs.until("messageDeleted")
        assert deleted["messageId"] == sent["_id"]
        check_from_server({"event": "messageDeleted", "data": deleted})


@way
async def test_commands_do_what_they_do_over_the_native_socket(
    options: dict[str, Any], ada: Person, bob: Person
) -> None:
    async with at_home(ada, **options) as mine, at_home(bob, **options) as theirs:
        message = {"receiverId": bob.key, "text": "Hi", "image": "", "clientMessageId": "one"}
        await mine.emit("sendMessage", message)
        answer = await mine.until("messageSent")
        assert answer["clientMessageId"] == "one"
        assert await theirs.until("newMessage") == answer["message"]
        await theirs.emit("typing", {"receiverId": ada.key})
        assert await mine.until("typing") == {"senderId": bob.key, "receiverId": ada.key}
        await theirs.emit("userStoppedTyping", {"receiverId": ada.key})
        for event in ("userTyping", "stoppedTyping", "userStoppedTyping"):  # by all their names
            assert await mine.until(event) == {"senderId": bob.key, "receiverId": ada.key}
        await theirs.emit("markRead", {"peerId": ada.key, "seq": 1})
        assert (await mine.until("messagesRead"))["seq"] == 1
        await mine.emit("ping", {}, asks=True)
        assert await mine.until("pong") == {}
        assert await mine.until("acknowledged") == "ping"
        await mine.emit("deleteMessage", {"messageId": answer["message"]["_id"]})
        deleted = await theirs.until("messageDeleted")
        assert deleted["messageId"] == answer["message"]["_id"]
        await mine.emit("nonsense", [1, 2])
        assert (await mine.until("error"))["status"] == 400


@way
async def test_a_picture_is_sent_over_the_socket(
    options: dict[str, Any], ada: Person, bob: Person
) -> None:
    async with at_home(ada, **options) as mine, at_home(bob, **options) as theirs:
        image = data_uri(picture(600, 600))
        message = {"receiverId": bob.key, "image": image, "clientMessageId": "picture"}
        await mine.emit("sendMessage", message)
        answer = await mine.until("messageSent")
        assert (await theirs.until("newMessage"))["image"] == answer["message"]["image"]


async def test_many_packets_in_one_request_all_arrive(ada: Person, bob: Person) -> None:
    """What was emitted before the client was connected comes in one body."""
    polling = WAYS[1]
    async with at_home(bob, **polling) as theirs, node_client(ada.url, ada.token, **polling) as me:
        for number in range(40):
            message = {"receiverId": bob.key, "text": str(number), "clientMessageId": f"{number}"}
            await me.emit("sendMessage", message)
        heard = [(await theirs.until("newMessage"))["text"] for _ in range(40)]
        assert heard == [str(number) for number in range(40)]


@way
async def test_without_a_token_it_learns_why_it_is_refused(
    options: dict[str, Any], site: Server
) -> None:
    async with node_client(site.url, **options) as client:
        assert await client.until("connect_error") == "Unauthorized - No token provided"


@way
async def test_a_bad_token_is_refused(options: dict[str, Any], site: Server, ada: Person) -> None:
    await ada.log_out()
    refusal = "Unauthorized - Invalid token"
    async with node_client(site.url, ada.token, **options) as client:
        assert await client.until("connect_error") == refusal
    async with node_client(site.url, auth={"token": "nonsense"}, **options) as client:
        assert await client.until("connect_error") == refusal


@way
async def test_the_token_may_come_as_auth(options: dict[str, Any], ada: Person) -> None:
    async with node_client(ada.url, auth={"token": ada.token}, **options) as client:
        await client.until("connect")
        assert ada.key in await client.until("getOnlineUsers")


async def test_auth_goes_before_the_cookie(ada: Person, bob: Person) -> None:
    auth = {"token": bob.token}
    async with node_client(ada.url, ada.token, auth=auth) as client:
        await client.until("connect")
        assert bob.key in await client.until("getOnlineUsers")


async def test_a_token_in_the_address_is_not_looked_at(ada: Person) -> None:
    query = {"token": ada.token, "jwt": ada.token}
    async with node_client(ada.url, query=query) as client:
        assert await client.until("connect_error") == "Unauthorized - No token provided"


async def test_there_is_one_namespace(ada: Person) -> None:
    async with node_client(f"{ada.url}/admin", ada.token) as client:
        assert await client.until("connect_error") == "Invalid namespace"


@way
async def test_a_log_out_disconnects_for_good(options: dict[str, Any], ada: Person) -> None:
    async with at_home(ada, **options) as client:
        await ada.log_out()
        assert await client.until("disconnect") == "io server disconnect"


async def test_both_kinds_of_socket_hear_of_a_message_once(
    site: Server, ada: Person, bob: Person
) -> None:
    address = site.url.replace("http", "ws") + "/ws/chat/"
    cookie = {"Cookie": f"jwt={bob.token}"}
    async with at_home(bob) as client, connect(address, additional_headers=cookie) as native:
        for text in ("one", "two"):
            await ada.send(bob, text=text)
        assert [(await client.until("newMessage"))["text"] for _ in range(2)] == ["one", "two"]
        assert [(await _next_message(native))["text"] for _ in range(2)] == ["one", "two"]
        await client.emit("ping", {})
        assert await client.next() == ("pong", {})  # and nothing before it
        await native.send('{"event": "ping"}')
        assert json.loads(await native.recv())["event"] == "pong"


@way
async def test_who_sends_is_told_of_it_only_where_they_ask(
    options: dict[str, Any], site: Server, ada: Person, bob: Person
) -> None:
    """However it is sent. The sender's native sockets hear of it as ever."""
    address = site.url.replace("http", "ws") + "/ws/chat/"
    cookie = {"Cookie": f"jwt={ada.token}"}
    asking = {**options, "query": {"ownMessages": "true"}}
    async with (
        at_home(bob, **options) as theirs,
        at_home(ada, **options) as mine,
        at_home(ada, **options) as sending,
        at_home(ada, **asking) as told,
        connect(address, additional_headers=cookie) as native,
    ):
        posted = await ada.send(bob, text="By a call")
        message = {"receiverId": bob.key, "text": "By Socket.IO", "clientMessageId": "one"}
        await sending.emit("sendMessage", message)
        emitted = (await sending.until("messageSent"))["message"]
        message = {"receiverId": bob.key, "text": "By a native socket", "clientMessageId": "two"}
        await native.send(json.dumps({"event": "sendMessage", "data": message}))
        heard = [await _next_message(native) for _ in range(2)]
        assert heard == [posted, emitted]
        for client in (theirs, told):
            heard = [await client.until("newMessage") for _ in range(3)]
            assert heard[:2] == [posted, emitted]
            assert heard[2]["text"] == "By a native socket"
        answer = await bob.send(ada, text="I see")
        for client in (mine, sending, told):
            assert await client.until("newMessage") == answer  # and none before it


async def _next_message(native: ClientConnection) -> Any:
    while True:
        frame = json.loads(await asyncio.wait_for(native.recv(), PATIENCE))
        if frame["event"] == "newMessage":
            return frame["data"]


@pytest.mark.parametrize("kind", ["native", *["upgrade", "polling", "websocket"]])
async def test_presence_counts_both_kinds_alike(
    kind: str, site: Server, ada: Person, person: Callable[[str], Person]
) -> None:
    eve = person("Eve Moneypenny")
    address = site.url.replace("http", "ws") + "/ws/chat/"
    options = dict(zip(["upgrade", "polling", "websocket"], WAYS, strict=True))
    async with at_home(ada) as client:
        if kind == "native":
            async with connect(address, additional_headers={"Cookie": f"jwt={eve.token}"}):
                while eve.key not in await client.until("getOnlineUsers"):
                    pass
        else:
            async with at_home(eve, **options[kind]):
                while eve.key not in await client.until("getOnlineUsers"):
                    pass
        while eve.key in await client.until("getOnlineUsers"):
            pass


async def test_after_a_restart_it_comes_back(folder: Path) -> None:
    """Whichever way it takes."""
    site = Server(folder, **unlimited())
    site.migrate()
    async with AsyncExitStack() as stack:
        with site.running():
            people = [sign_up(site.url, f"Person {number}") for number in range(len(WAYS))]
            clients = [
                await stack.enter_async_context(at_home(person, **options))
                for person, options in zip(people, WAYS, strict=True)
            ]
        for client in clients:
            assert await client.until("disconnect") == "transport close"
        with site.running():
            for person, client, sender in zip(
                people, clients, people[1:] + people[:1], strict=True
            ):
                await client.until("connect")
                assert person.key in await client.until("getOnlineUsers")
                sent = await sender.send(person, text="Are you there?")
                assert await client.until("newMessage") == sent
    assert "Traceback" not in site.log
