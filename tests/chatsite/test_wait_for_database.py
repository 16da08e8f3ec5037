"""Sites that are started together with their database."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import services
from tests.environment import ROOT, hermetic
from tests.mongodb_server import mongodb

COMMAND = [sys.executable, "manage.py", "wait_for_database", "--seconds"]


@contextmanager
def waiting(url: str, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    environment = hermetic(DATABASE_URL=url)
    with subprocess.Popen(
        [*COMMAND, str(seconds)], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_complaint(process: "subprocess.Popen[str]") -> None:
    assert process.stderr
    assert process.stderr.readline().startswith("Waiting for the database: ")


def test_a_file_is_there_at_once(tmp_path: object) -> None:
    with waiting(f"sqlite:///{tmp_path}/chatsite.sqlite3", 30) as process:
        assert process.wait() == 0


@pytest.mark.parametrize("kind", ["postgres", "mongodb"])
def test_it_is_not_waited_for_without_end(kind: str) -> None:
    with waiting(f"{kind}://127.0.0.1:{services.free_port()}/chatsite", 1) as process:
        _, complaint = process.communicate()
        assert process.returncode == 1
        *_, last = complaint.splitlines()
        assert last.startswith("CommandError: DATABASE_URL: the database did not answer in 1 sec")
        assert "refused" in last


def test_a_postgresql_that_comes_later_is_waited_for() -> None:
    with services.postgres() as server:
        server.stop()
        with waiting(server.url, 60) as process:
            wait_for_complaint(process)
            server.start()
            assert process.wait() == 0


def test_a_mongodb_that_comes_later_is_waited_for() -> None:
    port = services.free_port()
    with waiting(f"mongodb://127.0.0.1:{port}/chatsite", 60) as process:
        wait_for_complaint(process)
        with mongodb(port):
            assert process.wait() == 0
