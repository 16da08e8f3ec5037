"""Work that is done at once: what cannot be is done by itself, and nothing is done twice."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
)

from accounts.models import User
from chatsite.db import on_commit
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import database_calls, group_commit
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.database_calls import DatabaseCall, write_each
from chatsite.fastpath.group_commit import run_together
from chatsite.live import broadcast
from chatsite.monitoring import metrics, trace
from chatsite.monitoring.trace import Trace
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's writes are done each by themselves"),
]


@dataclass
class Plan:
    """What becomes of the renamings of a test, and what became of them."""

    refusal: Callable[[str], Exception | None] = lambda name: None
    waiting: Sequence[str] = ()
    error: Exception | None = None
    batches: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    traces: list[Trace | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Renaming(Bulk):
    plan: Plan
    user: User
    name: str

    refusal: Exception | None = None

    def __call__(self) -> str:
        self.plan.traces.append(trace.current())
        self.plan.alone.append(self.name)
        if self.refusal:
            raise self.refusal
        if self.name == "refused":
            raise DomainError("No.")
        if self.name == "of the database":
            raise IntegrityError("No.")
        if self.name == "wrong":
            raise KeyError("a field that nobody filled in")
        return self._write("alone")

    def _write(self, how: str) -> str:
        User.objects.filter(pk=self.user.pk).update(full_name=f"{self.name}, {how}")
        on_commit(lambda: broadcast.broadcast([self.name], {}))
        return how

    @classmethod
    def admit(cls, works: Sequence[Self]) -> None:
        assert not connection.in_atomic_block
        for work in works:
            work.refusal = work.plan.refusal(work.name)

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        assert connection.in_atomic_block
        plan = works[0].plan
        plan.traces.append(trace.current())
        plan.batches.append([work.name for work in works])
        done = [work._done() for work in works]
        if plan.error:
            raise plan.error
        return done

    def _done(self) -> Any:
        if self.name == "refused":
            return DomainError("No.")
        has_to_wait = self.name in self.plan.waiting and len(self.plan.batches) == 1
        return Busy() if has_to_wait else self._write("at once")


class Other(Renaming):
    """Another kind."""


Renames = Callable[..., list[DatabaseCall]]


@pytest.fixture
def plan() -> Plan:
    return Plan()


@pytest.fixture
def renames(plan: Plan) -> Iterator[Renames]:
    loop = asyncio.new_event_loop()

    def make(*names: str, kind: type[Renaming] = Renaming) -> list[DatabaseCall]:
        return [
            DatabaseCall(kind(plan, make_user(), name), name, loop.create_future())
            for name in names
        ]

    yield make
    loop.close()


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    groups: list[str] = []

    def push(sendings: Any) -> None:
        groups.extend(group for (group,), _event in sendings)

    monkeypatch.setattr(broadcast, "_send", push)
    return groups


def outcomes(together: list[DatabaseCall]) -> list[Any]:
    run_together(list(together))
    return [call.error or call.result for call in together]


def stored(together: list[DatabaseCall]) -> list[str]:
    works: list[Any] = [call.work for call in together]
    keys = [work.user.pk for work in works]
    names = dict(User.objects.filter(pk__in=keys).values_list("pk", "full_name"))
    return [names[key].partition(", ")[2] for key in keys]


def test_what_comes_at_once_is_done_at_once_in_one_order(
    renames: Renames, plan: Plan, pushed: list[str]
) -> None:
    apart = metrics.WRITES_APART._value.get()
    together = renames("c", "a", "b")
    assert outcomes(together) == stored(together) == ["at once"] * 3
    assert (plan.batches, plan.alone, pushed) == ([["a", "b", "c"]], [], ["a", "b", "c"])
    assert metrics.WRITES_APART._value.get() == apart


def test_a_refusal_concerns_nobody_else(renames: Renames, plan: Plan, pushed: list[str]) -> None:
    no = ValueError("not admitted")
    plan.refusal = lambda name: no if name == "a" else None
    together = renames("a", "b", "refused")
    not_admitted, first, refused = outcomes(together)
    assert (not_admitted, first, type(refused)) == (no, "at once", DomainError)
    assert stored(together) == ["", "at once", ""]
    assert (plan.batches, plan.alone, pushed) == ([["b", "refused"]], [], ["b"])


def test_what_has_to_wait_does_so_after_the_others(
    renames: Renames, plan: Plan, pushed: list[str]
) -> None:
    plan.waiting = ["a", "c"]
    together = renames("a", "b", "c")
    assert outcomes(together) == stored(together) == ["at once"] * 3
    assert (plan.batches, plan.alone) == ([["a", "b", "c"], ["a"], ["c"]], [])
    assert pushed == ["b", "a", "c"]


def test_what_waits_for_the_same_does_so_together(renames: Renames, plan: Plan) -> None:
    plan.waiting = ["a", "c"]
    together = renames("a", "b", "c")
    together[2].key = "a"
    assert outcomes(together) == ["at once"] * 3
    assert plan.batches == [["a", "c", "b"], ["a", "c"]]


def test_where_nobody_is_admitted_nothing_is_done(renames: Renames, plan: Plan) -> None:
    plan.refusal = lambda name: DomainError(name)
    assert [str(refused) for refused in outcomes(renames("a", "b"))] == ["a", "b"]
    assert (plan.batches, plan.alone) == ([], [])


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Exception()
    error.__cause__.sqlstate = "40P01"  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "error",
    [IntegrityError(), DatabaseError(), DataError(), ProgrammingError(), deadlock()],
)
def test_of_what_the_database_undoes_nothing_is_kept_and_each_is_done_by_itself(
    renames: Renames, plan: Plan, pushed: list[str], error: Exception
) -> None:
    plan.error = error
    apart, failed = metrics.WRITES_APART._value.get(), metrics.BATCHES_FAILED._value.get()
    together = renames("a", "b", "refused")
    first, second, refused = outcomes(together)
    assert (first, second, type(refused)) == ("alone", "alone", DomainError)
    assert stored(together)[:2] == ["alone", "alone"]
    assert plan.alone == ["a", "b", "refused"]
    assert pushed == ["a", "b"]
    assert metrics.WRITES_APART._value.get() == apart + 3
    assert metrics.BATCHES_FAILED._value.get() == failed


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyError("wrong")])
def test_a_fault_of_the_code_is_told_and_counted_and_nothing_is_done(
    renames: Renames,
    plan: Plan,
    pushed: list[str],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    plan.error = error
    failed = metrics.BATCHES_FAILED._value.get()
    together = renames("a", "b")
    assert {type(each) for each in outcomes(together)} == {RuntimeError}
    assert stored(together) == ["", ""]
    assert (plan.alone, pushed) == ([], [])
    assert "Traceback" in caplog.text
    assert metrics.BATCHES_FAILED._value.get() == failed + 1


def test_of_a_write_by_itself_it_is_told_and_counted_too(
    renames: Renames, plan: Plan, pushed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    failed = metrics.BATCHES_FAILED._value.get()
    apart = renames("a", "wrong", "b")
    write_each(apart)
    [fault] = [call.error for call in apart if call.error]
    assert repr(fault) == "RuntimeError('a write failed: KeyError')"
    assert stored(apart) == ["alone", "", "alone"]
    assert pushed == ["a", "b"]
    assert metrics.BATCHES_FAILED._value.get() == failed + 1
    [record] = caplog.records
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
    assert "a field that nobody filled in" in caplog.text


def test_what_is_refused_by_itself_is_no_fault(
    renames: Renames, plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    failed = metrics.BATCHES_FAILED._value.get()
    apart = renames("refused", "of the database", "not admitted", "late")
    no = ValueError("not admitted")
    works: list[Any] = [call.work for call in apart]
    works[2].refusal = no
    apart[3].arrived -= database_calls.PATIENCE + 1
    write_each(apart)
    assert [type(call.error) for call in apart] == [DomainError, IntegrityError, ValueError, Busy]
    assert apart[2].error is no
    assert metrics.BATCHES_FAILED._value.get() == failed
    assert caplog.records == []


def test_what_the_database_refuses_before_is_asked_of_each(renames: Renames, plan: Plan) -> None:
    def fail(name: str) -> Exception | None:
        raise IntegrityError(name)

    plan.refusal = fail
    assert outcomes(renames("a", "b")) == ["alone", "alone"]


def test_all_wait_no_longer_than_the_one_that_they_wait_for(renames: Renames, plan: Plan) -> None:
    plan.error = Busy()
    assert outcomes(renames("a", "b")) == [plan.error, plan.error]
    assert plan.alone == []


def test_a_database_that_is_away_is_waited_for_once(
    renames: Renames, plan: Plan, pushed: list[str]
) -> None:
    plan.error = OperationalError("database is locked")
    together = renames("a", "b")
    assert outcomes(together) == [plan.error, plan.error]
    assert (plan.alone, pushed) == ([], [])
    assert stored(together) == ["", ""]


def test_a_line_that_broke_is_replaced_and_each_is_done(
    renames: Renames, plan: Plan, pushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan.error = OperationalError("server closed the connection")
    monkeypatch.setattr(group_commit, "was_broken", lambda: True)
    together = renames("a", "b")
    assert outcomes(together) == stored(together) == ["alone", "alone"]
    assert pushed == ["a", "b"]


def fails_to_commit(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Once."""
    here = connections["default"]
    commit = here.commit
    errors = [error]

    def fail() -> None:
        if errors:
            raise errors.pop()
        commit()

    monkeypatch.setattr(here, "commit", fail)


