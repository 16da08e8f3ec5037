"""Frames written straight to the connection of a server that lets us: made once for all their
receivers, with neither a queue nor a task for each.

That is uvicorn's `websockets-sansio`, without compression. With any other server, and in tests, a
socket has no wire.
"""

import logging
from typing import Any, cast

from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.interfaces import Scope
from chatsite.monitoring.watch import SERVER

TEXT = 0x81  # a text, in one frame
_logger = logging.getLogger("uvicorn.error.sockets")


class Wire:
    """One connection, whose handshake is done. Who writes here may `send` nothing but the end."""

    __slots__ = ("_protocol", "_transport", "backlog")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self._transport = cast(Any, protocol.transport)
        self.backlog = self._transport.get_write_buffer_size  # bytes that the client did not take

    def write(self, frame: str) -> bool:
        """False when the connection is at its end, or nearly so."""
        if self._protocol.close_sent or self._transport.is_closing():
            return False
        self._transport.write(encoded(frame))
        return True

    def cut(self) -> None:
        self._transport.abort()


def hush(scope: Scope) -> None:
    """Before the handshake is answered. Where lines of our own tell of it, those of uvicorn were
    made to be thrown away.
    """
    protocol = protocol_of(scope)
    if protocol:
        protocol.logger = protocol.conn.logger = _logger


def wire_of(scope: Scope) -> Wire | None:
    """After the handshake."""
    protocol = protocol_of(scope)
    if not settings.FAST.frames or not protocol:
        return None
    if not protocol.handshake_complete or protocol.conn.extensions:
        return None
    _forget_handshake(protocol)
    return Wire(protocol)


def protocol_of(scope: Scope) -> WebSocketsSansIOProtocol | None:
    protocol = (scope.get("extensions") or {}).get(SERVER)
    return protocol if isinstance(protocol, WebSocketsSansIOProtocol) else None


def _forget_handshake(protocol: Any) -> None:
    """Some KiB a socket, which else live as long as it does."""
    protocol.request = protocol.response = None
    protocol.scope["headers"].clear()


def encoded(frame: str) -> bytes:
    """The WebSocket frame of a text, as a server sends it: whole, and not masked."""
    global _last
    if frame is not _last[0]:
        _last = (frame, _encoded(frame.encode()))
    return _last[1]


def _encoded(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((TEXT, size)) + payload
    if size < 2**16:
        return bytes((TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((TEXT, 127)) + size.to_bytes(8, "big") + payload


_last: tuple[str, bytes] = ("", _encoded(b""))  # a frame goes to all its receivers in a row
