"""Closes sockets that outlived their session, when the message that said so was lost, and remembers
that the others are in use.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings

from accounts.models import Session
from accounts.services.sessions import record_last_seen
from chatsite.db import in_thread, now
from messaging.realtime.close_codes import SESSION_ENDED

logger = logging.getLogger(__name__)
CHUNK = 500  # sessions in one query


class SessionSocket(Protocol):
    session_id: str

    def terminate(self, code: int) -> None: ...


async def terminate_ended(sockets: Sequence[SessionSocket]) -> None:
    try:
        live = await in_thread(live_sessions)({socket.session_id for socket in sockets})
    except Exception:  # another round comes
        logger.exception("sessions were not looked at")
        return
    for socket in sockets:
        if socket.session_id not in live:
            socket.terminate(SESSION_ENDED)
    try:
        await in_thread(record_use)(live)
    except Exception:
        logger.exception("that sessions are used was not written")


def live_sessions(session_ids: Iterable[str]) -> dict[str, datetime]:
    """Those that go on, and when each was seen last."""
    keys = list(session_ids)
    live: dict[str, datetime] = {}
    for start in range(0, len(keys), CHUNK):
        sessions = Session.objects.active().filter(pk__in=keys[start : start + CHUNK])
        live.update(sessions.values_list("pk", "last_seen_at"))
    return live


def record_use(live: Mapping[str, datetime]) -> None:
    """An open socket is use of its session: as often as its end by idleness takes."""
    before = now() - settings.SESSION_IDLE / 24
    record_last_seen([key for key, seen_at in live.items() if seen_at < before])
