"""The body limit, counted while the body is read, so that a lying or missing Content-Length does
not help.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    pass


class BodyLimit:
    def __init__(self, app: Application, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            if _announced(scope) > self.limit:
                raise TooLarge
            await self.app(scope, self._counted(receive), send)
        except TooLarge:
            await _refuse(scope, send)

    def _counted(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Any:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > self.limit:
                    raise TooLarge
            return message

        return counted


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(scope: Scope, send: Send) -> None:
    content_type, body = _answer(scope["path"])
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _answer(path: str) -> tuple[bytes, bytes]:
    if path.startswith("/api/"):
        return b"application/json", json.dumps({"message": _("The request is too large.")}).encode()
    return b"text/html; charset=utf-8", render_to_string("413.html").encode()
