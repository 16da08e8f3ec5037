"""Frames made once for all their receivers, and written straight to the connection of a server that
lets us, with neither a queue nor a task for each. With any other server, and in most tests, they go
by ASGI.
"""

from django.conf import settings

from chatsite.interfaces import Scope
from chatsite.uvicorn_protocols.websockets import WebSocketProtocol, connection_of

TEXT = 0x81  # a text, in one frame


def connection_for_writing(scope: Scope) -> WebSocketProtocol | None:
    """After the handshake, which is forgotten. Who writes there may `send` nothing but the end."""
    connection = connection_of(scope)
    if connection:
        connection.forget_handshake()
    return connection if settings.FAST.frames else None


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
