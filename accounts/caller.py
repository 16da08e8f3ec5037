"""Who asks, as far as the hot path has to know, read by one prepared statement."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import Session
from accounts.services.sessions import see_session
from accounts.tokens import Claims, InvalidToken
from chatsite.db import now
from chatsite.fastpath.statements import Select
from chatsite.monitoring.trace import note_person

_SESSION = Select(
    lambda session, user, since: Session.objects.filter(
        pk=session, user_id=user, revoked_at=None, created_at__gt=since, user__banned_at=None
    ).values_list("last_seen_at")
)


@dataclass(frozen=True, slots=True)
class Caller:
    pk: str
    session_id: str


def live_caller(claims: Claims) -> Caller:
    """Raises InvalidToken when the session has ended or its user is banned."""
    row = _SESSION.first(
        session=claims.session_id, user=claims.user_id, since=now() - settings.TOKEN_LIFETIME
    )
    if row is None:
        raise InvalidToken
    last_seen: datetime = row[0]
    see_session(claims.session_id, last_seen)
    note_person(claims.user_id)
    return Caller(claims.user_id, claims.session_id)
