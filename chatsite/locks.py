"""One lock is one row's: whoever holds it for long holds up nobody who wants another.

Only PostgreSQL locks rows: SQLite has one writer at a time, and MongoDB refuses instead.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

from chatsite import db
from chatsite.errors import Busy

HELD_WAIT = 10  # milliseconds, for a row that somebody has waited for in vain,
PAUSE = 0.5  # seconds after which the next one may try
MAX_REMEMBERED = 10_000  # rows that are remembered

_held: dict[str, float] = {}  # when to try again; the one that was tried last comes last


@contextmanager
def locking(row: str) -> Iterator[None]:
    """A transaction that writes under the lock of `row`, whatever that is called here. Raises Busy
    when somebody holds that lock for long, or any other that is needed. From then on one at a time
    tries again, and hardly waits: else every writer there is would soon wait for one row.
    """
    if connection.vendor != "postgresql":
        with db.atomic():
            yield
        return
    milliseconds = db.LOCK_WAIT
    if (again_at := _held.get(row)) is not None:
        if time.monotonic() < again_at:
            raise Busy
        _mark_held(row)
        milliseconds = HELD_WAIT
    try:
        with db.atomic():
            db.wait_for_locks(milliseconds)
            yield
    except OperationalError as error:
        if not db.was_held(error):
            raise
        _mark_held(row)
        raise Busy from error
    _held.pop(row, None)


@contextmanager
def locking_several() -> Iterator[None]:
    """A transaction that locks several rows, without those that somebody else holds (`is_held`, and
    `select_for_update(skip_locked=True)`). Whatever else it needs it does not wait for for long.
    """
    with db.atomic():
        if connection.vendor == "postgresql":
            db.wait_for_locks(db.LOCK_WAIT)
        yield


def is_held(row: str) -> bool:
    """Somebody has waited for it in vain, and nobody has had it since."""
    return row in _held


def _mark_held(row: str) -> None:
    _held.pop(row, None)
    _held[row] = time.monotonic() + PAUSE
    if len(_held) > MAX_REMEMBERED:
        _held.pop(next(iter(_held)), None)
