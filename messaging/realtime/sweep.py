"""Closes sockets that outlived their session, when the message that said so was lost."""

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from accounts.models import Session
from chatsite.db import in_thread
from messaging.realtime.close_codes import SESSION_ENDED

logger = logging.getLogger(__name__)
CHUNK = 500  # sessions in one query


class SessionSocket(Protocol):
    session_id: str

    def terminate(self, code: int) -> None: ...


async def terminate_ended(sockets: Sequence[SessionSocket]) -> None:
    try:
        live = await in_thread(_live)({socket.session_id for socket in sockets})
    except Exception:  # another round comes
        logger.exception("sessions were not looked at")
        return
    for socket in sockets:
        if socket.session_id not in live:
            socket.terminate(SESSION_ENDED)


def _live(session_ids: Iterable[str]) -> set[str]:
    keys = list(session_ids)
    live: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        sessions = Session.objects.active().filter(pk__in=keys[start : start + CHUNK])
        live.update(sessions.values_list("pk", flat=True))
    return live
