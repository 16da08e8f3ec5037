"""Responses that depend on what the client has already, and parts of files.

Both are decided here, outside of all other middleware, and nowhere else: so a 304, 206, 412 or 416
is the 200 itself, with every header that anything gave it, and another body.
"""

import re
from collections.abc import Iterator

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_http_date_safe

from chatsite.db import release
from chatsite.files.response import StoredFile
from chatsite.interfaces import GetResponse

CONDITIONS = (
    *("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
    *("HTTP_RANGE", "HTTP_IF_RANGE"),
)
OF_THE_BODY = ("Content-Type", "Content-Length", "Content-Encoding")
_RANGE = re.compile(r"bytes\s*=\s*(?=\S*\d)(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class ConditionalMiddleware:
    """For whatever has an ETag, a Last-Modified, or says that it has parts (Accept-Ranges)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        conditions = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
        response: HttpResponseBase = self.get_response(request)
        request.META.update(conditions)
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            if isinstance(response, FileResponse):
                response.headers["Accept-Ranges"] = "bytes"
            _apply_condition(request, response)
            _apply_range(request, response)
        if request.method == "HEAD" and isinstance(response, StoredFile):
            response.cut(0, 0)
        if response.streaming:
            release()  # whoever takes it may be slow, and the pool has few connections
        return response


def _apply_condition(request: HttpRequest, response: HttpResponseBase) -> None:
    etag = response.headers.get("ETag")
    modified = parse_http_date_safe(response.headers.get("Last-Modified", ""))
    decided = get_conditional_response(request, etag, modified) if etag or modified else None
    if decided:
        _empty(response, decided.status_code)


def _apply_range(request: HttpRequest, response: HttpResponseBase) -> None:
    """A request for several parts, or for an impossible one, gets the whole."""
    found = _RANGE.fullmatch(request.META.get("HTTP_RANGE", ""))
    if not found or not _has_parts(request, response):
        return
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return
    size = int(response.headers["Content-Length"])
    start, end = _bytes(first, last, size)
    if start > end:
        _empty(response, 416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return
    _cut(response, start, end)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    response.headers["Content-Length"] = str(end - start + 1)


def _bytes(first: str, last: str, size: int) -> tuple[int, int]:
    """Of the first and the last byte. Without a first one it is the length of the end."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last or size), size - 1)


def _has_parts(request: HttpRequest, response: HttpResponseBase) -> bool:
    """And the client's other parts are of this same version, if it says which."""
    validators = (response.headers.get("ETag", ""), response.headers.get("Last-Modified"))
    return (
        (request.method, response.status_code) == ("GET", 200)
        and response.headers.get("Accept-Ranges") == "bytes"
        and request.META.get("HTTP_IF_RANGE", validators[0]) in validators
        and not request.META.get("HTTP_IF_RANGE", "").startswith("W/")
    )


def _cut(response: HttpResponseBase, start: int, end: int) -> None:
    if isinstance(response, StoredFile):
        response.cut(start, end + 1)
    elif isinstance(response, FileResponse):
        response.streaming_content = _part(iter(response), start, end + 1)
    elif isinstance(response, HttpResponse):
        response.content = response.content[start : end + 1]


def _part(pieces: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    position = 0
    for piece in pieces:
        if part := piece[max(start - position, 0) : end - position]:
            yield part
        position += len(piece)
        if position >= end:
            return


def _empty(response: HttpResponseBase, status: int) -> None:
    response.status_code = status
    if isinstance(response, StoredFile):
        response.cut(0, 0)
    elif isinstance(response, FileResponse):
        response.streaming_content = ()
    elif isinstance(response, HttpResponse):
        response.content = b""
    for name in OF_THE_BODY:
        response.headers.pop(name, None)
