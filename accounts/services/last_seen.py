"""When people were last online, as their sockets tell it: written later, for many at once."""

from collections.abc import Iterable
from threading import Lock

from django.db import connections

from accounts.models import User
from chatsite.db import now, repeatable
from chatsite.jobs import JobQueue

CHUNK = 500  # rows that are written at once
GATHERING = 1  # seconds

last_online_queue = JobQueue("last_online_queue", threads=1, length=1)
_people: set[str] = set()
_noting, _writing = Lock(), Lock()


def note_online(people: Iterable[str]) -> None:
    """They are online, or were a moment ago. Waits for nothing; from any thread."""
    with _noting:
        _people.update(people)
    last_online_queue.put(_write)  # where there is no room, one waits that has not looked yet


def forget_noted() -> None:
    """Those who are not written yet. Returns once nothing is being written."""
    with _noting:
        _people.clear()
    with _writing:
        pass


def _write() -> None:
    last_online_queue.closing.wait(GATHERING)
    with _writing:
        with _noting:
            keys = sorted(_people)  # in one order, since other workers write the same rows
            _people.clear()
        try:
            if keys:
                record_online(keys)
        finally:
            connections.close_all()


@repeatable
def record_online(keys: list[str]) -> None:
    moment = now()
    for start in range(0, len(keys), CHUNK):
        User.objects.filter(pk__in=keys[start : start + CHUNK]).update(last_seen_at=moment)
