"""Logging out never fails: while the database is away, the sessions end as soon as it is back.
Until then they are stored on the disk, for whichever process runs by then.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import Error, connections
from django.utils.translation import gettext_lazy as _

from accounts.services.sessions import end_sessions
from accounts.tokens import InvalidToken, read_claims
from chatsite.errors import Busy
from chatsite.job_queue import JobQueue
from chatsite.keys import is_key

logger = logging.getLogger(__name__)
ENDS_LATER = _("You are logged out here. The session itself ends as soon as the site can do so.")
MIN_PAUSE, MAX_PAUSE = 1, 60  # seconds between two tries
FOLDER = ".log-outs"  # in MEDIA_ROOT, which all workers share: an empty file for each session

retry_queue = JobQueue("log-outs", threads=1, length=1000)


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
        is_persisted = _persist(keys)
        if not retry_queue.put(lambda: _retry(keys)) and not is_persisted:
            logger.error("a session that was logged out of stays open: too many wait")
        return False
    return True


def resume() -> None:
    """Ends the sessions that a killed process left."""
    if _persisted():
        retry_queue.put(lambda: _retry([]))


def _retry(keys: list[str]) -> None:
    """Also once more as the process ends."""
    pause, is_closing = MIN_PAUSE, False
    while not is_closing:
        is_closing = retry_queue.closing.wait(pause)
        try:
            _end({*keys, *_persisted()})
            return
        except (Error, Busy):
            pause = min(MAX_PAUSE, 2 * pause)
        finally:
            connections.close_all()
    logger.error("a session that was logged out of stays open: the database did not come back")


def _end(keys: Iterable[str]) -> None:
    keys = list(keys)
    end_sessions(keys)
    for key in keys:
        with suppress(OSError):
            Path(settings.MEDIA_ROOT, FOLDER, key).unlink(missing_ok=True)


def _persist(keys: Iterable[str]) -> bool:
    folder = Path(settings.MEDIA_ROOT, FOLDER)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key in keys:
            (folder / key).touch(mode=0o600)
    except OSError as error:
        logger.warning("a log-out is remembered by this process alone: %s", error)
        return False
    return True


def _persisted() -> list[str]:
    with suppress(OSError):
        return [
            path.name for path in Path(settings.MEDIA_ROOT, FOLDER).iterdir() if is_key(path.name)
        ]
    return []
