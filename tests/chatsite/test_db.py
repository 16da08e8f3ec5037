"""Transactions that mean the same everywhere."""

import logging
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection

from accounts.models import User
from chatsite import db
from chatsite.db import atomic, now, on_commit, repeatable, retrying
from chatsite.errors import Busy
from tests.environment import ROOT, hermetic
from tests.factories import make_user


class Retryable(Exception):
    """What the driver of PostgreSQL raises."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


class Refused(Exception):
    """What the driver of MongoDB raises when two write the same."""

    def has_error_label(self, label: str) -> bool:
        return label == "TransientTransactionError"


def refused() -> DatabaseError:
    error = DatabaseError()
    error.__cause__ = Refused()
    return error


def error_of(sqlstate: str) -> DatabaseError:
    error = DatabaseError()
    error.__cause__ = Retryable(sqlstate)
    return error


class Work:
    """Fails as often as there are errors, then returns how often it ran."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> int:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.runs


@pytest.mark.django_db(transaction=True)
class TestRetrying:
    @pytest.mark.parametrize("state", ["40001", "40P01"])
    def test_repeats_what_the_database_asks_to(self, state: str) -> None:
        assert retrying(Work(error_of(state), error_of(state))) == 3

    def test_repeats_what_mongodb_refuses_for_the_moment(self) -> None:
        assert retrying(Work(refused())) == 2

    def test_a_function_may_be_declared_so(self) -> None:
        assert repeatable(Work(refused(), error_of("40001")))() == 3

    def test_repeats_what_the_caller_names(self) -> None:
        assert retrying(Work(IntegrityError()), IntegrityError) == 2

    @pytest.mark.parametrize("error", [IntegrityError(), error_of("23505"), ValueError()])
    def test_repeats_nothing_else(self, error: Exception) -> None:
        work = Work(error)
        with pytest.raises(type(error)):
            retrying(work)
        assert work.runs == 1

    def test_gives_up_after_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(db, "PATIENCE", 0.1)
        work = Work(*[error_of("40001")] * 999)
        with pytest.raises(Busy) as refused:
            retrying(work)
        assert (refused.value.status, refused.value.wait) == (503, 2)
        assert 1 < work.runs < 100

    @pytest.mark.sql_only("a MongoDB server of its own has no transactions, so none surrounds")
    def test_leaves_a_surrounding_transaction_to_whoever_began_it(self) -> None:
        work = Work(error_of("40001"))
        with pytest.raises(DatabaseError), atomic():
            retrying(work)
        assert work.runs == 1


@pytest.mark.django_db(transaction=True)
class TestCommit:
    @pytest.mark.sql_only("a MongoDB server of its own commits each write by itself, at once")
    def test_actions_wait_for_it(self) -> None:
        done: list[bool] = []
        with atomic():
            on_commit(lambda: done.append(True))
            assert not done
        assert done

    @pytest.mark.sql_only("a MongoDB server of its own rolls nothing back")
    def test_actions_are_dropped_without_it(self) -> None:
        done: list[bool] = []

        def fail() -> None:
            with atomic():
                on_commit(lambda: done.append(True))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert not done

    def test_actions_run_at_once_outside_of_a_transaction(self) -> None:
        done: list[bool] = []
        on_commit(lambda: done.append(True))
        assert done

    @pytest.mark.parametrize("inside", [True, False])
    def test_actions_that_fail_harm_nobody(
        self, inside: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        done: list[bool] = []
        with caplog.at_level(logging.ERROR):
            if inside:
                with atomic():
                    make_user()
                    self._fail_then(done)
            else:
                make_user()
                self._fail_then(done)
        assert done
        assert User.objects.count() == 1
        assert "an action after the commit failed" in caplog.text

    def _fail_then(self, done: list[bool]) -> None:
        on_commit(lambda: 1 / 0)
        on_commit(lambda: done.append(True))


def test_times_are_cut_to_milliseconds() -> None:
    moment = now()
    assert moment.tzinfo == UTC
    assert moment.microsecond % 1000 == 0


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own settings")
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("synchronous", 2),
        ("busy_timeout", 20_000),
        ("cache_size", -16_000),
    ],
)
def test_sqlite_is_set_up_for_many(pragma: str, value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


@pytest.mark.parametrize(("given", "level"), [("", 2), ("full", 2), ("normal", 1)])
def test_what_is_acknowledged_is_on_disk_unless_somebody_prefers_speed(
    given: str, level: int, tmp_path: Path
) -> None:
    """On the connections of all threads that the site works with."""
    asked = """
import asyncio, django
django.setup()
from django.db import connection
from chatsite.db import in_thread
from chatsite.fastpath import threads
from tests.bulk_calls import Call

def level():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        return cursor.fetchone()[0]

async def all_of_them():
    written = await threads.write(Call(level), key="a")
    read = [await threads.read(level, key=str(number)) for number in range(8)]
    return {written, *read, await in_thread(level)()}

print(asyncio.run(all_of_them()))
"""
    environment = hermetic(
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        DATABASE_URL=f"sqlite:///{tmp_path}/a.sqlite3",
        SQLITE_SYNCHRONOUS=given,
    )
    run = [sys.executable, "-c", asked]
    said = subprocess.run(run, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert said.stdout.split() == [f"{{{level}}}".encode()]
