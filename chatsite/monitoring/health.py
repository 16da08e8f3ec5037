"""For load balancers and supervisors: does it live, and may it be sent requests."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import cache
from threading import Lock, Thread

import redis
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chatsite.monitoring.clocks import Clocks

logger = logging.getLogger(__name__)
PATIENCE = 2  # seconds for everything that is asked
OK = "ok"


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 while something is missing. Names what, never why: everybody may ask."""
    asked = {name: check.start() for name, check in _checks().items()}
    clocks, comparison = _clocks()
    wait([*asked.values(), comparison.start()], timeout=PATIENCE)
    results = {name: _result(name, future) for name, future in asked.items()}
    is_ready = set(results.values()) == {OK}
    answer = {"status": OK if is_ready else "unavailable", "checks": results}
    if clocks.ahead:  # no reason to send nothing here, but one to look after it
        logger.warning("the clocks differ, in seconds: %s", dict(clocks.ahead))
        answer["clocksAhead"] = dict(clocks.ahead)
    return JsonResponse(answer, status=200 if is_ready else 503)


def _result(name: str, asked: "Future[None]") -> str:
    if not asked.done():
        logger.warning("not ready: %s does not answer", name)
        return "timeout"
    if error := asked.exception():
        logger.warning("not ready: %s failed (%s)", name, type(error).__name__)
        return "failed"
    return OK


class Check:
    """Asks in a thread of its own, which may hang; who comes meanwhile waits along."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._asked: Future[None] | None = None

    def start(self) -> "Future[None]":
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=self._answer, args=[self._asked], daemon=True).start()
            return self._asked

    def _answer(self, asked: "Future[None]") -> None:
        try:
            self._ask()
        except Exception as error:
            asked.set_exception(error)
        else:
            asked.set_result(None)
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
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise NotMigrated
        self._applied = True


def _ask_database() -> None:
    MigrationRecorder(connection).has_table()


def _ask_redis() -> None:
    patience = PATIENCE / 2
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    ) as client:
        client.ping()


@cache
def _clocks() -> tuple[Clocks, Check]:
    clocks = Clocks()
    return clocks, Check(clocks.compare)


@cache
def _checks() -> dict[str, Check]:
    checks = {"database": Check(_ask_database), "migrations": Check(Migrations().check)}
    if settings.REDIS_URL:
        checks["redis"] = Check(_ask_redis)
    return checks
