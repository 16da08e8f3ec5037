"""Sessions whose person is not known yet, slow clients, and those that are at their end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.utils.translation import gettext, override
from engineio.packet import NOOP, Packet

from accounts.models import User
from accounts.services.moderation import ban
from chatsite.asgi import application
from chatsite.live.broadcast import worker
from chatsite.pictures import decoder_pool, decoding
from messaging.presence import CHANGED, online_users
from messaging.queries import privacy
from messaging.realtime.send_queue import BACKLOG
from messaging.realtime.socketio import client, packet_queue, pending
from messaging.realtime.socketio.packet_queue import PacketQueue
from messaging.realtime.socketio.pending import PendingSessions
from messaging.realtime.socketio.server import Server, server
from tests.factories import make_user
from tests.hostile_pictures import many_scans
from tests.limits import SetLimits, decide
from tests.messaging.realtime.sockets import token_for
from tests.messaging.socketio.session import OPENING, PATH, Session, joined, opened
from tests.pictures import data_uri, decoders_free

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "http://testserver"
INVALID = "Unauthorized - Invalid token"
Communicator: Any = ApplicationCommunicator  # asgiref does not annotate it


@pytest.fixture
def asgi() -> dict[str, Any]:
    return {"transport": httpx.ASGITransport(application)}


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("Ada Lovelace")


@pytest_asyncio.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """Looked after all the time; afterwards nothing may be left of anybody."""
    monkeypatch.setattr("messaging.realtime.socketio.server.ROUND", 0.01)
    yield server()
    for left in [*server().clients.values()]:
        await left.close_session()
    assert worker().registry.groups.keys() <= {
        CHANGED,
        privacy.CHANGED,
        "awaited",
    }  # to which presence is still subscribed
    assert not await sync_to_async(online_users)()
    assert server().pending.is_empty


async def until_none(door: Server) -> None:
    async with asyncio.timeout(20):
        while door.clients:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_whoever_says_nothing_is_not_waited_for(
    door: Server, asgi: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "TIMEOUT", 0)
    async with opened(HERE, **asgi) as session:
        await until_none(door)
        assert await session.is_over()


async def test_whoever_is_in_may_be_silent(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await sync_to_async(token_for)(ada)
    async with joined(HERE, token, **asgi) as session:
        (only,) = door.clients.values()
        assert only.deadline == client.NEVER
        assert (await session.post("3")).text == "ok"


async def test_a_ping_that_is_not_answered_ends_the_session(
    door: Server, asgi: dict[str, Any], ada: User
) -> None:
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, token, **asgi) as session:
        await session.connect()
        (only,) = door.clients.values()
        only.session._socket.last_ping = time.time() - door.engine.ping_timeout - 1
        await until_none(door)
        assert await session.is_over()


async def test_strangers_of_an_address_are_so_many(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They keep nobody out whose cookie says who they are."""
    monkeypatch.setattr(pending, "MAX_PER_ADDRESS", 2)
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, **asgi) as one, opened(HERE, **asgi) as two:
        refused = await one.client.get(PATH, params=OPENING)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        async with joined(HERE, token, **asgi):
            pass
        await two.post("1")
        async with opened(HERE, **asgi) as three:
            await three.post(f'40{{"token":"{token}"}}')  # who is in waits no more
            async with opened(HERE, **asgi):
                pass


async def test_one_person_may_not_open_sessions_without_end(
    door: Server, asgi: dict[str, Any], ada: User, set_limits: SetLimits
) -> None:
    set_limits(sockets_per_person=1)
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, token, **asgi) as one:
        assert (await one.client.get(PATH, params=OPENING)).status_code == 503
        assert (await one.connect()).startswith('40{"sid":')
        async with opened(HERE, token, **asgi):
            pass


async def test_sockets_of_a_person_are_counted_with_the_others(
    door: Server, asgi: dict[str, Any], ada: User, set_limits: SetLimits
) -> None:
    set_limits(sockets_per_person=1)
    token = await sync_to_async(token_for)(ada)
    async with joined(HERE, token, **asgi), opened(HERE, token, **asgi) as second:
        assert await second.connect() == '44{"message":"You have too many connections open."}'


