"""A request as the fast path reads it: only what is plain, with nothing about it to argue over.

Whatever else comes, be it wrong or just unusual, is left to Django.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from chatsite.interfaces import Scope
from chatsite.security.credentials import bearer_of, tokens_of
from chatsite.security.origins import HEADERS, address_for, is_foreign

MAX_BODY = 49_152  # bytes of a body: fewer than the parts that strict_json lets through
JSON_TYPES = {b"application/json", b"application/json; charset=utf-8"}
_KNOWN = frozenset(
    (
        b"host cookie authorization accept accept-encoding content-type content-length"
        b" x-expected-user"
    ).split()
).union(name.encode() for name in HEADERS)
# What asks for something that only Django does.
_UNUSUAL = frozenset(b"transfer-encoding content-encoding expect upgrade".split())

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class PlainRequest:
    host: str
    token: str
    by_cookie: bool
    origin: str  # when CLIENT_URL lists it
    expected_user: str | None
    takes_gzip: bool
    length: int  # of the body


def read(scope: Scope) -> PlainRequest | None:
    """None for what is not plain, by its headers."""
    headers = _headers(scope)
    if headers is None or (settings.SECURE_SSL_REDIRECT and scope["scheme"] != "https"):
        return None
    host = _text(headers, b"host")
    authorization = _text(headers, b"authorization")
    tokens = tokens_of(authorization, _text(headers, b"cookie"))
    by_cookie = not bearer_of(authorization)
    length = _length(headers)
    if len(tokens) != 1 or length is None or not _takes_json(headers) or not is_ours(host):
        return None
    if length and headers.get(b"content-type", b"").lower() not in JSON_TYPES:
        return None
    if (
        scope["method"] != "GET"
        and by_cookie
        and is_foreign(
            lambda name: _text_or_none(headers, name.encode()), scheme=scope["scheme"], host=host
        )
    ):
        return None
    origin = _text(headers, b"origin")
    if address_for(origin, scheme=scope["scheme"], host=host):
        return None  # its pictures have an address of their own
    return PlainRequest(
        host=host,
        token=tokens[0],
        by_cookie=by_cookie,
        origin=origin if origin in settings.CLIENT_URLS else "",
        expected_user=_text_or_none(headers, b"x-expected-user"),
        takes_gzip=b"gzip" in headers.get(b"accept-encoding", b""),
        length=length,
    )


def _headers(scope: Scope) -> Headers | None:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _UNUSUAL or name in headers:
            return None
        if name in _KNOWN:
            headers[name] = value
    return headers


def _text(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _text_or_none(headers: Headers, name: bytes) -> str | None:
    return headers[name].decode("latin-1") if name in headers else None


def _length(headers: Headers) -> int | None:
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 5 or int(length) > MAX_BODY:
        return None
    return int(length)


def _takes_json(headers: Headers) -> bool:
    """And not the browsable page."""
    accept = headers.get(b"accept", b"*/*")
    return b"text/html" not in accept and (b"*/*" in accept or b"application/json" in accept)


def is_ours(host: str) -> bool:
    return _is_allowed(host, tuple(settings.ALLOWED_HOSTS))


@lru_cache(maxsize=64)
def _is_allowed(host: str, _allowed: tuple[str, ...]) -> bool:
    """As Django decides, by the hosts that are allowed now."""
    request = HttpRequest()
    request.META["HTTP_HOST"] = host
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