def test_a_commit_of_which_nobody_knows_is_not_repeated(
    renames: Renames, plan: Plan, pushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OperationalError("gone")
    fails_to_commit(monkeypatch, error)
    together = renames("a", "b")
    assert outcomes(together) == [error, error]
    assert (plan.alone, pushed) == ([], [])


def test_a_commit_that_a_constraint_forbids_is_of_none(
    renames: Renames, plan: Plan, pushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_to_commit(monkeypatch, IntegrityError("no such sender"))
    together = renames("a", "b")
    assert outcomes(together) == stored(together) == ["alone", "alone"]
    assert pushed == ["a", "b"]


def test_who_waited_too_long_is_told_and_not_asked(renames: Renames, plan: Plan) -> None:
    together = renames("late", "a")
    together[0].arrived -= database_calls.PATIENCE + 1
    late, first = outcomes(together)
    assert (type(late), first) == (Busy, "at once")
    assert (plan.batches, plan.alone) == ([["a"]], [])
    assert stored(together) == ["", "at once"]


def test_each_kind_is_done_by_itself(renames: Renames, plan: Plan) -> None:
    together = [*renames("a"), *renames("b", kind=Other)]
    assert outcomes(together) == ["at once", "at once"]
    assert sorted(plan.batches) == [["a"], ["b"]]


def test_the_work_of_many_is_traced_as_nobodys_and_what_is_done_apart_as_theirs(
    renames: Renames, plan: Plan
) -> None:
    plan.error = IntegrityError()
    with trace.begin("somebody-before"):
        together = renames("a", "b")
        for number, call in enumerate(together):
            call.trace = Trace(f"request-{number}")
        run_together(together)
        nobody, *each = plan.traces
    assert nobody is None
    assert [one and one.request_id for one in each] == ["request-0", "request-1"]


def test_that_it_is_undone_is_logged_of_nobody(
    renames: Renames, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Trace | None] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(trace.current())

    monkeypatch.setattr(group_commit.logger, "handlers", [Handler()])
    monkeypatch.setattr(group_commit.logger, "level", logging.INFO)
    plan.error = IntegrityError()
    with trace.begin("somebody-before"):
        run_together(renames("a"))
    assert seen == [None]
