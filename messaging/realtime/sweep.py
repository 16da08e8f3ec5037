"""Closes sockets that outlived their session, when the message that said so was lost, and those
that outlived their token; remembers that the others are in use.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.conf import settings

from accounts.models import Session
from accounts.services.sessions import record_last_seen
from accounts.tokens import Claims
from chatsite.db import in_thread, now
from messaging.realtime.close_codes import MISSED_EVENTS, SESSION_ENDED

logger = logging.getLogger(__name__)
CHUNK = 500  # sessions in one query


class SessionSocket(Protocol):
    claims: Claims
    session_id: str

    def terminate(self, code: int) -> None: ...


class LiveSession(NamedTuple):
    last_seen_at: datetime
    rotation: int
    rotated_at: datetime | None


async def terminate_ended(sockets: Sequence[SessionSocket]) -> None:
    try:
        live = await in_thread(live_sessions)({socket.session_id for socket in sockets})
    except Exception:  # another round comes
        logger.exception("sessions were not looked at")
        return
    for socket in sockets:
        session = live.get(socket.session_id)
        if session is None:
            socket.terminate(SESSION_ENDED)
        elif not socket.claims.fits(session.rotation, session.rotated_at):
            # Whoever has the next token, as the page of the session's owner, comes back with that.
            socket.terminate(MISSED_EVENTS)
    try:
        await in_thread(record_use)(live)
    except Exception:
        logger.exception("that sessions are used was not written")


def live_sessions(session_ids: Iterable[str]) -> dict[str, LiveSession]:
    """Those that go on, by their keys."""
    keys = list(session_ids)
    live: dict[str, LiveSession] = {}
    for start in range(0, len(keys), CHUNK):
        sessions = Session.objects.live().filter(pk__in=keys[start : start + CHUNK])
        rows = sessions.values_list("pk", *LiveSession._fields)
        live.update({key: LiveSession(*rest) for key, *rest in rows})
    return live


def record_use(live: Mapping[str, LiveSession]) -> None:
    """An open socket is use of its session: as often as its end by idleness takes."""
    before = now() - settings.SESSION_IDLE / 24
    record_last_seen([key for key, each in live.items() if each.last_seen_at < before])
