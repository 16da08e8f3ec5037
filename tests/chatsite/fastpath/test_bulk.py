"""Work that is done at once: what cannot be is done by itself, and nothing is done twice."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections

from accounts.models import User
from chatsite.db import on_commit
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import group_commit, jobs
from chatsite.fastpath.bulk import LEFT, Bulk, Undone
from chatsite.fastpath.group_commit import run_together
from chatsite.fastpath.jobs import Job
from chatsite.live import broadcast
from chatsite.monitoring import trace
from chatsite.monitoring.trace import Trace
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's writes are done each by themselves"),
]


@dataclass
class Plan:
    """What becomes of the renamings of a test, and what became of them."""

    let_in: Callable[[str], bool] = lambda name: True
    left: Sequence[str] = ()
    error: Exception | None = None
    batches: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    traces: list[Trace | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Renaming(Bulk):
    plan: Plan
    user: User
    name: str

    def __call__(self) -> str:
        self.plan.traces.append(trace.current())
        self.plan.alone.append(self.name)
        if self.name == "refused":
            raise DomainError("No.")
        return self._write("alone")

    def _write(self, how: str) -> str:
        User.objects.filter(pk=self.user.pk).update(full_name=f"{self.name}, {how}")
        on_commit(lambda: broadcast.broadcast([self.name], {}))
        return how

    @classmethod
    def let_in(cls, works: Sequence[Self]) -> list[bool]:
        assert not connection.in_atomic_block
        return [work.plan.let_in(work.name) for work in works]

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        assert connection.in_atomic_block
        plan = works[0].plan
        plan.traces.append(trace.current())
        plan.batches.append([work.name for work in works])
        done = [LEFT if work.name in plan.left else work._write("at once") for work in works]
        if plan.error:
            raise plan.error
        return done


class Other(Renaming):
    """Another kind."""


Renames = Callable[..., list[Job]]


@pytest.fixture
def plan() -> Plan:
    return Plan()


@pytest.fixture
def renames(plan: Plan) -> Iterator[Renames]:
    loop = asyncio.new_event_loop()

    def make(*names: str, kind: type[Renaming] = Renaming) -> list[Job]:
        return [Job(kind(plan, make_user(), name), name, loop.create_future()) for name in names]

    yield make
    loop.close()


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    groups: list[str] = []

    def push(sendings: Any) -> None:
        groups.extend(group for (group,), _event in sendings)

    monkeypatch.setattr(broadcast, "_send", push)
    return groups


def outcomes(together: list[Job]) -> list[Any]:
    run_together(list(together))
    return [job.error or job.result for job in together]


def stored(together: list[Job]) -> list[str]:
    works: list[Any] = [job.work for job in together]
    keys = [work.user.pk for work in works]
    names = dict(User.objects.filter(pk__in=keys).values_list("pk", "full_name"))
    return [names[key].partition(", ")[2] for key in keys]


def test_what_comes_at_once_is_done_at_once_in_one_order(
    renames: Renames, plan: Plan, pushed: list[str]
) -> None:
    together = renames("c", "a", "b")
    assert outcomes(together) == stored(together) == ["at once"] * 3
    assert (plan.batches, plan.alone, pushed) == ([["a", "b", "c"]], [], ["a", "b", "c"])


def test_what_is_not_let_in_or_left_is_done_by_itself(
    renames: Renames, plan: Plan, pushed: list[str]
) -> None:
    plan.let_in = lambda name: name != "a"
    plan.left = ["c"]
    together = renames("a", "b", "c")
    assert outcomes(together) == ["alone", "at once", "alone"]
    assert stored(together) == ["alone", "at once", "alone"]
    assert (plan.batches, plan.alone, pushed) == ([["b", "c"]], ["a", "c"], ["b", "a", "c"])


def test_where_nobody_is_let_in_nothing_is_done_at_once(renames: Renames, plan: Plan) -> None:
    plan.let_in = lambda name: False
    together = renames("a", "refused")
    first, refused = outcomes(together)
    assert first == "alone"
    assert isinstance(refused, DomainError)
    assert plan.batches == []


def test_all_may_be_left(renames: Renames, plan: Plan, pushed: list[str]) -> None:
    plan.left = ["a", "b"]
    together = renames("a", "b")
    assert outcomes(together) == stored(together) == ["alone", "alone"]
    assert pushed == ["a", "b"]


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Exception()
    error.__cause__.sqlstate = "40P01"  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "error",
    [Undone(), ValueError(), IntegrityError(), DatabaseError(), DomainError(""), deadlock()],
)
def test_of_what_is_undone_nothing_is_kept_and_each_is_done_by_itself(
    renames: Renames, plan: Plan, pushed: list[str], error: Exception
) -> None:
    plan.error = error
    together = renames("a", "b", "refused")
    first, second, refused = outcomes(together)
    assert (first, second, type(refused)) == ("alone", "alone", DomainError)
    assert stored(together)[:2] == ["alone", "alone"]
    assert plan.alone == ["a", "b", "refused"]
    assert pushed == ["a", "b"]


def test_what_cannot_be_asked_before_is_asked_of_each(renames: Renames, plan: Plan) -> None:
    def fail(name: str) -> bool:
        raise ValueError(name)

    plan.let_in = fail
    assert outcomes(renames("a", "b")) == ["alone", "alone"]


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
    plan.let_in = lambda name: name != "b"
    together = renames("a", "b")
    assert outcomes(together) == [error, "alone"]
    assert (plan.alone, pushed) == (["b"], ["b"])


def test_a_commit_that_a_constraint_forbids_is_of_none(
    renames: Renames, plan: Plan, pushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_to_commit(monkeypatch, IntegrityError("no such sender"))
    together = renames("a", "b")
    assert outcomes(together) == stored(together) == ["alone", "alone"]
    assert pushed == ["a", "b"]


def test_who_waited_too_long_is_told_and_not_asked(renames: Renames, plan: Plan) -> None:
    together = renames("late", "a")
    together[0].arrived -= jobs.PATIENCE + 1
    late, first = outcomes(together)
    assert (type(late), first) == (Busy, "at once")
    assert (plan.batches, plan.alone) == ([["a"]], [])
    assert stored(together) == ["", "at once"]


def test_each_kind_is_done_by_itself_and_so_is_what_is_of_none(
    renames: Renames, plan: Plan
) -> None:
    together = [*renames("a"), *renames("b", kind=Other), *renames("c")]
    together[2].work = lambda: "plain"
    assert outcomes(together) == ["at once", "at once", "plain"]
    assert sorted(plan.batches) == [["a"], ["b"]]


def test_the_work_of_many_is_traced_as_nobodys_and_what_is_left_as_theirs(
    renames: Renames, plan: Plan
) -> None:
    plan.left = ["b"]
    with trace.begin("somebody-before"):
        together = renames("a", "b", "c")
        for number, job in enumerate(together):
            job.trace = Trace(f"request-{number}")
        run_together(together)
        nobody, whoever_is_left = plan.traces
    assert nobody is None
    assert whoever_is_left is not None
    assert whoever_is_left.request_id == "request-1"


def test_that_it_is_undone_is_logged_of_nobody(
    renames: Renames, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Trace | None] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(trace.current())

    monkeypatch.setattr(group_commit.logger, "handlers", [Handler()])
    monkeypatch.setattr(group_commit.logger, "level", logging.INFO)
    plan.error = Undone()
    with trace.begin("somebody-before"):
        run_together(renames("a"))
    assert seen == [None]
