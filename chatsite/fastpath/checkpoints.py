"""What SQLite's writers appended to its log is moved into the database beside them.

By itself SQLite lets the one do it who made the log too long, and all others wait until the disk
has everything: tens of milliseconds, each second of a busy site.
"""

import logging
import time

from django.db import DatabaseError, connection

from chatsite.jobs import JobQueue

logger = logging.getLogger(__name__)
PAUSE = 0.25  # seconds between two, while something is written
LONG = 4000  # pages, after which the log starts anew; SQLite itself waits for more
PATIENCE = 20  # milliseconds that others are held up for it at most

_queue = JobQueue("checkpoints", threads=1, length=1)
_last = 0.0


def after_commit() -> None:
    """By the thread that writes."""
    global _last
    if connection.vendor == "sqlite" and time.monotonic() - _last > PAUSE:
        _last = time.monotonic()
        _queue.put(_move)


def _move() -> None:
    try:
        if _pages_in_log("PASSIVE") > LONG:
            # Nobody may write meanwhile, but there is little left to move.
            _pages_in_log("RESTART")
    except DatabaseError as error:
        logger.warning("the log of the database was not moved: %s", type(error).__name__)
    finally:
        connection.close()


def _pages_in_log(mode: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        cursor.execute(f"PRAGMA wal_checkpoint({mode})")
        _busy, pages, _moved = cursor.fetchone()
    return int(pages)
