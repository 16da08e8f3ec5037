"""Who is online, and who is active, with a page of ours before their eyes: the unions of the leases
that workers hold on the people with such sockets there.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Iterable
from functools import cache
from threading import Lock
from typing import Any, Protocol

import redis
from django.conf import settings

from chatsite.breaker import Breaker
from chatsite.live.broadcast import broadcast
from messaging.queries.privacy import rules

logger = logging.getLogger(__name__)

LEASE_SECONDS = 10
RENEW_SECONDS = 4
REDIS_SECONDS = 1  # to wait for a response
PAUSE_SECONDS = 2  # before the next request to a Redis that did not respond
PREFIX = "chatsite:presence"
ACTIVE = "chatsite:active"
CHANGED = "presence"  # the channel group to notify whenever somebody comes or goes


class Leases(Protocol):
    def came(self, user_id: str) -> None:
        """Notes that somebody has a socket on this worker. Waits for nothing."""

    def went(self, user_id: str) -> None:
        """Notes that somebody has none any more. Waits for nothing."""

    def hold(self, users: Iterable[str]) -> None:
        """Notes that these, and only these, have sockets on this worker. Waits for nothing."""

    def renew(self) -> None:
        """Renews the lease for the next LEASE_SECONDS, for the other workers to see."""

    def online(self) -> frozenset[str]:
        """Everybody who has a socket anywhere."""

    def held_among(self, users: Collection[str]) -> frozenset[str]:
        """Those of them who have one anywhere."""


class MemoryLeases:
    """For the one process that is all there is."""

    def __init__(self) -> None:
        self._users: set[str] = set()
        self._online: frozenset[str] | None = None  # the same, until somebody comes or goes
        self._changing = Lock()

    def came(self, user_id: str) -> None:
        with self._changing:
            self._users.add(user_id)
            self._online = None

    def went(self, user_id: str) -> None:
        with self._changing:
            self._users.discard(user_id)
            self._online = None

    def hold(self, users: Iterable[str]) -> None:
        with self._changing:
            self._users = set(users)
            self._online = None

    def renew(self) -> None:
        """There is no other worker."""

    def online(self) -> frozenset[str]:
        with self._changing:
            if self._online is None:
                self._online = frozenset(self._users)
            return self._online

    def held_among(self, users: Collection[str]) -> frozenset[str]:
        return self.online().intersection(users)


class RedisLeases:
    """A set of people per worker that expires with it, and a set of the workers there are."""

    def __init__(self, url: str, prefix: str = PREFIX, *, change_group: str = CHANGED) -> None:
        """`change_group` is notified whenever somebody comes or goes; "" for no group."""
        self._redis = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        )
        self._change_group = change_group
        self._workers = f"{prefix}:workers"
        self._lease = f"{prefix}:worker:{secrets.token_hex(8)}"
        self._users: set[str] = set()
        self._changed: set[str] = set()  # who came or went since the last write to Redis
        self._is_stored = False  # Redis should have the lease
        self._breaker = Breaker(PAUSE_SECONDS)
        self._lock = Lock()  # people come and go in one thread, Redis is written to in another

    def came(self, user_id: str) -> None:
        with self._lock:
            self._users.add(user_id)
            self._changed.add(user_id)

    def went(self, user_id: str) -> None:
        with self._lock:
            self._users.discard(user_id)
            self._changed.add(user_id)

    def hold(self, users: Iterable[str]) -> None:
        held = set(users)
        with self._lock:
            self._changed |= self._users ^ held
            self._users = held

    def renew(self) -> None:
        self._with_redis(self._renew)

    def online(self) -> frozenset[str]:
        """Without Redis: those on this worker."""
        return frozenset(self._users).union(*self._with_redis(self._elsewhere) or ())

    def held_among(self, users: Collection[str]) -> frozenset[str]:
        wanted = list(users)
        found = self._with_redis(lambda: self._held_elsewhere(wanted))
        return frozenset(self._users).intersection(wanted).union(found or ())

    def _held_elsewhere(self, users: list[str]) -> list[str]:
        workers = sorted(self._redis.smembers(self._workers) - {self._lease})
        pipe = self._redis.pipeline(transaction=False)
        for worker in workers:
            for user_id in users:
                pipe.sismember(worker, user_id)
        results = pipe.execute()
        return [
            user_id for user_id, held in zip(users * len(workers), results, strict=True) if held
        ]

    def _renew(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
            users = frozenset(self._users)
        try:
            is_news = self._write(users, changed)
        except redis.RedisError:
            with self._lock:
                self._changed |= changed
            self._is_stored = False  # or half of it
            raise
        if is_news and self._change_group:
            broadcast([self._change_group], {"type": "presence"})

    def _write(self, users: frozenset[str], changed: set[str]) -> bool:
        """Only what changed, unless Redis has lost the rest. Returns whether that is news."""
        was_stored, self._is_stored = self._is_stored, bool(users)
        if not users:
            return self._give_up() or was_stored
        if was_stored and self._change(users & changed, changed - users):
            return bool(changed)
        self._give_up()
        self._change(users, set())
        return True

    def _change(self, came: Collection[str], went: Collection[str]) -> bool:
        """Returns whether Redis had the lease; it has lost it after a restart."""
        pipe = self._redis.pipeline()
        pipe.expire(self._lease, LEASE_SECONDS)
        if came:
            pipe.sadd(self._lease, *came)
        if went:
            pipe.srem(self._lease, *went)
        pipe.expire(self._lease, LEASE_SECONDS)  # which began just now, perhaps
        pipe.sadd(self._workers, self._lease)
        return bool(pipe.execute()[0])

    def _give_up(self) -> bool:
        """Returns whether there was a lease."""
        pipe = self._redis.pipeline()
        pipe.delete(self._lease)
        pipe.srem(self._workers, self._lease)
        return bool(pipe.execute()[0])

    def _elsewhere(self) -> list[set[str]]:
        workers = sorted(self._redis.smembers(self._workers) - {self._lease})
        pipe = self._redis.pipeline(transaction=False)
        for worker in workers:
            pipe.smembers(worker)
        people: list[set[str]] = pipe.execute()
        dead = [worker for worker, held in zip(workers, people, strict=True) if not held]
        if dead:
            self._redis.srem(self._workers, *dead)
        return people

    def _with_redis(self, call: Callable[[], Any]) -> Any:
        if not self._breaker.allows_request():
            return None
        try:
            result = call()
        except redis.RedisError as error:
            logger.warning("presence: Redis cannot be reached (%s)", type(error).__name__)
            if isinstance(error, redis.TimeoutError):
                self._breaker.record_failure()
            return None
        self._breaker.record_success()
        return result


@cache
def leases() -> Leases:
    return RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else MemoryLeases()


@cache
def active_leases() -> Leases:
    return (
        RedisLeases(settings.REDIS_URL, ACTIVE, change_group="")
        if settings.REDIS_URL
        else MemoryLeases()
    )


def online_users() -> frozenset[str]:
    return leases().online()


def online_seen_by(user_id: str) -> frozenset[str]:
    """Those of them whom that person may see."""
    return rules().online_seen(user_id, online_users())


def active_among(people: Collection[str]) -> frozenset[str]:
    """Those of them who have a page of ours before their eyes, on any device."""
    return active_leases().held_among(people)
