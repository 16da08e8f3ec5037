"""Who knocks: the origin of the page and the token, from the headers of the handshake."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts import cookies
from accounts.authentication import bearer_of
from accounts.caller import live_claims
from accounts.tokens import Claims, InvalidToken, read_claims
from chatsite.fastpath.asking import is_ours
from chatsite.fastpath.threads import read as read_from_database
from chatsite.guard import origins

SCHEMES = {"ws": "http", "wss": "https"}


def is_own_origin(scope: Mapping[str, Any]) -> bool:
    """True without an Origin: browsers always send one."""
    origin = header(scope, b"origin")
    if origin is None:
        return True
    return origins.is_own_origin(origin, **_knocked_at(scope))


def address_for(scope: Mapping[str, Any]) -> str:
    """What the page that knocks needs in front of paths of this site."""
    return origins.address_for(header(scope, b"origin"), **_knocked_at(scope))


def _knocked_at(scope: Mapping[str, Any]) -> dict[str, str]:
    scheme = scope.get("scheme", "ws")
    return {"scheme": SCHEMES.get(scheme, scheme), "host": header(scope, b"host") or ""}


def is_for_us(scope: Mapping[str, Any]) -> bool:
    """Not for a foreign Host, as with pages and calls."""
    return is_ours(header(scope, b"host") or "") and is_own_origin(scope)


def tokens(scope: Mapping[str, Any]) -> list[str]:
    """From the cookies or a bearer header; never from the address, which lands in logs."""
    bearer = bearer_of(header(scope, b"authorization") or "")
    return [bearer] if bearer else cookies.tokens_in(header(scope, b"cookie") or "")


async def token_among(tokens: Sequence[str]) -> str:
    """The first whose session lives, where there are several; else the one there is, or none."""
    claims = {token: read for token in tokens if (read := _claims(token))}
    if len(claims) < 2:
        return next(iter(claims or tokens), "")
    live = await read_from_database(lambda: live_claims([*claims.values()]), about="")
    return next((token for token in claims if claims[token] in live), tokens[0])


def _claims(token: str) -> Claims | None:
    try:
        return read_claims(token)
    except InvalidToken:
        return None


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    value = next((value for key, value in scope["headers"] if key.lower() == name), None)
    return None if value is None else value.decode("latin-1")
