"""What a new version of uvicorn or `websockets` has to keep: nothing else would notice it, but for
memory that fills, or frames that take the slow way.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from chatsite.uvicorn_protocols.websockets import WebSocketProtocol, connection_of
from messaging.realtime.frames import encoded
from tests.adapters import leaning_on
from tests.services import PATIENCE

leaning = partial(leaning_on, adapter="chatsite/uvicorn_protocols/websockets.py")
PART = b"x" * 100
TOO_LARGE = 1009


class Transport(asyncio.Transport):
    """The server's end of a connection, which keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False
        self.is_paused = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def is_closing(self) -> bool:
        return self.is_aborted

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def close(self) -> None:
        self.is_aborted = True

    abort = close


class Served:
    """One socket of an application that accepts it and keeps what it receives."""

    def __init__(self) -> None:
        config = Config(self._app, interface="asgi3", log_config=None, ws_per_message_deflate=False)
        config.load()
        self.transport = Transport()
        self.protocol = WebSocketProtocol(config, ServerState(), {})
        self.client = ClientProtocol(parse_uri("ws://testserver/"))
        self.received: list[Any] = []
        self.scope: dict[str, Any] = {}
        self.accepts = asyncio.Event()
        self.ended = asyncio.Event()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        await receive()
        await send({"type": "websocket.accept"})
        self.accepts.set()
        while (message := await receive())["type"] != "websocket.disconnect":
            self.received.append(message)
        self.received.append(message)
        self.ended.set()

    async def open(self) -> WebSocketProtocol:
        self.protocol.connection_made(self.transport)
        self.client.send_request(self.client.connect())
        self.send(*self.client.data_to_send())
        await self.until(self.accepts)
        self.client.receive_data(self.transport.written)
        self.client.events_received()
        self.transport.written = b""
        connection = connection_of(self.scope)
        assert connection
        return connection

    @staticmethod
    async def until(event: asyncio.Event) -> None:
        async with asyncio.timeout(PATIENCE):
            await event.wait()

    def send(self, *data: bytes) -> None:
        self.protocol.data_received(b"".join(data))

    def frame(self, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
        return Frame(opcode, PART, fin).serialize(mask=True)


@pytest_asyncio.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    yield served
    if not served.ended.is_set():
        served.protocol.connection_lost(None)
        await served.until(served.ended)


def uvicorn(what: str) -> AbstractContextManager[None]:
    return leaning("uvicorn", what=what)


def websockets(what: str) -> AbstractContextManager[None]:
    return leaning("websockets", what=what)


async def test_a_socket_is_found_in_its_scope_until_it_is_lost(served: Served) -> None:
    with uvicorn("`handle_connect`, which makes the scope of a socket"):
        assert await served.open() is served.protocol
        served.protocol.connection_lost(None)
        assert connection_of(served.scope) is None


async def test_the_handshake_is_forgotten(served: Served) -> None:
    with uvicorn("where it keeps the handshake of an open socket"):
        connection = await served.open()
        assert {"request", "response"} <= vars(served.protocol).keys()
        connection.forget_handshake()
        assert not served.scope["headers"]


async def test_frames_are_written_to_an_open_socket_alone(served: Served) -> None:
    with websockets("`state`, or uvicorn `transport`"):
        connection = await served.open()
        assert connection.write(encoded("Hi"))
        assert connection.backlog() == len(encoded("Hi"))
        served.client.receive_data(served.transport.written)
        (frame,) = served.client.events_received()
        assert isinstance(frame, Frame)
        assert frame.data == b"Hi"
        served.protocol.shutdown()
        assert not connection.write(encoded("Hi"))


async def test_what_is_unfinished_is_counted_as_it_comes(served: Served) -> None:
    whole: list[int] = []

    def note(sizes: list[int]) -> bool:
        whole.extend(sizes)
        return True

    with websockets("`receive_data` or `events_received`, or uvicorn calls them no more"):
        connection = await served.open()
        connection.on_received(note)
        first = served.frame(fin=False)
        served.send(first[:50])
        assert (connection.unfinished, whole) == (50, [])
        served.send(first[50:], served.frame(Opcode.PING), served.frame(Opcode.PONG))
        assert (connection.unfinished, whole) == (len(PART), [])
        served.send(served.frame(Opcode.CONT)[:-1])
        assert connection.unfinished == len(PART) + len(first) - 1
        served.send(served.frame(Opcode.CONT)[-1:], first[:5])
        assert (connection.unfinished, whole) == (5, [2 * len(PART)])


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
async def test_frames_of_every_size_leave_nothing_unfinished(size: int, served: Served) -> None:
    with websockets("the sizes of frames"):
        connection = await served.open()
        served.send(Frame(Opcode.TEXT, b"x" * size).serialize(mask=True))
        assert connection.unfinished == 0


async def test_whoever_sends_too_much_is_closed_and_nothing_of_it_is_handed_over(
    served: Served,
) -> None:

    def refuse(sizes: list[int]) -> bool:
        served.protocol.fail(TOO_LARGE)
        return False

    with uvicorn("`handle_parser_exception`, `frames` or `handle_events`"):
        connection = await served.open()
        connection.on_received(refuse)
        served.send(served.frame())
        await served.until(served.ended)
        (message,) = served.received
        assert (message["type"], message["code"]) == ("websocket.disconnect", TOO_LARGE)
        assert connection.unfinished == 0
        assert served.transport.is_aborted


async def test_while_a_message_waits_no_more_is_read(served: Served) -> None:
    """What is unfinished then is not its client's fault."""
    with uvicorn("`send_receive_event_to_app`, which pauses reading"):
        await served.open()
        served.send(served.frame())
        assert served.transport.is_paused


async def test_of_compressed_frames_nothing_is_known() -> None:
    config = Config(Served, interface="asgi3", log_config=None)
    config.load()
    with uvicorn("`conn`, the protocol of `websockets`"):
        protocol = WebSocketProtocol(config, ServerState(), {})
        assert not hasattr(protocol.conn, "on_received")
