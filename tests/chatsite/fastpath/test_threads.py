"""The threads in which writes and reads wait for the database."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from accounts.models import User
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import database_calls, database_thread, threads
from chatsite.fastpath.group_commit import run_together
from chatsite.monitoring import metrics
from tests.bulk_calls import Call
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's writes are done each by themselves"),
]


async def write(work: Callable[[], Any], *, key: str) -> Any:
    return await threads.write(Call(work), key=key)


def rename(user: User, name: str) -> str:
    User.objects.filter(pk=user.pk).update(full_name=name)
    return name


def fail(error: Exception) -> Any:
    raise error


def name_of(user: User) -> str:
    return User.objects.get(pk=user.pk).full_name


async def test_an_answer_comes_after_the_commit() -> None:
    ada = await asyncio.to_thread(make_user)
    await write(partial(rename, ada, "New"), key=ada.pk)
    assert (await User.objects.aget(pk=ada.pk)).full_name == "New"


async def test_who_waits_gets_their_own_answer() -> None:
    def answer(number: int) -> int:
        if number % 3 == 0:
            raise DomainError(str(number))
        return number

    waiting = [write(partial(answer, number), key="") for number in range(1, 200)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in answers] == [str(number) for number in range(1, 200)]


async def test_whoever_goes_away_holds_up_nobody() -> None:
    gone = asyncio.ensure_future(write(lambda: 1, key=""))
    await asyncio.sleep(0)
    gone.cancel()
    assert await write(lambda: 2, key="") == 2


async def test_a_thread_that_has_nothing_to_do_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_thread, "IDLE_SECONDS", 0.01)
    thread = await write(threading.current_thread, key="")
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
    assert await write(lambda: 3, key="") == 3  # another one starts


async def test_a_thread_that_is_told_to_end_does_what_waits_first() -> None:
    thread = await write(threading.current_thread, key="")
    waiting = asyncio.gather(*[write(partial(str, n), key="") for n in range(3)])
    await asyncio.sleep(0)
    threads.close_all()
    assert await waiting == ["0", "1", "2"]
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
    assert await write(lambda: "again", key="") == "again"


def here() -> tuple[bool, bool, bool]:
    """Whether this is in a thread of the database's, that of a write, and in a transaction."""
    name = threading.current_thread().name
    is_of_writes = "write" in name or "together" in name
    return name.startswith("database-"), is_of_writes, connection.in_atomic_block


@pytest.mark.parametrize(
    ("left_out", "written", "read"),
    [
        ({}, (True, True, True), (True, False, False)),
        ({"group_commit"}, (True, True, False), (True, False, False)),
        ({"threads"}, (False, False, False), (False, False, False)),
        ({"threads", "group_commit"}, (False, False, False), (False, False, False)),
        ({"statements", "packed", "frames", "http"}, (True, True, True), (True, False, False)),
    ],
)
async def test_each_piece_left_out_is_one_thing_less(
    settings: Settings,
    left_out: set[str],
    written: tuple[bool, bool, bool],
    read: tuple[bool, bool, bool],
) -> None:
    settings.FAST = replace(settings.FAST, **dict.fromkeys(left_out, False))
    assert await write(here, key="") == written
    assert await threads.read(here, key="") == read


@pytest.mark.parametrize("piece", ["group_commit", "threads"])
async def test_left_out_faults_are_counted_and_refusals_are_not(
    settings: Settings, caplog: pytest.LogCaptureFixture, piece: str
) -> None:
    settings.FAST = replace(settings.FAST, **{piece: False})
    failed = metrics.BATCHES_FAILED._value.get()
    with pytest.raises(DomainError, match="No"):
        await write(partial(fail, DomainError("No.")), key="")
    with pytest.raises(ValueError, match="of a read"):
        await threads.read(partial(fail, ValueError("of a read")), key="")
    assert metrics.BATCHES_FAILED._value.get() == failed
    assert caplog.records == []
    with pytest.raises(RuntimeError, match="a write failed: ValueError"):
        await write(partial(fail, ValueError("x")), key="")
    assert metrics.BATCHES_FAILED._value.get() == failed + 1
    assert [record.exc_info is not None for record in caplog.records] == [True]
    assert await write(lambda: "others", key="") == "others"


async def test_a_connection_that_broke_is_replaced_by_who_reads_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_calls, "was_broken", lambda: True)
    ada = await asyncio.to_thread(make_user, "Ada")
    tries: list[str] = []

    def once_in_vain() -> str:
        tries.append("")
        if len(tries) == 1:
            raise OperationalError("server closed the connection")
        return name_of(ada)

    assert await threads.read(once_in_vain, key="") == "Ada"


async def test_a_read_that_fails_says_so_and_is_not_repeated() -> None:
    tries: list[str] = []

    def in_vain() -> None:
        tries.append("")
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        await threads.read(in_vain, key="")
    assert tries == [""]
    with pytest.raises(OperationalError):
        await threads.read(partial(fail, OperationalError("no such table")), key="")
    with pytest.raises(ValueError, match="x"):
        await threads.read(partial(fail, ValueError("x")), key="")


async def test_who_comes_when_too_many_wait_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_thread, "MAX_WAITING", 3)
    waiting = [write(partial(str, number), key="") for number in range(5)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert answers[:3] == ["0", "1", "2"]
    assert [type(each) for each in answers[3:]] == [Busy, Busy]
    assert await write(lambda: "again", key="") == "again"


@pytest.mark.parametrize("do", [write, threads.read])
async def test_a_thread_that_fails_says_why_and_leaves_nobody_waiting(
    do: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def leave() -> None:
        raise SystemExit("for good")

    failed = metrics.BATCHES_FAILED._value.get()
    with pytest.raises(RuntimeError, match="SystemExit"):
        async with asyncio.timeout(10):
            await do(leave, key="")
    assert metrics.BATCHES_FAILED._value.get() == failed + 1
    [record] = caplog.records
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
    assert "for good" in caplog.text
    assert await do(lambda: "others", key="") == "others"


async def test_no_more_threads_is_an_error_and_not_a_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thread = database_thread.DatabaseThread(asyncio.get_running_loop(), run_together)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", partial(fail, RuntimeError("no more threads")))
        with pytest.raises(RuntimeError):
            await thread.put(Call(lambda: ""), "")
    assert await thread.put(Call(lambda: "there are again"), "") == "there are again"
