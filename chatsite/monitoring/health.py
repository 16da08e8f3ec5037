"""For load balancers and supervisors: does it live, and may it be sent requests."""

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import cache
from threading import Lock, Thread

import redis
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chatsite import migration_state
from chatsite.errors import DISK_FULL
from chatsite.monitoring.clocks import Clocks
from chatsite.pictures import storage

logger = logging.getLogger(__name__)
PATIENCE = 2  # seconds for everything that is checked
OK = "ok"
FULL = "full"
REFUSES_WRITES = "refuses writes"
# Everybody may request it, so what is written is written at most once in this many seconds.
PAUSE = 1
POSTGRESQL_DISK_FULL = "53100"
_PROBE = f"readyz-{secrets.token_hex(8)}"  # what this process writes, and takes back


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 while something is missing. Names what, never why: everybody may request it."""
    pending = {name: check.start() for name, check in _checks().items()}
    clocks, comparison = _clocks()
    wait([*pending.values(), comparison.start()], timeout=PATIENCE)
    results = {name: _result(name, future) for name, future in pending.items()}
    is_ready = set(results.values()) == {OK}
    payload = {"status": OK if is_ready else "unavailable", "checks": results}
    if clocks.ahead:  # no reason to send nothing here, but one to look after it
        logger.warning("the clocks differ, in seconds: %s", dict(clocks.ahead))
        payload["clocksAhead"] = dict(clocks.ahead)
    return JsonResponse(payload, status=200 if is_ready else 503)


def _result(name: str, pending: "Future[None]") -> str:
    if not pending.done():
        logger.warning("not ready: %s does not answer", name)
        return "timeout"
    if error := pending.exception():
        failure = _failure(error)
        logger.warning("not ready: %s %s (%s)", name, failure, type(error).__name__)
        return failure
    return OK


def _failure(error: BaseException) -> str:
    cause = error.__cause__ or error
    is_full = (
        getattr(cause, "errno", None) in DISK_FULL
        or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == POSTGRESQL_DISK_FULL
    )
    if is_full:
        return FULL
    is_refused = isinstance(error, redis.ResponseError) and not isinstance(
        error, redis.AuthenticationError
    )
    return REFUSES_WRITES if is_refused else "failed"


class Check:
    """Runs in a thread of its own, which may hang. Whoever starts it meanwhile, or within `pause`
    seconds, gets the same result.
    """

    def __init__(self, check: Callable[[], None], pause: float = 0) -> None:
        self._check = check
        self._pause = pause
        self._lock = Lock()
        self._pending: Future[None] | None = None
        self._next = 0.0  # by the monotonic clock

    def start(self) -> "Future[None]":
        with self._lock:
            is_under_way = self._pending is not None and not self._pending.done()
            if self._pending is None or not (is_under_way or time.monotonic() < self._next):
                self._pending = Future()
                self._next = time.monotonic() + self._pause
                Thread(target=self._run, args=[self._pending], daemon=True).start()
            return self._pending

    def _run(self, pending: "Future[None]") -> None:
        try:
            self._check()
        except Exception as error:
            pending.set_exception(error)
        else:
            pending.set_result(None)
        finally:
            connections.close_all()


class NotMigrated(Exception):
    """The database lacks changes that this version needs."""


class Migrations:
    """Once they are applied they stay so."""

    def __init__(self) -> None:
        self._applied = False

    def check(self) -> None:
        if self._applied:
            return
        if migration_state.missing():
            raise NotMigrated
        self._applied = True


def _write_database() -> None:
    """Only a commit notices a full disk."""
    migration_state.write_and_take_back(_PROBE)


def _write_redis() -> None:
    """One that is out of memory, a replica, or cannot save, responds but takes no writes."""
    patience = PATIENCE / 2
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    ) as client:
        client.set(f"chatsite:{_PROBE}", 1, ex=60)


@cache
def _clocks() -> tuple[Clocks, Check]:
    clocks = Clocks()
    return clocks, Check(clocks.compare)


@cache
def _checks() -> dict[str, Check]:
    checks = {
        "database": Check(_write_database, PAUSE),
        "migrations": Check(Migrations().check),
        "media": Check(storage.try_to_write, PAUSE),
    }
    if settings.REDIS_URL:
        checks["redis"] = Check(_write_redis, PAUSE)
    return checks