async def test_strangers_are_so_many_at_all() -> None:
    room = PendingSessions()
    strangers = [
        f"10.0.{number // 256}.{number % 256}" for number in range(pending.MAX_UNIDENTIFIED)
    ]
    assert all(room.add(who, is_identified=False) for who in strangers)
    assert not room.add("one more", is_identified=False)
    assert room.add("a person", is_identified=True)
    room.remove(strangers[0], is_identified=False)
    assert room.add("one more", is_identified=False)


async def test_who_does_not_fetch_what_is_there_is_cut_off(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And told nothing more than that: they reconnect, and ask for what they missed."""
    monkeypatch.setattr(packet_queue, "BACKLOG", 1000)
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, token, **asgi) as session:
        await session.connect()
        (only,) = door.clients.values()
        while not only.is_closed:
            only.send_event("pong", {"padding": "x" * 100})
        assert ada.pk not in await sync_to_async(online_users)()
        assert await _rest(session) == ["1"]
        assert await session.is_over()


async def test_refusals_that_nobody_fetches_are_not_kept(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packet_queue, "BACKLOG", 1000)
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, token, **asgi) as session:
        await session.connect()
        await session.post("\x1e".join(["40/" + "x" * 1000 + ","] * 3))
        assert await _rest(session) == ["1"]
        assert await session.is_over()


async def test_a_body_is_not_waited_for_when_its_session_has_ended(
    door: Server, asgi: dict[str, Any], ada: User
) -> None:
    token = await sync_to_async(token_for)(ada)
    has_begun = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"42"
        has_begun.set()
        await asyncio.Future()

    async with opened(HERE, token, **asgi) as session:
        await session.connect()
        answering = asyncio.ensure_future(session.post(body(), **{"Content-Length": "1000"}))
        await has_begun.wait()
        (only,) = door.clients.values()
        await only.close_session()
        assert (await answering).status_code == 400


async def test_whoever_does_not_come_for_the_goodbye_is_forgotten(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CLOSE_TIMEOUT", 0)
    token = await sync_to_async(token_for)(ada)
    async with opened(HERE, token, **asgi) as session:
        await session.connect()
        (only,) = door.clients.values()
        only.terminate(4401)
        await until_none(door)
        assert await session.is_over()


async def test_a_ban_disconnects_for_good_and_nobody_else(
    door: Server, asgi: dict[str, Any], ada: User
) -> None:
    bob = await sync_to_async(make_user)("Bob")
    tokens = [await sync_to_async(token_for)(user) for user in (ada, bob)]
    async with opened(HERE, tokens[0], **asgi) as hers, joined(HERE, tokens[1], **asgi) as his:
        await hers.connect()
        await sync_to_async(ban)(user=ada, reason="spam")
        assert await hers.packets_until("41") == "41"  # which clients take for good
        assert not await his.is_over()
        assert (await hers.poll()).text == "1"
        await hers.open()
        assert (await hers.connect()).startswith('44{"message":"Unauthorized')


async def test_a_session_that_ended_during_the_handshake_is_not_let_in(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client goes away while it is looked who it is."""
    token = await sync_to_async(token_for)(ada)
    let_in = client.Client.admit

    async def meanwhile_gone(self: client.Client, *arguments: Any) -> None:
        await let_in(self, *arguments)
        await self.close_session()

    monkeypatch.setattr(client.Client, "admit", meanwhile_gone)
    async with opened(HERE, token, **asgi) as session:
        await session.post("40")
        assert await session.is_over()


async def test_to_a_connection_messages_go_at_once() -> None:
    connection = Mock(write=Mock(), backlog=Mock(return_value=0))
    queue, noop, message = PacketQueue(), Packet(NOOP), Packet(4, "later")
    queue.put_nowait(Packet(4, "first"))
    queue.switch_to(connection)
    queue.put_nowait(noop)
    queue.put_nowait(message)
    assert [call.args[0][2:] for call in connection.write.mock_calls] == [b"4first", b"4later"]
    assert queue.get_nowait() is noop
    is_full = [queue.is_full]
    connection.backlog.return_value = BACKLOG + 1
    assert [*is_full, queue.is_full] == [False, True]
    queue.close(message)
    assert [queue.get_nowait(), queue.get_nowait()] == [message, None]


async def test_a_backlog_ends_with_its_goodbye() -> None:
    queue, goodbye = PacketQueue(), Packet(NOOP)
    for _ in range(3):
        queue.put_nowait(Packet(4, "x" * 10))
    assert queue.size == 30
    queue.close(goodbye)
    queue.put_nowait(Packet(4, "too late"))
    assert [queue.get_nowait(), queue.get_nowait()] == [goodbye, None]
    assert queue.empty()
    assert queue.size == 0


async def _rest(session: Session) -> list[str]:
    return (await session.poll()).text.split("\x1e")


async def test_who_breaks_off_a_request_with_a_picture_makes_room(
    door: Server, asgi: dict[str, Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take minutes."""
    monkeypatch.setattr(decoding, "MAX_SCANS", 1_000_000)
    token = await sync_to_async(token_for)(ada)
    message = {
        "receiverId": (await sync_to_async(make_user)()).pk,
        "clientMessageId": "a",
        "image": data_uri(many_scans(5_000), "jpeg"),
    }
    body = f'42["sendMessage",{json.dumps(message)}]'.encode()
    async with joined(HERE, token, **asgi) as session:
        request = session.client.build_request("POST", PATH, params=session.params, content=body)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": PATH,
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }
        broken = Communicator(application, scope)
        await broken.send_input({"type": "http.request", "body": body})
        await decoders_free(decoder_pool.MAX_CONCURRENT - 1)
        await broken.send_input({"type": "http.disconnect"})
        await decoders_free(decoder_pool.MAX_CONCURRENT)
        await broken.wait(20)


async def test_refusals_are_in_the_language_of_who_reads_them(
    door: Server, asgi: dict[str, Any], ada: User
) -> None:
    token = await sync_to_async(token_for)(ada)
    with override("de"):
        no_event, no_token = gettext("There is no such event."), gettext(INVALID)
    german = {**asgi, "headers": {"Accept-Language": "de"}}
    async with joined(HERE, token, **german) as session:
        await session.post('42["nonsense",{}]')
        _event, error = json.loads((await session.packets_until('42["error"'))[2:])
        assert error["message"] == no_event != "There is no such event."
    async with opened(HERE, "no token", **german) as session:
        refused = json.loads((await session.connect())[2:])
        assert refused == {"message": no_token}
        assert no_token != INVALID


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_refusal_costs_one_of_its_limits(
    door: Server, asgi: dict[str, Any], ada: User, set_limits: SetLimits, language: str
) -> None:
    set_limits(writes=4, sends=4)
    await sync_to_async(decide)(new_hours=24, new_messages=1, refused_words="ladders")
    token, bob = await sync_to_async(token_for)(ada), await sync_to_async(make_user)()
    with override(language):
        refused = gettext("This has words or links that are not allowed here.")
        too_many = gettext("Too many requests. Please try again later.")
    said = []
    async with joined(HERE, token, **asgi, headers={"Accept-Language": language}) as session:
        for text in [*["ladders"] * 3, "Stairs", "Stairs"]:
            data = {"receiverId": bob.pk, "text": text, "clientMessageId": "a-message-id-0001"}
            await session.post("42" + json.dumps(["sendMessage", data]))
            event, answer = json.loads((await session.packets_until("42"))[2:])
            while event not in ("error", "messageSent"):
                event, answer = json.loads((await session.packets_until("42"))[2:])
            said.append(answer["message"])
    assert said[:3] == [refused] * 3
    assert (said[3]["text"], said[4]) == ("Stairs", too_many)
