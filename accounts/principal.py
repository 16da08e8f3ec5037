"""Who asks, as far as the hot path has to know, read by one prepared statement."""

from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from django.db import connections
from django.db.models import F

from accounts.models import Session, session_limits
from accounts.services.sessions import record_last_seen, record_rotation, was_seen_recently
from accounts.tokens import Claims, InvalidToken
from chatsite.fastpath.statements import Select, SelectAmong
from chatsite.job_queue import JobQueue
from chatsite.monitoring.trace import set_person

_SESSION = Select(
    lambda session, user, **limits: (
        Session.objects.live(**limits)
        .filter(pk=session, user_id=user)
        .values_list("last_seen_at", "rotation", "rotated_at", F("user__language"))
    )
)
_SESSIONS = SelectAmong(
    lambda sessions, **limits: (
        Session.objects.live(**limits)
        .filter(pk__in=sessions)
        .values_list("pk", "user_id", "last_seen_at", "rotation", "rotated_at")
    )
)


@dataclass(frozen=True, slots=True)
class Principal:
    pk: str
    session_id: str
    language: str = ""  # that they chose


def live_principal(claims: Claims) -> Principal:
    """Raises InvalidToken when the session has ended or its user is banned."""
    row = _SESSION.first(session=claims.session_id, user=claims.user_id, **session_limits())
    if row is None or not claims.fits(row[1], row[2]):
        raise InvalidToken
    if claims.rotation > row[1] or not was_seen_recently(row[0]):
        _remember(claims)
    set_person(claims.user_id)
    return Principal(claims.user_id, claims.session_id, row[3])


def live_claims(many: Collection[Claims]) -> set[Claims]:
    """Those whose session lives, of a user who is not banned: asked at once."""
    rows = _SESSIONS.rows_among({claims.session_id for claims in many}, **session_limits())
    found = {(key, user): stored for key, user, *stored in rows}
    live = set[Claims]()
    for each in many:
        stored = found.get((each.session_id, each.user_id))
        if stored and each.fits(*stored[1:]):
            live.add(each)
            if each.rotation > stored[1] or not was_seen_recently(stored[0]):
                _remember(each)
    return live


# That a session was seen is written after the request: what is written waits for what others
# write, and rows of sessions are locked in no order.
last_seen_queue = JobQueue("last_seen_queue", threads=1, length=1)
GATHERING = 1  # seconds
_seen: set[Claims] = set()
_seeing = Lock()


def _remember(claims: Claims) -> None:
    """Together with others that are seen within a second."""
    with _seeing:
        _seen.add(claims)
    last_seen_queue.put(_see)  # where there is no room, one waits that has not looked yet


def _see() -> None:
    last_seen_queue.closing.wait(GATHERING)
    with _seeing:
        seen = {*_seen}
        _seen.clear()
    try:
        record_last_seen(sorted({each.session_id for each in seen}))
        for each in seen:
            if each.rotation:
                record_rotation(each.session_id, each.rotation)
    finally:
        connections.close_all()
