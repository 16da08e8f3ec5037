"""Answers of the fast path, as the API's renderer and Django's middleware would make them."""

import asyncio
from dataclasses import dataclass, field

import msgspec
from django.middleware.gzip import GZipMiddleware
from django.utils.text import compress_string

from chatsite.errors import DomainError, error_payload
from chatsite.fastpath.headers import SMALL, Headers

LARGE = 8192  # bytes that take too long to compress in the event loop
HUGE = 65_536  # or in a thread in which others wait
GZIP = (b"content-encoding", b"gzip")
# As DRF's renderer does: scripts of old took them for the end of a line.
_LINE_SEPARATOR = "\u2028".encode(), rb"\u2028"
_PARAGRAPH_SEPARATOR = "\u2029".encode(), rb"\u2029"
_E2 = b"\xe2"  # as both begin; most bodies are seen through at a glance
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Headers = field(default_factory=list)  # beside those of any answer
    is_small: bool = True  # before it was compressed


def answer(status: int, payload: object, headers: Headers | None = None) -> Answer:
    body = _encode(payload)
    if _E2 in body:
        body = body.replace(*_LINE_SEPARATOR).replace(*_PARAGRAPH_SEPARATOR)
    return Answer(status, body, headers or [], len(body) < SMALL)


def refusal(error: DomainError) -> Answer:
    wait = [(b"retry-after", str(error.wait).encode())] if error.wait else []
    return answer(error.status, error_payload(error), wait)


async def compressed(answer: Answer) -> Answer:
    """The same, where that makes it shorter."""
    if answer.is_small or GZIP in answer.headers:
        return answer
    if len(answer.body) < LARGE:
        return _compressed(answer)
    return await asyncio.to_thread(_compressed, answer)


def compressed_here(answer: Answer) -> Answer:
    """The same in the thread that made the answer, which saves the way to another."""
    return answer if answer.is_small or len(answer.body) > HUGE else _compressed(answer)


def _compressed(answer: Answer) -> Answer:
    shorter = compress_string(answer.body, max_random_bytes=GZipMiddleware.max_random_bytes)
    if len(shorter) >= len(answer.body):
        return answer
    return Answer(answer.status, shorter, [*answer.headers, GZIP], is_small=False)
