"""What a new version of python-engineio has to keep, for which its documentation says nothing."""

import inspect
from functools import partial
from typing import Any

from engineio.async_socket import AsyncSocket
from engineio.packet import MESSAGE, NOOP, Packet

from messaging.realtime.socketio.engine import Engine, Session
from messaging.realtime.socketio.packet_queue import PacketQueue
from messaging.realtime.socketio.transport import WebSocket
from tests.adapters import leaning_on

leaning = partial(leaning_on, "python-engineio", "messaging/realtime/socketio/engine.py")


class Told:
    """What the engine tells of a session."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.disconnected: list[str] = []
        self.engine = Engine(
            connected=self._connect, received=self._receive, disconnected=self._disconnect
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
        assert isinstance(Session(socket).queue, PacketQueue)
