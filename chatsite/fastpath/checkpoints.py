"""What SQLite's writers appended to its log is moved into the database beside them.

By itself SQLite lets the one do it who made the log too long, and all others wait until the disk
has everything: tens of milliseconds, each second of a busy site.
"""

import logging
import time
from contextlib import suppress

from django.db import DatabaseError, connection

from chatsite.job_queue import JobQueue

logger = logging.getLogger(__name__)
PAUSE = 0.25  # seconds between two, while something is written
LONG = 4000  # pages, after which the log starts anew; SQLite itself waits for more
PATIENCE = 20  # milliseconds that others are held up for it at most

_queue = JobQueue("checkpoints", threads=1, length=1)
_last = 0.0


def after_commit() -> None:
    """By the thread that writes. Never raises: what was written is stored."""
    global _last
    if connection.vendor == "sqlite" and time.monotonic() - _last > PAUSE:
        _last = time.monotonic()
        with suppress(RuntimeError):  # the system has no more threads for us
            _queue.put(_move)


def _move() -> None:
    try:
        pages, moved = _checkpoint("PASSIVE")
        # Nobody may write meanwhile, but there is little left to move, unless somebody has been
        # reading for long, a backup perhaps: that would be waited for in vain.
        if pages > LONG >= pages - moved:
            _checkpoint("RESTART")
    except DatabaseError as error:
        logger.warning("the log of the database was not moved: %s", type(error).__name__)
    finally:
        connection.close()


def _checkpoint(mode: str) -> tuple[int, int]:
    """Returns how many pages are in the log, and how many of them in the database, too."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        cursor.execute(f"PRAGMA wal_checkpoint({mode})")
        _busy, pages, moved = cursor.fetchone()
    return int(pages), int(moved)
