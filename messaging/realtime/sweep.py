"""Closes sockets that outlived their session, when the message that said so was lost, and remembers
that the others are in use.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from accounts.models import Session
from accounts.services.sessions import record_last_seen, was_seen_recently
from chatsite.db import in_thread
from messaging.realtime.close_codes import SESSION_ENDED

logger = logging.getLogger(__name__)
CHUNK = 500  # sessions in one query


class SessionSocket(Protocol):
    session_id: str

    def terminate(self, code: int) -> None: ...


async def terminate_ended(sockets: Sequence[SessionSocket]) -> None:
    try:
        live = await in_thread(live_keys)({socket.session_id for socket in sockets})
    except Exception:  # another round comes
        logger.exception("sessions were not looked at")
        return
    for socket in sockets:
        if socket.session_id not in live:
            socket.terminate(SESSION_ENDED)


def live_keys(session_ids: Iterable[str]) -> set[str]:
    """Those that go on; an open socket is use of its session."""
    keys = list(session_ids)
    live: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        sessions = Session.objects.active().filter(pk__in=keys[start : start + CHUNK])
        seen = dict(sessions.values_list("pk", "last_seen_at"))
        record_last_seen([key for key, moment in seen.items() if not was_seen_recently(moment)])
        live |= seen.keys()
    return live
