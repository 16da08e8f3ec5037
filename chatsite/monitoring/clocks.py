"""How far this worker's clock is from those of the database and of Redis.

No message depends on it; times that people read do, and links, sessions and limits that end.
"""

import time
from collections.abc import Callable, Mapping

import redis
from django.conf import settings
from django.db import connection

MAX_SKEW = 2  # seconds that need no warning


class Clocks:
    def __init__(self) -> None:
        self.ahead: Mapping[str, float] = {}  # seconds, of those that differ by more than MAX_SKEW

    def compare(self) -> None:
        found = {name: _ahead_of(read_clock) for name, read_clock in _others().items()}
        self.ahead = {name: ahead for name, ahead in found.items() if ahead}


def _ahead_of(read_clock: Callable[[], float]) -> float:
    """In seconds; none where the response took too long to tell."""
    before = time.time()
    there = read_clock()
    after = time.time()
    ahead = (before + after) / 2 - there
    return round(ahead, 1) if abs(ahead) - (after - before) / 2 > MAX_SKEW else 0


def _others() -> dict[str, Callable[[], float]]:
    """SQLite has no clock of its own."""
    others: dict[str, Callable[[], float]] = {}
    if connection.vendor == "postgresql":
        others["database"] = _postgresql
    elif connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        others["database"] = lambda: server.clock().timestamp()
    if settings.REDIS_URL:
        others["redis"] = _redis
    return others


def _postgresql() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def _redis() -> float:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
    ) as client:
        seconds, microseconds = client.time()
    return float(seconds + microseconds / 1e6)
