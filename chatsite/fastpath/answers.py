"""Answers of the fast path, as the API's renderer and Django's middleware would make them."""

from dataclasses import dataclass

import msgspec
from django.middleware.gzip import GZipMiddleware
from django.utils.text import compress_string

from chatsite.errors import DomainError, error_payload
from chatsite.fastpath.asking import Asking
from chatsite.fastpath.headers import SMALL, Headers

GZIP = (b"content-encoding", b"gzip")
# As DRF's renderer does: scripts of old took them for the end of a line.
_LINE_SEPARATOR = "\u2028".encode(), rb"\u2028"
_PARAGRAPH_SEPARATOR = "\u2029".encode(), rb"\u2029"
_E2 = b"\xe2"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Headers
    is_small: bool  # before it was compressed


def answer(asking: Asking, status: int, payload: object, headers: Headers | None = None) -> Answer:
    return packed(asking, status, _encode(payload), headers)


def packed(asking: Asking, status: int, body: bytes, headers: Headers | None = None) -> Answer:
    """Of JSON that is made already."""
    headers = headers or []
    if _E2 in body:  # as both begin; most bodies are seen through at a glance
        body = body.replace(*_LINE_SEPARATOR).replace(*_PARAGRAPH_SEPARATOR)
    is_small = len(body) < SMALL
    if asking.takes_gzip and not is_small:
        shorter = compress_string(body, max_random_bytes=GZipMiddleware.max_random_bytes)
        if len(shorter) < len(body):
            return Answer(status, shorter, [*headers, GZIP], is_small)
    return Answer(status, body, headers, is_small)


def refusal(asking: Asking, error: DomainError) -> Answer:
    wait = [(b"retry-after", str(error.wait).encode())] if error.wait else []
    return answer(asking, error.status, error_payload(error), wait)


def failure(asking: Asking, message: str) -> Answer:
    return answer(asking, 500, {"message": message})
