"""What load balancers are told."""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings
from redis import Redis

from chatsite.monitoring import health
from tests.disks import small_disk
from tests.production import PATIENCE, Server
from tests.services import free_port

pytestmark = pytest.mark.django_db(transaction=True)
TRIES = 10  # of which each takes two seconds at the most


def _error(kind: type[Exception], **attributes: object) -> Exception:
    error = kind()
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.fixture(autouse=True)
def _fresh_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Which may take their time on a machine that is busy."""
    monkeypatch.setattr(health, "PATIENCE", PATIENCE)
    health._checks.cache_clear()
    health._clocks.cache_clear()
    yield
    health._checks.cache_clear()


@pytest.fixture
def silence() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def settled(server: Server) -> httpx.Response:
    """What is answered once every check has come to its end, on a machine that is busy."""
    for _ in range(TRIES):
        response = httpx.get(f"{server.url}/readyz", timeout=PATIENCE)
        if "timeout" not in response.json()["checks"].values():
            break
    return response


def test_alive(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "media": "ok"},
    }


def test_ready_with_redis(client: Client, settings: Settings, redis_url: str) -> None:
    settings.REDIS_URL = redis_url
    assert client.get("/readyz").json()["checks"]["redis"] == "ok"


def test_not_ready_without_its_redis(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://:a-password@127.0.0.1:{free_port()}/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    checks = {"database": "ok", "migrations": "ok", "media": "ok", "redis": "failed"}
    assert response.json() == {"status": "unavailable", "checks": checks}


def test_not_ready_with_a_redis_that_refuses_writes(
    client: Client, settings: Settings, redis_url: str
) -> None:
    settings.REDIS_URL = redis_url
    with Redis.from_url(redis_url) as redis:
        redis.replicaof("127.0.0.1", str(free_port()))
        try:
            response = client.get("/readyz")
        finally:
            redis.replicaof("NO", "ONE")
    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == "refuses writes"


def test_not_ready_with_full_disks(client: Client, settings: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        settings.MEDIA_ROOT = str(disk)
        with suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["media"] == "full"


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (_error(sqlite3.OperationalError, sqlite_errorcode=sqlite3.SQLITE_FULL), "full"),
        (_error(psycopg.errors.DiskFull), "full"),
        (_error(sqlite3.OperationalError, sqlite_errorcode=sqlite3.SQLITE_READONLY), "failed"),
    ],
)
def test_a_database_that_cannot_be_written_says_why(
    client: Client, monkeypatch: pytest.MonkeyPatch, cause: Exception, says: str
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError from cause

    monkeypatch.setattr(MigrationRecorder, "record_applied", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == says


def test_many_who_ask_write_once_and_leave_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PAUSE", PATIENCE)
    before = MigrationRecorder(connection).applied_migrations()
    written = []
    write = MigrationRecorder.record_applied

    def count(recorder: MigrationRecorder, app: str, name: str) -> None:
        written.append(name)
        write(recorder, app, name)

    monkeypatch.setattr(MigrationRecorder, "record_applied", count)
    for _ in range(5):
        assert client.get("/readyz").status_code == 200
    assert len(written) == 1
    assert MigrationRecorder(connection).applied_migrations().keys() == before.keys()


def test_a_redis_that_is_silent_holds_up_no_answer(
    client: Client, settings: Settings, silence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    settings.REDIS_URL = f"redis://127.0.0.1:{silence}/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["redis"] in ("failed", "timeout")


def test_a_check_that_hangs_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, free = [], threading.Event()

    def ask() -> None:
        asked.append(1)
        free.wait(PATIENCE)

    check = health.Check(ask)
    first = check.start()
    assert check.start() is first
    free.set()
    first.result(PATIENCE)
    assert check.start() is not first
    assert len(asked) <= 2


def test_not_ready_before_its_migrations(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    [newest] = MigrationLoader(connection).graph.leaf_nodes("messaging")
    recorder.record_unapplied(*newest)
    try:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"] == {
            "database": "ok",
            "migrations": "failed",
            "media": "ok",
        }
    finally:
        recorder.record_applied(*newest)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(client: Client, path: str, method: str) -> None:
    assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_load_balancers_ask_by_address_and_plain_http(
    client: Client, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/login", headers={"Host": "10.0.0.7:8000"}).status_code != 200


def test_a_site_that_lost_its_database_lives_but_is_not_ready(tmp_path: Path) -> None:
    """Nor does it tell where that database was."""
    address = f"postgres://chatsite:a-password@127.0.0.1:{free_port()}/chatsite"
    with Server(tmp_path, DATABASE_URL=address).running() as server:
        assert httpx.get(f"{server.url}/healthz", timeout=PATIENCE).status_code == 200
        response = httpx.get(f"{server.url}/readyz", timeout=PATIENCE)
    assert response.status_code == 503
    assert set(response.json()["checks"]) == {"database", "migrations", "media"}
    assert "127.0.0.1" not in response.text
    assert "a-password" not in server.log


def test_ready_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    server = Server(tmp_path, DATABASE_URL=postgres_url)
    with server.running():
        before = settled(server).json()["checks"]
        server.migrate()
        after = settled(server)
    assert before == {"database": "ok", "migrations": "failed", "media": "ok"}
    assert after.status_code == 200
