"""What a new version of python-engineio and python-socketio has to keep, for which their
documentation says nothing.
"""

import inspect
from functools import partial
from typing import Any

import pytest
from engineio.async_socket import AsyncSocket

from messaging.realtime.socketio.engine import (
    CLOSE,
    CONNECT_ERROR,
    MESSAGE,
    NOOP,
    Engine,
    EngineIOError,
    EngineSession,
    Packet,
)
from messaging.realtime.socketio.packet_queue import PacketQueue
from messaging.realtime.socketio.packets import connect_of, encoded, packet_of
from messaging.realtime.socketio.transport import WebSocket
from tests.adapters import leaning_on

ADAPTER = "messaging/realtime/socketio/engine.py"
leaning = partial(leaning_on, "python-engineio", ADAPTER)


class Told:
    """What the engine tells of a session."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.disconnected: list[str] = []
        self.engine = Engine(
            PacketQueue,
            WebSocket,
            connected=self._connect,
            received=self._receive,
            disconnected=self._disconnect,
        )
        self.engine.sockets["one"] = AsyncSocket(self.engine, "one")
        self.session = self.engine.session_of("one")

    async def _connect(self, sid: str, environ: dict[str, Any]) -> None:
        """Nothing of these tests."""

    async def _receive(self, sid: str, data: str) -> None:
        self.received.append(data)

    async def _disconnect(self, sid: str, reason: str) -> None:
        self.disconnected.append(reason)


def test_a_session_has_the_queue_and_states_that_are_looked_at() -> None:
    with leaning("the attributes of a session"):
        session = Told().session
        assert isinstance(session.queue, PacketQueue)
        assert not session.is_closed
        assert not session.is_connected
        assert not session.is_upgraded
        session.is_upgrading = True
        assert session.is_upgrading
        assert session.new_id() != session.new_id()


async def test_a_packet_comes_to_us_before_the_next_is_read() -> None:
    told = Told()
    with leaning("`receive` of a session"):
        await told.session.receive("42")
        assert told.received == ["2"]


async def test_what_comes_after_the_end_of_a_session_is_an_error() -> None:
    session = Told().session
    with leaning("`EngineIOError`"):
        await session.close()
        with pytest.raises(EngineIOError):
            await session.receive("5")


def test_a_packet_says_what_it_is_and_is_encoded_once() -> None:
    with leaning("the packets of Engine.IO"):
        packet = packet_of('{"event":"ping","data":{}}')
        assert (packet.packet_type, packet.data) == (MESSAGE, '2["ping",{}]')
        assert packet.encode() == '42["ping",{}]'
        assert packet.encode() is packet.encode()
        assert [Packet(kind).encode() for kind in (CLOSE, NOOP)] == ["1", "6"]


def test_packets_of_socketio_are_read_and_written() -> None:
    with leaning_on("python-socketio", ADAPTER, "its packets"):
        assert encoded(CONNECT_ERROR, {"message": "No"}) == '4{"message":"No"}'
        assert encoded(CONNECT_ERROR, None, "/admin") == "4/admin,"
        assert connect_of('0{"token":"x"}') == ("/", {"token": "x"})
        assert connect_of('0/admin,{"a":1}') == ("/admin", {"a": 1})
        assert connect_of("0{") == ("", None)
        assert connect_of("0" + "[" * 100_000) == ("", None)


async def test_a_session_that_is_closed_says_so_and_sends_nothing() -> None:
    told = Told()
    with leaning("`close` of a session"):
        await told.session.close()
        assert told.session.is_closed
        assert told.disconnected == [told.engine.reason.SERVER_DISCONNECT]
        told.engine.forget("one")
        assert "one" not in told.engine.sockets


async def test_a_session_whose_ping_was_not_answered_is_closed() -> None:
    told = Told()
    with leaning("`check_ping_timeout` of a session"):
        told.session._socket.last_ping = 1.0
        await told.session.check_ping()
        assert told.disconnected == [told.engine.reason.PING_TIMEOUT]


async def test_a_poll_takes_what_waits_and_leaves_the_end() -> None:
    told = Told()
    with leaning("`poll` of a session"):
        queue = told.session.queue
        queue.put_nowait(Packet(MESSAGE, "first"))
        queue.close(Packet(NOOP))
        assert [packet.packet_type for packet in await told.session._socket.poll()] == [NOOP]
        assert await told.session._socket.poll() == []


async def test_sessions_are_carried_by_our_websocket() -> None:
    told = Told()
    with leaning("`_async`, its table of drivers, or who calls the WebSocket of it"):
        socket = told.session._socket
        transport = told.engine._async["websocket"](socket._websocket_handler, told.engine)
        assert isinstance(transport, WebSocket)
        assert transport._queue is told.session.queue
        called = inspect.getsource(AsyncSocket)
        assert "self.server._async['websocket'](" in called
        assert isinstance(EngineSession(socket).queue, PacketQueue)
