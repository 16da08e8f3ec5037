"""Who knocks: the origin of the page and the token, from the headers of the handshake."""

from collections.abc import Mapping
from typing import Any

from django.http import parse_cookie

from accounts import cookies
from accounts.authentication import bearer_of
from chatsite.guard import origins

SCHEMES = {"ws": "http", "wss": "https"}


def is_own_origin(scope: Mapping[str, Any]) -> bool:
    """True without an Origin: browsers always send one."""
    origin = header(scope, b"origin")
    if origin is None:
        return True
    scheme = SCHEMES.get(scope.get("scheme", "ws"), "http")
    return origins.is_own_origin(origin, scheme=scheme, host=header(scope, b"host") or "")


def token(scope: Mapping[str, Any]) -> str:
    """From the cookie or a bearer header; never from the address, which lands in logs."""
    bearer = bearer_of(header(scope, b"authorization") or "")
    return bearer or parse_cookie(header(scope, b"cookie") or "").get(cookies.NAME, "")


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    value = next((value for key, value in scope["headers"] if key.lower() == name), None)
    return None if value is None else value.decode("latin-1")
