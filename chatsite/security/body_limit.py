"""The body limit, counted while the body is read, so that a lying or missing Content-Length does
not help.

Bodies come before authentication, so they wait on disk, where they are large.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial
from itertools import chain
from typing import IO

from django.conf import settings

from chatsite.errors import DISK_FULL
from chatsite.interfaces import Application, Message, Receive, Scope, Send
from chatsite.monitoring.trace import set_responded

logger = logging.getLogger(__name__)

# Why the body of a request is left out, for the application to refuse it.
TOO_LARGE = "too large"
NO_ROOM = "no room"

PIECE = 65_536  # bytes
LINGER = 10  # seconds, which end before those of a server that stops
LINGERING = 100  # at once: a connection each, and nothing else
END_OF_BODY = {"type": "http.request", "body": b"", "more_body": False}


_reason: ContextVar[str] = ContextVar("why_without_body", default="")


def why_without_body() -> str:
    """Of the current request: TOO_LARGE or NO_ROOM; empty where it has its body."""
    return _reason.get()


class BodyLimit:
    def __init__(self, app: Application, limit: int) -> None:
        self.app = app
        self.limit = limit
        self._lingering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _CountedBody(receive, self.limit)
        if reason := await self._refusal(scope, body, send):
            held = _HeldEnd(send)
            token = _reason.set(reason)
            try:
                await self.app(_without_body(scope), first(END_OF_BODY, _silence), held.send)
            finally:
                _reason.reset(token)
            if held.is_whole:
                set_responded()
                await self._linger(body)
                await send({"type": "http.response.body", "body": b""})

    async def _refusal(self, scope: Scope, body: "_CountedBody", send: Send) -> str:
        """Runs the application. The reason, where that did not get the whole body, nor respond."""
        if _announced(scope) > self.limit:
            return TOO_LARGE
        try:
            async with _measured(scope, body.receive) as request:
                await self.app(*request, send)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            logger.warning("no room for a request's body in %s", tempfile.gettempdir())
            return NO_ROOM
        return TOO_LARGE if body.is_too_large else ""

    async def _linger(self, body: "_CountedBody") -> None:
        """Browsers read the response once they have sent all: until then the rest of the body is
        read and dropped, and the connection is kept. The application is done by now, so that a
        silent client holds none of its threads.
        """
        if self._lingering >= LINGERING:
            return
        self._lingering += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    while not body.is_over:
                        await body.receive()
        finally:
            self._lingering -= 1


class _CountedBody:
    """To the application, a body that grows too large is a client that went away."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self.is_over = False

    @property
    def is_too_large(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.is_over = not message.get("more_body")
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


class _HeldEnd:
    """Holds back the end of a response, which clients have whole all the same."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_whole = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.is_whole = True
            message = {**message, "more_body": True}
        await self._send(message)


@asynccontextmanager
async def _measured(scope: Scope, receive: Receive) -> AsyncIterator[tuple[Scope, Receive]]:
    """Gives a body without a length one: Django and DRF take it for empty otherwise."""
    if _header(scope, b"content-length") is not None:
        yield scope, receive
        return
    with tempfile.SpooledTemporaryFile(settings.FILE_UPLOAD_MAX_MEMORY_SIZE) as body:
        last = await _read_into(body, receive)
        if last["type"] != "http.request":
            yield scope, first(last, receive)
            return
        length = (b"content-length", str(body.tell()).encode())
        body.seek(0)
        yield {**scope, "headers": [*scope["headers"], length]}, _from(body, receive)


async def _read_into(body: IO[bytes], receive: Receive) -> Message:
    """The last message."""
    message = await receive()
    body.write(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        body.write(message.get("body", b""))
    return message


def _from(body: IO[bytes], receive: Receive) -> Receive:
    pieces = iter(partial(body.read, PIECE), b"")
    messages = chain(
        ({"type": "http.request", "body": piece, "more_body": True} for piece in pieces),
        [END_OF_BODY],
    )

    async def received() -> Message:
        return next(messages, None) or await receive()

    return received


def first(message: Message, receive: Receive) -> Receive:
    waiting = [message]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


def _announced(scope: Scope) -> int:
    length = _header(scope, b"content-length") or b"0"
    return int(length[:20]) if length.isdigit() else 0


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key.lower() == name), None)


def _without_body(scope: Scope) -> Scope:
    headers = [header for header in scope["headers"] if header[0].lower() != b"content-length"]
    return {**scope, "headers": headers}


async def _silence() -> Message:
    """The rest of the body is not the application's."""
    return await asyncio.Future()
