"""Whose token comes with a handshake, and in which language they read."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.principal import live_claims
from accounts.tokens import Claims, InvalidToken, read_claims
from chatsite.fastpath.threads import read as read_from_database
from chatsite.language import accepted_language
from chatsite.security.credentials import tokens_of
from chatsite.security.handshakes import header


def tokens(scope: Mapping[str, Any]) -> list[str]:
    """From the cookies or a bearer header; never from the address, which lands in logs."""
    return tokens_of(header(scope, b"authorization") or "", header(scope, b"cookie") or "")


def language_of(scope: Mapping[str, Any]) -> str:
    """The browser's, of those that the site has."""
    return accepted_language(header(scope, b"accept-language") or "")


async def token_among(tokens: Sequence[str]) -> str:
    """The first whose session lives, where there are several; else the one there is, or none."""
    claims = {token: read for token in tokens if (read := _claims(token))}
    if len(claims) < 2:
        return next(iter(claims or tokens), "")
    live = await read_from_database(lambda: live_claims([*claims.values()]), key="")
    return next((token for token in claims if claims[token] in live), tokens[0])


def _claims(token: str) -> Claims | None:
    try:
        return read_claims(token)
    except InvalidToken:
        return None
