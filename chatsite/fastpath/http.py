"""The ASGI application in front of Django's that handles the calls of the hot path by itself.

It takes plain requests (plain_request.py) and goes through the same services as the views; all else
is passed on to Django, its body included.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import Busy, DomainError, is_away
from chatsite.fastpath.headers import Headers, learned
from chatsite.fastpath.plain_request import PlainRequest, read
from chatsite.fastpath.responses import Response, compressed, refusal, response
from chatsite.interfaces import Application, Receive, Scope, Send
from chatsite.language import accepted_language, read_in
from chatsite.monitoring.trace import set_route
from chatsite.security.body_limit import first
from chatsite.security.handshakes import header
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import CountMemo, counted_before

logger = logging.getLogger(__name__)
NO_BODY: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}


@dataclass(frozen=True, slots=True)
class Request:
    plain: PlainRequest
    scope: Scope
    key: str  # that the path names, if it does
    body: bytes
    limits: CountMemo = field(default_factory=CountMemo)  # its work may be repeated

    @property
    def query(self) -> str:
        return str(self.scope["query_string"].decode("latin-1"))

    @property
    def url(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return f"{self.scope['scheme']}://{self.plain.host}{self.scope['path']}{query}"


@dataclass(frozen=True, slots=True)
class Call:
    """`handle` returns None when the request is one for Django after all, and nothing was done."""

    route: str  # as URL patterns have it
    allow: bytes
    handle: Callable[[Request], Awaitable[Response | None]]


Find = Callable[[str, str], tuple[Call, str] | None]
"""By method and path: the call, and the key that the path names, or ""."""


class FastPath:
    def __init__(self, app: Application, find: Find) -> None:
        self.app = app
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["method"], scope["path"]) if settings.FAST.http else None
        plain = read(scope) if found else None
        if found is None or plain is None:
            await self.app(scope, receive, send)
            return
        call, key = found
        message = await _read(receive, plain.length) if plain.length else NO_BODY
        if message["type"] != "http.request":
            return  # the client is gone
        found_response = None
        counting: AbstractContextManager[None] = nullcontext()
        if not message["more_body"]:
            set_route(call.route)
            try:
                found_response = await _handled(call, Request(plain, scope, key, message["body"]))
            except DomainError:  # the view words it in the reader's language
                counting = counted_before()
        if found_response is None:
            with counting:
                await self.app(scope, first(message, receive) if plain.length else receive, send)
            return
        if plain.takes_gzip:
            found_response = await compressed(found_response)
        await _send(found_response, send, _headers(scope, call, plain, found_response))


async def _read(receive: Receive, length: int) -> dict[str, Any]:
    """The body in one message; the beginning of one that is longer than announced."""
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body") and len(body) <= length:
        message = await receive()
        body += message.get("body", b"")
    return {"more_body": False, **message, "body": body}


async def _handled(call: Call, request: Request) -> Response | None:
    """Raises DomainError, once the limits have counted, but of too many requests or a database that
    is busy: the views would make that worse.
    """
    try:
        return await call.handle(request)
    except TooMany as error:
        with _read_by(request, error.language):
            return refusal(TooMany(error.wait))
    except Busy:
        with _read_by(request):
            return refusal(Busy())
    except DomainError:
        raise
    except Exception as error:
        logger.exception("a request failed")
        if is_away(error):
            with _read_by(request):
                return refusal(Busy())
        return response(500, {"message": _("Something went wrong here. Please try again.")})


def _read_by(request: Request, chosen: str = "") -> AbstractContextManager[object]:
    return read_in(chosen or accepted_language(header(request.scope, b"accept-language") or ""))


def _headers(scope: Scope, call: Call, plain: PlainRequest, found: Response) -> Headers:
    return [
        *learned(scope["scheme"], plain.host, plain.origin, small=found.is_small),
        (b"allow", call.allow),
        (b"content-length", str(len(found.body)).encode()),
        *found.headers,
    ]


async def _send(found: Response, send: Send, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body})
