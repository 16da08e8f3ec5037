"""WebSockets that are written to at once, and counted: `uvicorn --ws` names this class.

- `write` takes a frame as bytes, which are made once for all its receivers; with ASGI each of them
  costs a coroutine and an encoding. `backlog` says what a client did not take.
- `on_received` learns what a client has sent while it is unfinished; ASGI has whole messages only.
- `forget_handshake` frees some KiB a socket, which uvicorn keeps for as long as it is open.

Of `websockets` it uses what is documented
(https://websockets.readthedocs.io/en/stable/reference/sansio/server.html). Elsewhere (another
server, or compressed frames) a scope has no such connection, and everything goes by ASGI.
"""

import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

CONNECTION = "chatsite.connection"  # an extension of a socket's scope
CLOSE_TIMEOUT = 10  # seconds for a client to read why it is closed
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
# Our access lines have handshakes; these have the query string, and cost as much as an accept.
_logger = logging.getLogger("uvicorn.error.sockets")

OnReceived = Callable[[list[int]], bool]


class CountingProtocol(ServerProtocol):
    """`unparsed`: bytes that make no frame yet; `fragments`: of a message whose end is missing."""

    __slots__ = ("fragments", "on_received", "unparsed")  # beside those of its base

    def __init__(self, max_size: int) -> None:
        super().__init__(max_size=max_size, logger=_logger)
        self.unparsed = 0
        self.fragments = 0
        self.on_received: OnReceived | None = None

    def receive_data(self, data: bytes | bytearray) -> None:
        self.unparsed += len(data)
        super().receive_data(data)

    def events_received(self) -> list[Event]:
        events = super().events_received()
        sizes = [size for event in events if (size := self._count(event)) is not None]
        return events if self.on_received is None or self.on_received(sizes) else []

    def _count(self, event: Event) -> int | None:
        """The size of the message that it ends."""
        if not isinstance(event, Frame):
            self.unparsed = 0  # the request of the handshake, which comes by itself
            return None
        size = len(event.data)
        self.unparsed -= _header_size(size) + size
        if event.opcode not in _DATA:
            return None
        self.fragments += size
        if not event.fin:
            return None
        whole, self.fragments = self.fragments, 0
        return whole


def _header_size(size: int) -> int:
    """Of a frame of a client, which is masked."""
    if size < 126:
        return 6
    return 8 if size < 2**16 else 14


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """`on_received` gets the sizes of messages that are whole now, be it of none, whenever the
    client has sent something. False means that it has called `fail`.
    """

    conn: Any

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _logger
        if not config.ws_per_message_deflate:
            self.conn = CountingProtocol(config.ws_max_size)

    def handle_connect(self, event: Request) -> None:
        """The application begins with the next round of the event loop."""
        super().handle_connect(event)
        if isinstance(self.conn, CountingProtocol):
            self._extensions()[CONNECTION] = self

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._extensions().pop(CONNECTION, None)
        self.conn.on_received = None

    def _extensions(self) -> dict[str, Any]:
        """None are kept of a request that was refused."""
        scope: Any = getattr(self, "scope", {"extensions": {}})
        extensions: dict[str, Any] = scope["extensions"]
        return extensions

    @property
    def unfinished(self) -> int:
        """Bytes of the message whose end is missing."""
        return int(self.conn.unparsed + self.conn.fragments)

    def on_received(self, callback: OnReceived) -> None:
        self.conn.on_received = callback

    def write(self, frame: bytes) -> bool:
        """After the handshake. False when the connection is at its end, or nearly so."""
        if self.conn.state is not State.OPEN or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def backlog(self) -> int:
        """Bytes that the client did not take yet."""
        return self.transport.get_write_buffer_size()

    def fail(self, code: int) -> None:
        """Closes it, and drops what is unfinished."""
        self.conn.on_received = None
        self.conn.unparsed = self.conn.fragments = 0
        self.frames = []
        if self.transport.is_closing():
            return
        if self.conn.state is State.OPEN:
            self.conn.fail(code)
            self.handle_parser_exception()
            self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)
        else:
            self.transport.abort()

    def abort(self) -> None:
        self.transport.abort()

    def forget_handshake(self) -> None:
        kept: Any = self
        kept.request = kept.response = None
        kept.scope["headers"].clear()


def connection_of(scope: Mapping[str, Any]) -> WebSocketProtocol | None:
    connection: WebSocketProtocol | None = (scope.get("extensions") or {}).get(CONNECTION)
    return connection
