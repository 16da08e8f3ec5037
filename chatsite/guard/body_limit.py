"""The body limit, counted while the body is read, so that a lying or missing Content-Length does
not help.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

TOO_LARGE = "chatsite.too_large"
"""Marks the scope of a request whose body is left out, for the application to refuse it."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

END_OF_BODY = {"type": "http.request", "body": b"", "more_body": False}


class BodyLimit:
    def __init__(self, app: Application, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _CountedBody(receive, self.limit)
        if _announced(scope) <= self.limit:
            await self.app(*await _measured(scope, body.receive), send)
        if body.is_too_large or _announced(scope) > self.limit:
            await self.app(_without_body(scope), _first(END_OF_BODY, _silence), send)


class _CountedBody:
    """To the application, a body that grows too large is a client that went away."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    @property
    def is_too_large(self) -> bool:
        return self._left < 0

    async def receive(self) -> Mapping[str, Any]:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


async def _measured(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """Gives a body without a length one: Django and DRF take it for empty otherwise."""
    if _header(scope, b"content-length") is not None:
        return scope, receive
    message = await receive()
    pieces = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
    if message["type"] != "http.request":
        return scope, _first(message, receive)
    body = b"".join(pieces)
    length = (b"content-length", str(len(body)).encode())
    whole = {**END_OF_BODY, "body": body}
    return {**scope, "headers": [*scope["headers"], length]}, _first(whole, receive)


def _first(message: Mapping[str, Any], receive: Receive) -> Receive:
    waiting = [message]

    async def received() -> Mapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return received


def _announced(scope: Scope) -> int:
    length = _header(scope, b"content-length") or b"0"
    return int(length[:20]) if length.isdigit() else 0


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key.lower() == name), None)


def _without_body(scope: Scope) -> Scope:
    headers = [header for header in scope["headers"] if header[0].lower() != b"content-length"]
    return {**scope, "headers": headers, TOO_LARGE: True}


async def _silence() -> Mapping[str, Any]:
    """The rest of the body is left where it is: the connection ends with the answer."""
    return await asyncio.Future()
