"""Frames that are written straight to the connection, by a real uvicorn."""

import asyncio
import json
import logging
import random
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from accounts.models import User
from chatsite.conf.fast import PIECES
from chatsite.live.broadcast import broadcast
from chatsite.uvicorn_protocols.websockets import WebSocketProtocol
from messaging import events, recipients
from messaging.realtime import frames, send_queue
from messaging.realtime.presence.broadcaster import broadcaster
from tests.messaging.realtime.serving import serving
from tests.messaging.realtime.sockets import CHAT, PATIENCE, token_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # uvicorn leaves a socket that is cut off to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SIZES = [0, 1, 60, 80, 125, 126, 127, 1000, 65_400, 65_535, 65_536, 70_000, 900_000]


@pytest_asyncio.fixture
async def port(transactional_db: None) -> AsyncIterator[int]:
    async with serving() as port:
        yield port


@asynccontextmanager
async def at(port: int, user: User, **options: Any) -> AsyncIterator[ClientConnection]:
    headers = {"Cookie": f"jwt={await sync_to_async(token_for)(user)}"}
    url = f"ws://127.0.0.1:{port}{CHAT}?presence=delta"
    async with open_socket(url, additional_headers=headers, max_size=None, **options) as socket:
        assert json.loads(await socket.recv())["event"] == "getOnlineUsers"
        yield socket


async def data_of(socket: ClientConnection, event: str) -> Any:
    async with asyncio.timeout(PATIENCE):
        while (frame := json.loads(await socket.recv()))["event"] != event:
            pass
    return frame["data"]


def push(user: User, data: dict[str, Any]) -> None:
    broadcast([recipients.user_group(user.pk)], events.relay("marker", data))


def is_direct() -> bool:
    (socket,) = broadcaster().sockets
    return socket.queue.connection is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_frame_is_what_the_standard_says(size: int, letter: str) -> None:
    text = letter * size
    expected = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert frames.encoded(text) == expected


async def test_a_client_reads_frames_of_every_size(port: int, ada: User) -> None:
    async with at(port, ada) as socket:
        assert is_direct()
        for size in SIZES:
            for letter in ("x", "é", "😀"):
                push(ada, {"text": letter * size})
                assert await data_of(socket, "marker") == {"text": letter * size}


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
async def test_uvicorn_s_lines_of_a_handshake_come_by_a_logger_of_their_own(
    port: int, ada: User, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(logging.INFO, "uvicorn.error")
    caplog.set_level(level, "uvicorn.error.sockets")
    async with at(port, ada):
        lines = [record for record in caplog.records if "WebSocket" in str(record.msg)]
    assert {record.name for record in lines} <= {"uvicorn.error.sockets"}
    assert bool(lines) == (level == logging.INFO)


async def test_a_frame_is_made_once_for_all(
    port: int, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    encode = frames._encoded

    def counting(payload: bytes) -> bytes:
        made.append(payload)
        return encode(payload)

    async with at(port, ada) as one, at(port, ada) as two, at(port, ada) as three:
        monkeypatch.setattr(frames, "_encoded", counting)
        push(ada, {"text": "Hi"})
        for socket in (one, two, three):
            assert await data_of(socket, "marker") == {"text": "Hi"}
    assert sum(b"marker" in payload for payload in made) == 1


async def test_answers_and_events_keep_their_order(port: int, ada: User) -> None:
    async with at(port, ada) as socket:
        for number in range(200):
            await socket.send('{"event": "ping"}')
            push(ada, {"number": number})
        got = [json.loads(await socket.recv()) for _ in range(30)]
        numbers = [frame["data"]["number"] for frame in got if frame["event"] == "marker"]
        assert numbers == list(range(len(numbers)))


async def test_compressed_frames_are_sent_as_ever(transactional_db: None, ada: User) -> None:
    async with serving(ws_per_message_deflate=True) as port, at(port, ada) as socket:
        assert not is_direct()
        push(ada, {"text": "é😀" * 50_000})
        assert await data_of(socket, "marker") == {"text": "é😀" * 50_000}


@pytest.mark.parametrize("left_out", [["frames"], PIECES])
async def test_it_can_be_left_out(
    port: int, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch, left_out: list[str]
) -> None:
    forgotten: list[WebSocketProtocol] = []
    forget = WebSocketProtocol.forget_handshake

    def forget_and_note(connection: WebSocketProtocol) -> None:
        forgotten.append(connection)
        forget(connection)

    monkeypatch.setattr(WebSocketProtocol, "forget_handshake", forget_and_note)
    settings.FAST = replace(settings.FAST, **dict.fromkeys(left_out, False))
    async with at(port, ada) as socket:
        assert not is_direct()
        assert len(forgotten) == 1
        push(ada, {"text": "Hi"})
        assert await data_of(socket, "marker") == {"text": "Hi"}


async def test_who_is_dismissed_reads_why_and_nothing_after_it(port: int, ada: User) -> None:
    async with at(port, ada) as socket:
        push(ada, {"number": 1})
        broadcaster().sockets[0].terminate(4401)
        push(ada, {"number": 2})
        assert await data_of(socket, "marker") == {"number": 1}
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_a_client_that_does_not_read_is_cut_off_and_the_others_go_on(
    port: int, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "CLOSE_TIMEOUT", 0.2)
    async with at(port, bob) as quick:
        reader = await _deaf(port, ada)
        while len(broadcaster().sockets) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (slow,) = [socket for socket in broadcaster().sockets if socket.user_id == ada.pk]
        connection = slow.queue.connection  # type: ignore[attr-defined]
        assert connection
        text = "".join(random.choices("abcdef", k=100_000))
        largest, count = 0, 0
        while not slow.queue.is_closed:  # type: ignore[attr-defined]
            push(ada, {"text": text})
            await asyncio.sleep(0)
            largest = max(largest, connection.backlog())
            count += 1
            assert count < 1000
        assert largest <= send_queue.BACKLOG + 2 * len(text)
        for _ in range(100):
            push(ada, {"text": text})
        assert connection.backlog() <= largest + 100
        async with asyncio.timeout(PATIENCE):
            while not connection.transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        push(bob, {"text": "Hi"})
        assert await data_of(quick, "marker") == {"text": "Hi"}
        reader.close()


async def _deaf(port: int, user: User) -> sockets.socket:
    """A socket of somebody who says hello, and reads nothing after that."""
    token = await sync_to_async(token_for)(user)
    hello = (
        f"GET {CHAT}?presence=delta HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nCookie: jwt={token}\r\n\r\n"
    )
    client = sockets.create_connection(("127.0.0.1", port))
    client.sendall(hello.encode())
    return client
