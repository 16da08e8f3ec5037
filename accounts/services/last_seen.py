"""When people were last online, by their sockets: written later, for many at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from threading import Lock

from django.db import Error, connections

from accounts.models import User
from chatsite.db import atomic, now, repeatable
from chatsite.errors import Busy
from chatsite.job_queue import JobQueue

CHUNK = 500  # rows that are written at once
GATHERING = 1  # seconds
PAUSE = 5  # seconds, while the database is away

last_online_queue = JobQueue("last_online_queue", threads=1, length=1)
_people: set[str] = set()
_missed: dict[str, datetime] = {}  # when those were online who could not be written
_queue_lock, _write_lock = Lock(), Lock()


def queue_online(people: Iterable[str]) -> None:
    """They are online, or were a moment ago. Never waits; callable from any thread."""
    with _queue_lock:
        _people.update(people)
    last_online_queue.put(_write)  # where there is no room, one waits that has not looked yet


def drop_queued() -> None:
    """Forgets those who are not written yet. Returns once nothing is being written."""
    with _queue_lock:
        _people.clear()
        _missed.clear()
    with _write_lock:
        pass


def _write() -> None:
    last_online_queue.closing.wait(GATHERING)
    with _write_lock:
        with _queue_lock:
            keys = sorted(_people)  # in one order, since other workers write the same rows
            _people.clear()
        try:
            if keys:
                record_online(keys)
            _write_missed()
        except (Error, Busy):
            moment = now()
            with _queue_lock:
                _missed.update(dict.fromkeys(keys, moment))
        finally:
            connections.close_all()
    if _missed and not last_online_queue.closing.wait(PAUSE):
        last_online_queue.put(_write)


def _write_missed() -> None:
    """For those who could not be written when they were online. Nobody is seen earlier by it."""
    by_moment = defaultdict(list)
    for key, moment in list(_missed.items()):
        by_moment[moment].append(key)
    for moment, keys in sorted(by_moment.items()):
        record_online(sorted(keys), moment)
        for key in keys:
            _missed.pop(key, None)


@repeatable
def record_online(keys: list[str], moment: datetime | None = None) -> None:
    """As of now, unless a moment is given."""
    people = User.objects.exclude(last_seen_at__gt=moment) if moment else User.objects.all()
    moment = moment or now()
    for start in range(0, len(keys), CHUNK):
        found = people.filter(pk__in=keys[start : start + CHUNK])
        with atomic():
            # In one order, as whoever adds people to a group: an UPDATE has an order of its own.
            list(found.select_for_update(no_key=True).order_by("pk").values_list("pk"))
            found.update(last_seen_at=moment)
