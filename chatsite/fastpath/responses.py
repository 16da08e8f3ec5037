"""Responses of the fast path, as the API's renderer and Django's middleware would make them."""

import asyncio
import gzip
import secrets
from dataclasses import dataclass, field

import msgspec
from django.middleware.gzip import GZipMiddleware

from chatsite.errors import DomainError, error_payload
from chatsite.fastpath.headers import SMALL, Headers

LARGE = 8192  # bytes that take too long to compress in the event loop
HUGE = 65_536  # or in a thread in which others wait
GZIP = (b"content-encoding", b"gzip")
_HAS_NAME = b"\x08"  # a flag of its header (RFC 1952), after three bytes; the name is after ten
# As DRF's renderer does: scripts of old took them for the end of a line.
_LINE_SEPARATOR = "\u2028".encode(), rb"\u2028"
_PARAGRAPH_SEPARATOR = "\u2029".encode(), rb"\u2029"
_E2 = b"\xe2"  # as both begin; most bodies are seen through at a glance
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: Headers = field(default_factory=list)  # beside those of any response
    is_small: bool = True  # before it was compressed


def response(status: int, payload: object, headers: Headers | None = None) -> Response:
    body = _encode(payload)
    if _E2 in body:
        body = body.replace(*_LINE_SEPARATOR).replace(*_PARAGRAPH_SEPARATOR)
    return Response(status, body, headers or [], len(body) < SMALL)


def refusal(error: DomainError) -> Response:
    wait = [(b"retry-after", str(error.wait).encode())] if error.wait else []
    return response(error.status, error_payload(error), wait)


async def compressed(response: Response) -> Response:
    """The same, where that makes it shorter."""
    if response.is_small or GZIP in response.headers:
        return response
    if len(response.body) < LARGE:
        return _compressed(response)
    return await asyncio.to_thread(_compressed, response)


def compressed_here(response: Response) -> Response:
    """The same in the thread that made the response, which saves the way to another."""
    return response if response.is_small or len(response.body) > HUGE else _compressed(response)


def _compressed(response: Response) -> Response:
    shorter = _gzipped(response.body)
    if len(shorter) >= len(response.body):
        return response
    return Response(response.status, shorter, [*response.headers, GZIP], is_small=False)


def _gzipped(body: bytes) -> bytes:
    """With a name of random length, as Django's middleware does: so its size reveals nothing of
    its content (BREACH). gzip.GzipFile, which takes a name, is five times as slow.
    """
    made = gzip.compress(body, 6, mtime=0)
    name = b"a" * secrets.randbelow(GZipMiddleware.max_random_bytes)
    return b"".join((made[:3], _HAS_NAME, made[4:10], name, b"\0", made[10:]))
