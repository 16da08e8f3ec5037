"""The ASGI application in front of Django's that answers the calls of the hot path by itself.

It takes what is plain (asking.py) and goes through the same services as the views; everything else
is passed on to Django, its body included.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import Busy, DomainError, is_away
from chatsite.fastpath.answers import Answer, answer, compressed, refusal
from chatsite.fastpath.asking import Asking, read
from chatsite.fastpath.headers import Headers, learned
from chatsite.guard.body_limit import first
from chatsite.guard.counting import Once
from chatsite.interfaces import Application, Receive, Scope, Send
from chatsite.monitoring.trace import note_route

logger = logging.getLogger(__name__)
NO_BODY: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}


@dataclass(frozen=True, slots=True)
class Request:
    asking: Asking
    scope: Scope
    key: str  # that the path ends with, if it does
    body: bytes
    once: Once = field(default_factory=Once)  # its work may be repeated

    @property
    def query(self) -> str:
        return str(self.scope["query_string"].decode("latin-1"))

    @property
    def url(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return f"{self.scope['scheme']}://{self.asking.host}{self.scope['path']}{query}"


@dataclass(frozen=True, slots=True)
class Call:
    """`handle` answers None when the request is one for Django after all, and nothing was done."""

    route: str  # as URL patterns have it
    allow: bytes
    handle: Callable[[Request], Awaitable[Answer | None]]


Find = Callable[[str, str], tuple[Call, str] | None]
"""By method and path: the call, and the key that the path ends with."""


class FastPath:
    def __init__(self, app: Application, find: Find) -> None:
        self.app = app
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["method"], scope["path"]) if settings.FAST.http else None
        asking = read(scope) if found else None
        if found is None or asking is None:
            await self.app(scope, receive, send)
            return
        call, key = found
        message = await _read(receive, asking.length) if asking.length else NO_BODY
        if message["type"] != "http.request":
            return  # the client is gone
        found_answer = None
        if not message["more_body"]:
            note_route(call.route)
            found_answer = await _answered(call, Request(asking, scope, key, message["body"]))
        if found_answer is None:
            await self.app(scope, first(message, receive) if asking.length else receive, send)
            return
        if asking.takes_gzip:
            found_answer = await compressed(found_answer)
        await _send(found_answer, send, _headers(scope, call, asking, found_answer))


async def _read(receive: Receive, length: int) -> dict[str, Any]:
    """The body in one message; the beginning of one that is longer than it said."""
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body") and len(body) <= length:
        message = await receive()
        body += message.get("body", b"")
    return {"more_body": False, **message, "body": body}


async def _answered(call: Call, request: Request) -> Answer | None:
    try:
        return await call.handle(request)
    except DomainError as error:
        return refusal(error)
    except Exception as error:
        logger.exception("a request failed")
        if is_away(error):
            return refusal(Busy())
        return answer(500, {"message": _("Something went wrong here. Please try again.")})


def _headers(scope: Scope, call: Call, asking: Asking, answer: Answer) -> Headers:
    return [
        *learned(scope["scheme"], asking.host, asking.origin, small=answer.is_small),
        (b"allow", call.allow),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
    ]


async def _send(answer: Answer, send: Send, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
