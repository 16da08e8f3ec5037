"""The token: a JWT that names a person and one of their sessions. One reader for HTTP and sockets.

Tokens rotate: who comes by cookie with one that is older than TOKEN_RENEWAL is given the next. The
session counts which one is in use. The next one is as soon as it comes back, so that none is lost
with an answer; the one before it works for OVERLAP longer, for requests that are on their way.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Session
from chatsite.db import now
from chatsite.keys import is_key
from chatsite.monitoring.trace import set_person

OVERLAP = timedelta(minutes=2)
USER_CLAIM = str(settings.SIMPLE_JWT["USER_ID_CLAIM"])
SESSION_CLAIM = "sid"
ROTATION_CLAIM = "rot"  # absent: 0
LEEWAY = cast(int, settings.SIMPLE_JWT["LEEWAY"])  # seconds


@dataclass(frozen=True, slots=True)
class Claims:
    session_id: str
    user_id: str
    rotation: int = 0
    issued_at: float = field(default=0, compare=False)  # seconds since 1970

    @property
    def is_due(self) -> bool:
        """To be replaced by the next one."""
        return time.time() - self.issued_at > settings.TOKEN_RENEWAL.total_seconds()

    def fits(self, rotation: int, rotated_at: datetime | None) -> bool:
        """A session that counts so."""
        if self.rotation == rotation - 1:
            return rotated_at is not None and now() - rotated_at < OVERLAP
        return self.rotation in (rotation, rotation + 1)


class InvalidToken(Exception):
    """The token is malformed, forged, expired, or its session has ended."""


def issue_token(session: Session, rotation: int = 0) -> str:
    """The one after the first ends with the session."""
    token = AccessToken()
    token[USER_CLAIM] = session.user_id
    token[SESSION_CLAIM] = session.pk
    if rotation:
        token[ROTATION_CLAIM] = rotation
        token.set_exp(from_time=session.created_at)
    return str(token)


def renewed_token(session: Session, claims: Claims) -> str:
    """In place of the one with these claims, which fits the session."""
    return issue_token(session, max(session.rotation, claims.rotation + 1))


def read_session(token: str) -> Session:
    """The live session behind a token, its user along in the same query. Raises InvalidToken."""
    return live_session(read_claims(token))


def read_claims(token: str) -> Claims:
    """What the token says, its signature and its time checked. Raises InvalidToken."""
    claims, expires_at = _verified(token)
    if time.time() >= expires_at:
        raise InvalidToken
    return claims


@lru_cache(maxsize=10_000)  # its time aside, a token that is right stays right
def _verified(token: str) -> tuple[Claims, float]:
    """Also the second since 1970 up to which the token may be used."""
    try:
        content = AccessToken(token)  # type: ignore[arg-type]  # a str is what it takes
        claims = Claims(
            content[SESSION_CLAIM],
            content[USER_CLAIM],
            int(content.get(ROTATION_CLAIM, 0)),
            float(content.get("iat", 0)),
        )
        expires_at = content["exp"] + LEEWAY
    # The library does not look what the keys are, and fails at times out of reach.
    except (TokenError, KeyError, ValueError, TypeError, ArithmeticError, OSError):
        raise InvalidToken from None
    if not (is_key(claims.session_id) and is_key(claims.user_id)):
        raise InvalidToken
    return claims, expires_at


def session_of(token: str) -> Session | None:
    """The session that a token was made for, ended or not; None for what is no token of ours."""
    try:
        claims = read_claims(token)
    except InvalidToken:
        return None
    sessions = Session.objects.select_related("user")
    return sessions.filter(pk=claims.session_id, user_id=claims.user_id).first()


def live_session(claims: Claims) -> Session:
    """Raises InvalidToken when the session has ended, has a later token, or its user is banned."""
    sessions = Session.objects.live().select_related("user")
    session = sessions.filter(pk=claims.session_id, user_id=claims.user_id).first()
    if session is None or not claims.fits(session.rotation, session.rotated_at):
        raise InvalidToken
    session.claims = claims
    set_person(session.user_id)
    return session
