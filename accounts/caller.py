"""Who asks, as far as the hot path has to know, read by one prepared statement."""

from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.db import connections

from accounts.models import Session
from accounts.services.sessions import is_seen_lately, see_sessions
from accounts.tokens import Claims, InvalidToken
from chatsite.db import now
from chatsite.fastpath.statements import Select
from chatsite.jobs import JobQueue
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
    if not is_seen_lately(row[0]):
        _remember(claims.session_id)
    note_person(claims.user_id)
    return Caller(claims.user_id, claims.session_id)


# That a session was seen is written behind the caller's back: what is written waits for what others
# write, and rows of sessions are locked in no order.
sightings = JobQueue("sightings", threads=1, length=1)
GATHERING = 1  # seconds
_seen: set[str] = set()
_seeing = Lock()


def _remember(session_id: str) -> None:
    """Together with others that are seen within a second."""
    with _seeing:
        _seen.add(session_id)
    sightings.put(_see)  # where there is no room, one waits that has not looked yet


def _see() -> None:
    sightings.closing.wait(GATHERING)
    with _seeing:
        keys = sorted(_seen)
        _seen.clear()
    try:
        see_sessions(keys)
    finally:
        connections.close_all()
