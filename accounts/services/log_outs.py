"""Logging out never fails: while the database is away, the sessions end as soon as it is back."""

import logging
from collections.abc import Iterable
from contextlib import suppress

from django.db import Error, connections
from django.utils.translation import gettext_lazy as _

from accounts.services.sessions import end_sessions
from accounts.tokens import InvalidToken, read_claims
from chatsite.errors import Busy
from chatsite.jobs import JobQueue

logger = logging.getLogger(__name__)
ENDS_LATER = _("You are logged out here. The session itself ends as soon as the site can do so.")
FIRST, LONGEST = 1, 60  # seconds between two tries

later = JobQueue("log-outs", threads=1, length=1000)


def log_out(tokens: Iterable[str]) -> bool:
    """Ends the sessions of the tokens that are valid. False when that is yet to be done."""
    keys = []
    for token in tokens:
        with suppress(InvalidToken):
            keys.append(read_claims(token).session_id)
    try:
        end_sessions(keys)
    except (Error, Busy) as error:
        logger.warning("a log-out ends its session later (%s)", type(error).__name__)
        if not later.put(lambda: _retry(keys)):
            logger.error("a session that was logged out of stays open: too many wait")
        return False
    return True


def _retry(keys: list[str]) -> None:
    """Also once more as the process ends."""
    pause, is_ending = FIRST, False
    while not is_ending:
        is_ending = later.closing.wait(pause)
        try:
            end_sessions(keys)
            return
        except (Error, Busy):
            pause = min(LONGEST, 2 * pause)
        finally:
            connections.close_all()
    logger.error("a session that was logged out of stays open: the database did not come back")
