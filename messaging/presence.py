"""Who is online: the union of the leases that workers hold on the people with sockets there."""

import logging
import secrets
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol

import redis
from django.conf import settings

from chatsite.breaker import Breaker

logger = logging.getLogger(__name__)

LEASE_SECONDS = 19
RENEW_SECONDS = 10
REDIS_SECONDS = 1  # to wait for an answer
PAUSE_SECONDS = 2  # between two questions to a Redis that gave none
PREFIX = "chatsite:presence"
WORKERS = f"{PREFIX}:workers"
CHANGED = f"{PREFIX}:changed"  # published to whenever somebody comes or goes


class Leases(Protocol):
    def hold(self, users: Iterable[str]) -> None:
        """Notes that these, and only these, have sockets on this worker. Waits for nothing."""

    def renew(self) -> None:
        """Tells the other workers so, for the next LEASE_SECONDS."""

    def online(self) -> frozenset[str]:
        """Everybody who has a socket anywhere."""


class MemoryLeases:
    """For the one process that is all there is."""

    def __init__(self) -> None:
        self._users: frozenset[str] = frozenset()

    def hold(self, users: Iterable[str]) -> None:
        self._users = frozenset(users)

    def renew(self) -> None:
        """Nobody else is there to be told."""

    def online(self) -> frozenset[str]:
        return self._users


class RedisLeases:
    """A set of people per worker that expires with it, and a set of the workers there are."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        )
        self._lease = f"{PREFIX}:worker:{secrets.token_hex(8)}"
        self._users: frozenset[str] = frozenset()
        self._announced: frozenset[str] = frozenset()
        self._breaker = Breaker(PAUSE_SECONDS)

    def hold(self, users: Iterable[str]) -> None:
        self._users = frozenset(users)

    def renew(self) -> None:
        self._guarded(self._renew)

    def online(self) -> frozenset[str]:
        """Without Redis: those on this worker."""
        return self._users.union(*self._guarded(self._elsewhere) or ())

    def _renew(self) -> None:
        users = self._users
        was_there = self._write(users)
        if users != self._announced or (users and not was_there):
            self._redis.publish(CHANGED, self._lease)
            self._announced = users

    def _write(self, users: frozenset[str]) -> bool:
        """Returns whether Redis still had the lease; it has lost it after a restart."""
        pipe = self._redis.pipeline()
        pipe.delete(self._lease)
        if users:
            pipe.sadd(self._lease, *users)
            pipe.expire(self._lease, LEASE_SECONDS)
            pipe.sadd(WORKERS, self._lease)
        else:
            pipe.srem(WORKERS, self._lease)
        return bool(pipe.execute()[0])

    def _elsewhere(self) -> list[set[str]]:
        workers = sorted(self._redis.smembers(WORKERS) - {self._lease})
        pipe = self._redis.pipeline(transaction=False)
        for worker in workers:
            pipe.smembers(worker)
        people: list[set[str]] = pipe.execute()
        dead = [worker for worker, held in zip(workers, people, strict=True) if not held]
        if dead:
            self._redis.srem(WORKERS, *dead)
        return people

    def _guarded(self, call: Callable[[], Any]) -> Any:
        if not self._breaker.lets_through():
            return None
        try:
            answer = call()
        except redis.RedisError as error:
            logger.warning("presence: Redis cannot be reached (%s)", type(error).__name__)
            if isinstance(error, redis.TimeoutError):
                self._breaker.failed()
            return None
        self._breaker.worked()
        return answer


@cache
def leases() -> Leases:
    return RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else MemoryLeases()


def online_users() -> frozenset[str]:
    return leases().online()
