"""Engine.IO: the one module that touches the inside of python-engineio and python-socketio.

Sessions, the WebSocket and packets are not part of their documented interface. They are needed to
close a session at once, to end its queue, to write frames past it, to encode a frame once for all
its receivers, and to carry a session over a WebSocket whose wrong frames are refused before
anything reads them. tests/messaging/socketio/test_engine.py says what a new version would have to
keep.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import engineio
from django.conf import settings
from engineio.async_socket import AsyncSocket
from engineio.exceptions import EngineIOError
from engineio.packet import CLOSE, MESSAGE, NOOP, Packet
from engineio.payload import Payload
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT
from socketio.packet import Packet as SocketIOPacket

if TYPE_CHECKING:  # both are made of packets
    from messaging.realtime.socketio.packet_queue import PacketQueue
    from messaging.realtime.socketio.transport import WebSocket

__all__ = [
    "CLOSE",
    "CONNECT",
    "CONNECT_ERROR",
    "DISCONNECT",
    "MESSAGE",
    "NOOP",
    "PACKETS",
    "Engine",
    "EngineIOError",
    "EngineSession",
    "Packet",
    "SocketIOPacket",
]

logger = logging.getLogger(__name__)
logger.setLevel(logging.ERROR)  # below, it quotes packets
# Errors of clients are sent in response, and quote their keys; errors of ours have a traceback.
logger.addFilter(lambda record: record.exc_info is not None)

PACKETS = 1000  # in the body of one request; each of them counts as a frame
Payload.max_decode_packets = PACKETS

Connected = Callable[[str, dict[str, Any]], Awaitable[None]]
Received = Callable[[str, str], Awaitable[None]]
Disconnected = Callable[[str, str], Awaitable[None]]


class EngineSession:
    """One of the engine's."""

    __slots__ = ("_socket",)

    def __init__(self, socket: AsyncSocket) -> None:
        self._socket = socket

    @property
    def queue(self) -> "PacketQueue":
        queue: PacketQueue = self._socket.queue
        return queue

    @property
    def is_closed(self) -> bool:
        return bool(self._socket.closed)

    @property
    def is_connected(self) -> bool:
        """By polls, or by a WebSocket."""
        return bool(self._socket.connected)

    @property
    def is_upgraded(self) -> bool:
        """It has a WebSocket."""
        return bool(self._socket.upgraded)

    @property
    def is_upgrading(self) -> bool:
        return bool(self._socket.upgrading)

    @is_upgrading.setter
    def is_upgrading(self, value: bool) -> None:
        self._socket.upgrading = value

    def new_id(self) -> str:
        """As random as the session's own."""
        return str(self._socket.server.generate_id())

    async def receive(self, packet: str) -> None:
        """Raises EngineIOError when it has ended."""
        await self._socket.receive(Packet(encoded_packet=packet))

    async def check_ping(self) -> None:
        """Ends it when no pong came in time."""
        await self._socket.check_ping_timeout()

    async def close(self) -> None:
        """At once; the engine then says that it is disconnected."""
        await self._socket.close(wait=False, abort=True)


class Engine(engineio.AsyncServer):
    """With queues that can be closed, a WebSocket of our own, and without what the site does
    elsewhere: CORS, compression, a cookie, looking after those who went away.
    """

    def __init__(
        self,
        queue: "type[PacketQueue]",
        websocket: "type[WebSocket]",
        *,
        connected: Connected,
        received: Received,
        disconnected: Disconnected,
    ) -> None:
        super().__init__(
            async_handlers=False,  # packets of a client are handled in their order
            async_mode="asgi",
            cookie=None,
            cors_allowed_origins=[],  # nothing is said of it here
            http_compression=False,
            logger=logger,
            max_http_buffer_size=settings.MAX_BODY_BYTES,
            monitor_clients=False,
        )
        self._async: dict[str, Any] = {**self._async, "websocket": self._made_websocket}
        self._queue = queue
        self._websocket = websocket
        self.on("connect", connected)
        self.on("message", received)
        self.on("disconnect", disconnected)

    def create_queue(self, *args: Any, **kwargs: Any) -> "PacketQueue":
        return self._queue()

    def _made_websocket(self, handler: Any, _server: Any) -> "WebSocket":
        """`handler` is a method of the session's, which takes the WebSocket."""
        session = EngineSession(handler.__self__)
        return self._websocket(handler, session.queue, is_an_upgrade=session.is_connected)

    def session_of(self, sid: str) -> EngineSession:
        return EngineSession(self.sockets[sid])

    def forget(self, sid: str) -> None:
        self.sockets.pop(sid, None)
