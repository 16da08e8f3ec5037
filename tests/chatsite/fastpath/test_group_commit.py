"""Writes that come at once: one transaction for all, and none that suffers from another."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from pytest_django import Settings

from accounts.models import User
from chatsite.db import atomic, on_commit
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import database_thread, group_commit, jobs, threads
from chatsite.fastpath.group_commit import run_together
from chatsite.fastpath.jobs import Job
from chatsite.guard.counting import SENDS, Once
from chatsite.guard.ratelimits import TooMany
from chatsite.live import broadcast
from tests.factories import make_user
from tests.limits import SetLimits

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's writes are done each by themselves"),
]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def job(loop: asyncio.AbstractEventLoop) -> Callable[..., Job]:
    return lambda work, about="": Job(work, about, loop.create_future())


def rename(user: User, name: str) -> str:
    User.objects.filter(pk=user.pk).update(full_name=name)
    return name


def fail(error: Exception) -> Any:
    raise error


def name_of(user: User) -> str:
    return User.objects.get(pk=user.pk).full_name


def test_all_are_stored_in_one_transaction(job: Callable[..., Job]) -> None:
    ada, bo = make_user(), make_user()
    seen: list[bool] = []

    def write(user: User) -> None:
        rename(user, "New")
        seen.append(connection.in_atomic_block)
        on_commit(lambda: seen.append(connection.in_atomic_block))

    together = [job(partial(write, user)) for user in (ada, bo)]
    run_together(together)

    assert [each.error for each in together] == [None, None]
    assert (name_of(ada), name_of(bo)) == ("New", "New")
    assert seen == [True, True, False, False]  # what follows the commit does so for both


def test_a_refusal_is_for_the_one_who_asked(job: Callable[..., Job]) -> None:
    ada, bo = make_user(), make_user()
    no = DomainError("No.")
    together = [
        job(partial(rename, ada, "New")),
        job(partial(fail, no)),
        job(partial(rename, bo, "New")),
    ]
    run_together(together)
    assert [each.error for each in together] == [None, no, None]
    assert (name_of(ada), name_of(bo)) == ("New", "New")


@pytest.mark.parametrize("error", [IntegrityError, OperationalError, ValueError])
def test_one_that_spoils_the_transaction_fails_alone(
    job: Callable[..., Job], error: type[Exception]
) -> None:
    ada, bo = make_user(), make_user()
    runs: list[str] = []

    def write(user: User) -> str:
        runs.append(user.pk)
        return rename(user, "New")

    def spoil() -> None:
        rename(bo, "Spoilt")
        with transaction.atomic():
            raise error

    together = [job(partial(write, ada)), job(spoil), job(partial(write, bo))]
    run_together(together)

    assert [type(each.error) for each in together] == [type(None), error, type(None)]
    assert [each.result for each in together] == ["New", None, "New"]
    assert (name_of(ada), name_of(bo)) == ("New", "New")
    assert runs == [ada.pk, ada.pk, bo.pk]  # once in vain, then each by itself


def test_a_commit_of_which_nobody_knows_is_not_repeated(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_user()
    runs: list[str] = []
    no = DomainError("No.")

    def write() -> None:
        runs.append(rename(ada, "New"))

    monkeypatch.setattr(connection, "commit", partial(fail, OperationalError("gone")))
    together = [job(write), job(partial(fail, no))]
    run_together(together)

    assert runs == ["New"]
    assert isinstance(together[0].error, DatabaseError)
    assert together[1].error is no


def test_what_is_pushed_goes_out_together_with_what_was_committed_together(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[list[str]] = []
    monkeypatch.setattr(
        broadcast, "_send", lambda sendings: pushed.append([group for (group,), _event in sendings])
    )

    def write(group: str) -> None:
        on_commit(partial(broadcast.broadcast, [group], {}))

    run_together([job(partial(write, "a"), "a"), job(partial(write, "b"), "b")])
    assert pushed == [["a", "b"]]

    seen: list[list[str]] = []
    spoilt = [
        job(partial(write, "c"), "c"),
        job(partial(fail, ValueError()), "d"),
        job(lambda: seen.extend(pushed), "e"),
    ]
    run_together(spoilt)
    assert seen == pushed == [["a", "b"], ["c"]]  # nobody waits for those that come after


def test_what_they_lock_is_locked_in_one_order(job: Callable[..., Job]) -> None:
    order: list[str] = []
    run_together([job(partial(order.append, key), key) for key in ("c", "a", "b", "a")])
    assert order == ["a", "a", "b", "c"]


async def test_an_answer_comes_after_the_commit() -> None:
    ada = await asyncio.to_thread(make_user)
    await threads.write(partial(rename, ada, "New"), about=ada.pk)
    assert (await User.objects.aget(pk=ada.pk)).full_name == "New"


async def test_who_waits_gets_their_own_answer() -> None:
    def answer(number: int) -> int:
        if number % 3 == 0:
            raise DomainError(str(number))
        return number

    waiting = [threads.write(partial(answer, number), about="") for number in range(1, 200)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in answers] == [str(number) for number in range(1, 200)]


async def test_whoever_goes_away_holds_up_nobody() -> None:
    gone = asyncio.ensure_future(threads.write(lambda: 1, about=""))
    await asyncio.sleep(0)
    gone.cancel()
    assert await threads.write(lambda: 2, about="") == 2


async def test_a_thread_that_has_nothing_to_do_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_thread, "IDLE_SECONDS", 0.01)
    thread = await threads.write(threading.current_thread, about="")
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
    assert await threads.write(lambda: 3, about="") == 3  # another one starts


async def test_a_thread_that_is_told_to_end_does_what_waits_first() -> None:
    thread = await threads.write(threading.current_thread, about="")
    waiting = asyncio.gather(*[threads.write(partial(str, n), about="") for n in range(3)])
    await asyncio.sleep(0)
    threads.end_all()
    assert await waiting == ["0", "1", "2"]
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
    assert await threads.write(lambda: "again", about="") == "again"


async def test_left_out_each_write_is_by_itself(settings: Settings) -> None:
    settings.FAST = replace(settings.FAST, group_commit=False)
    assert await threads.write(lambda: connection.in_atomic_block, about="") is False
    settings.FAST = replace(settings.FAST, group_commit=True)
    assert await threads.write(lambda: connection.in_atomic_block, about="") is True


async def test_a_connection_that_broke_is_replaced_by_who_reads_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "was_broken", lambda: True)
    ada = await asyncio.to_thread(make_user, "Ada")
    tries: list[str] = []

    def once_in_vain() -> str:
        tries.append("")
        if len(tries) == 1:
            raise OperationalError("server closed the connection")
        return name_of(ada)

    assert await threads.read(once_in_vain, about="") == "Ada"


async def test_a_read_that_fails_says_so_and_is_not_repeated() -> None:
    tries: list[str] = []

    def in_vain() -> None:
        tries.append("")
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        await threads.read(in_vain, about="")
    assert tries == [""]
    with pytest.raises(OperationalError):
        await threads.read(partial(fail, OperationalError("no such table")), about="")
    with pytest.raises(ValueError, match="x"):
        await threads.read(partial(fail, ValueError("x")), about="")


def test_whatever_fails_within_keeps_nothing_of_the_others_back(job: Callable[..., Job]) -> None:
    """A refusal, too, that comes after something was written."""
    ada, bo = make_user(), make_user()
    no = DomainError("No, after all.")

    def write_then_refuse() -> None:
        rename(bo, "Spoilt")
        with atomic():
            raise no

    together = [job(partial(rename, ada, "New")), job(write_then_refuse)]
    run_together(together)

    assert [each.error for each in together] == [None, no]
    assert (name_of(ada), name_of(bo)) == ("New", "Spoilt")  # as by itself, where nothing is undone


def test_a_database_that_is_away_is_not_waited_for_by_each(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    monkeypatch.setattr(group_commit, "joined", partial(fail, OperationalError("away")))
    together = [job(partial(tries.append, "ran")) for _ in range(5)]
    run_together(together)
    assert {type(each.error) for each in together} == {OperationalError}
    assert "ran" not in tries


def test_who_waited_too_long_is_told_and_nothing_is_done(job: Callable[..., Job]) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    together = [job(partial(rename, ada, "New")), job(partial(rename, bo, "New"))]
    together[0].arrived -= jobs.PATIENCE + 1
    run_together(together)
    assert [type(each.error) for each in together] == [Busy, type(None)]
    assert (name_of(ada), name_of(bo)) == ("Ada", "New")


async def test_who_comes_when_too_many_wait_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_thread, "MOST", 3)
    waiting = [threads.write(partial(str, number), about="") for number in range(5)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert answers[:3] == ["0", "1", "2"]
    assert [type(each) for each in answers[3:]] == [Busy, Busy]
    assert await threads.write(lambda: "again", about="") == "again"


async def test_a_thread_that_fails_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave() -> None:
        raise SystemExit

    with pytest.raises(RuntimeError, match="SystemExit"):
        async with asyncio.timeout(10):
            await threads.write(leave, about="")
    assert await threads.write(lambda: "others", about="") == "others"


async def test_no_more_threads_is_an_error_and_not_a_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thread = database_thread.DatabaseThread(asyncio.get_running_loop(), run_together)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", partial(fail, RuntimeError("no more threads")))
        with pytest.raises(RuntimeError):
            await thread.put(lambda: "", "")
    assert await thread.put(lambda: "there are again", "") == "there are again"


def test_what_is_repeated_counts_once(job: Callable[..., Job], set_limits: SetLimits) -> None:
    set_limits(sends=1)
    runs: list[str] = []

    def counted(once: Once) -> None:
        runs.append("")
        once.check(SENDS, "ada")

    together = [job(partial(counted, Once())), job(partial(fail, ValueError()))]
    run_together(together)
    assert len(runs) == 2
    assert together[0].error is None
    again = job(partial(counted, Once()))
    run_together([again])
    assert isinstance(again.error, TooMany)
