"""What every test may ask for."""

import inspect
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from asgiref.sync import SyncToAsync
from django.core.cache import cache, caches
from django.db import connection, connections
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings
from redis import Redis
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import filters, push_subscriptions, restraints
from accounts.services.last_seen import drop_queued
from accounts.tokens import issue_token
from chatsite.conf.cloud import read_account
from chatsite.fastpath import threads
from chatsite.live import broadcast
from chatsite.security.credentials import COOKIE
from messaging import presence
from messaging.queries import privacy
from messaging.queries.scheduled import awaited
from tests import services
from tests.cloudinary_server import CloudinaryServer, cloudinary
from tests.environment import settings_under
from tests.factories import make_session
from tests.limits import SetLimits, StoppedClock
from tests.recording import Events

OTHERS_OUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
AnyClient = TypeVar("AnyClient", bound=Client)


def pytest_report_header() -> str:
    return f"database: {connection.vendor}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database: asks the site's database; nobody sets this one")
    config.addinivalue_line("markers", "sql_only(reason): does not hold on every MongoDB server")


def pytest_runtest_setup(item: pytest.Item) -> None:
    mark = item.get_closest_marker("sql_only")
    if mark and connection.vendor == "mongodb":
        pytest.skip(mark.args[0])


def pytest_itemcollected(item: pytest.Item) -> None:
    """So that `-m database` picks out what another database could answer differently."""
    fixtures = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    if fixtures or item.get_closest_marker("django_db"):
        item.add_marker("database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow browser files first, so that no worker is left alone with them at the end.

    In CI one that fails is tried once more: what raced on a busy machine is told as "RERUN", with
    its failure, to be mended; what is broken fails again. Elsewhere the first failure counts.
    """
    for item in items:
        _require_real_transactions(item)
        if "browser" in item.path.parts and os.environ.get("CI") == "true":
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: "browser" not in item.path.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"failed, then tried once more: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


def _require_real_transactions(item: pytest.Item) -> None:
    """Async code reaches the database from another thread, which sees only what is committed."""
    mark = item.get_closest_marker("django_db")
    is_async = inspect.iscoroutinefunction(getattr(item, "function", None))
    if is_async and mark and not mark.kwargs.get("transaction"):
        raise pytest.UsageError(f"{item.nodeid} is async: mark it django_db(transaction=True)")


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """No test sees another's rate limits or presence, or keeps a connection in the async thread."""
    cache.clear()
    caches["limits"].clear()
    presence.leases.cache_clear()
    presence.active_leases.cache_clear()
    # As a process knows it that has asked: nobody hides anything.
    privacy._rules, privacy._is_current = privacy.Rules(), True
    restraints.silences.set({})
    awaited.set({})
    push_subscriptions.subscribers.set(frozenset())
    filters.filters.set(filters.Filters(None, None, timedelta(), 0))
    yield
    threads.close_all()
    drop_queued()
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PostgreSQL drops no database in which somebody is, be it a pool that just opened one more."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            with connection.cursor() as cursor:
                cursor.execute(OTHERS_OUT)
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # of this vendor


@pytest.fixture
def api_for() -> Callable[[User], APIClient]:
    """An API client that is signed in as the user, by the cookie."""
    return lambda user: _signed_in(APIClient(), user)


@pytest.fixture
def page_for() -> Callable[[User], Client]:
    """A client for pages that is signed in as the user, by the cookie."""
    return lambda user: _signed_in(Client(), user)


def _signed_in(client: AnyClient, user: User) -> AnyClient:
    client.cookies[COOKIE] = issue_token(make_session(user))
    return client


@pytest.fixture
def events(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Events:
    """What was pushed, to whom. Commits are real, since nothing is pushed before one."""
    events, send = Events(), broadcast._send

    def record_and_send(sent: Any) -> None:
        for groups, message in sent:
            for group in groups:
                events.record(group, message)
        send(sent)

    monkeypatch.setattr(broadcast, "_send", record_and_send)
    return events


@pytest.fixture(params=["memory", "redis"])
def layer(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Live events in one process alone, and with Redis, as for several."""
    variables = {}
    if request.param == "redis":
        variables["REDIS_URL"] = url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
    site = settings_under(**variables)
    for name in ("REDIS_URL", "CHANNEL_LAYERS", "CACHES"):
        setattr(settings, name, site[name])
    return str(request.param)


@pytest.fixture
def set_limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> SetLimits:
    """Changes some limits, by their names, for a test in which no minute ends."""
    clock = StoppedClock(time.time())
    monkeypatch.setattr("chatsite.security.request_limits.time", clock)
    monkeypatch.setattr("django_ratelimit.core.time", clock)

    def change(**limits: int) -> None:
        settings.LIMITS = replace(settings.LIMITS, **limits)

    return change


@pytest.fixture
def real_passwords(settings: Settings) -> None:
    """bcrypt, at its lowest cost, in place of the quick hasher of the other tests."""
    settings.PASSWORD_HASHERS = ["accounts.hashers.BcryptHasher"]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with services.redis() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with services.postgres() as server:
        yield server.url


@pytest.fixture
def cloud(settings: Settings) -> Iterator[CloudinaryServer]:
    """Pictures are kept at a stand-in for Cloudinary."""
    with cloudinary() as server:
        settings.CLOUDINARY_ACCOUNT = read_account(server.url())
        yield server
        server.wakes.set()
