"""Who is online.

Each worker holds a lease on the people that have sockets on it; online is the union of live leases.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30
RENEW_SECONDS = 10
PREFIX = "chatsite:presence"
CHANGED = f"{PREFIX}:changed"  # published to whenever somebody comes or goes


class Leases(Protocol):
    def renew(self, users: Iterable[str]) -> None:
        """Says that these, and only these, have sockets on this worker."""

    def online(self) -> set[str]: ...


class MemoryLeases:
    """For the one process that is all there is."""

    def __init__(self) -> None:
        self._users: set[str] = set()

    def renew(self, users: Iterable[str]) -> None:
        self._users = set(users)

    def online(self) -> set[str]:
        return self._users


class RedisLeases:
    """A set of people per worker that expires with it, and a list of the workers there are."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, decode_responses=True, socket_timeout=2)
        self._worker = f"{PREFIX}:worker:{secrets.token_hex(8)}"
        self._users: set[str] = set()

    def renew(self, users: Iterable[str]) -> None:
        changed, self._users = self._users != set(users), set(users)
        pipe = self._redis.pipeline()
        pipe.delete(self._worker)
        if self._users:
            pipe.sadd(self._worker, *self._users)
            pipe.expire(self._worker, LEASE_SECONDS)
        pipe.zadd(f"{PREFIX}:workers", {self._worker: time.time()})
        pipe.zremrangebyscore(f"{PREFIX}:workers", 0, time.time() - 10 * LEASE_SECONDS)
        if changed:
            pipe.publish(CHANGED, self._worker)
        self._guarded(pipe.execute)

    def online(self) -> set[str]:
        """Without Redis: those on this worker."""
        workers = self._guarded(lambda: self._redis.zrange(f"{PREFIX}:workers", 0, -1))
        people = self._guarded(lambda: self._redis.sunion(workers)) if workers else None
        return self._users | set(people or ())

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except redis.RedisError as error:
            logger.warning("presence: Redis cannot be reached (%s)", type(error).__name__)
            return None


@cache
def leases() -> Leases:
    return RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else MemoryLeases()


def online_users() -> set[str]:
    return leases().online()
