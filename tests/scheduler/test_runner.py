"""Jobs are done at least once, by one worker at a time, and never early."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event, Thread

import pytest
from django.db import InterfaceError, connection
from pytest_django import Settings

from chatsite import db
from chatsite.db import atomic, now
from scheduler import runner, services, wakeup
from scheduler.jobs import tidy_jobs
from scheduler.models import Job
from scheduler.registry import KINDS, GiveUp, Lane, Retry, Stopped
from scheduler.runner import due, run, take
from scheduler.services import cancel, ensure_recurring, schedule
from tests.concurrency import at_once
from tests.jobs import run_due
from tests.scheduler.conftest import Register

PATIENCE = 30  # seconds
pytestmark = pytest.mark.django_db


@pytest.fixture
def done(register: Register) -> list[str]:
    """What jobs of the kind "note" were given."""
    notes: list[str] = []
    register("note", lambda text: notes.append(text))
    return notes


def later(**ago: float) -> None:
    """The clock moves on, for what is there."""
    for key, run_at in Job.objects.exclude(run_at=None).values_list("pk", "run_at"):
        assert run_at
        Job.objects.filter(pk=key).update(run_at=run_at - timedelta(**ago))


def due_of(kind: str) -> datetime:
    run_at = Job.objects.get(kind=kind).run_at
    assert run_at
    return run_at


class TestDue:
    def test_it_is_done_once_and_gone(self, done: list[str]) -> None:
        schedule("note", text="a")
        schedule("note", text="b")
        run_due()
        run_due()
        assert sorted(done) == ["a", "b"]
        assert not Job.objects.exists()

    def test_what_was_put_off_was_not_tried(self, register: Register) -> None:
        puts_off = [True] * 5

        def work() -> None:
            if puts_off:
                puts_off.pop()
                raise Retry("others first", counts=False)
            raise Retry("tried")

        register("modest", work, attempts=2)
        schedule("modest")
        run_due()
        job = Job.objects.get()
        assert not puts_off
        assert (job.attempts, job.run_at, job.error) == (2, None, "tried")

    def test_not_before_its_time(self, done: list[str]) -> None:
        schedule("note", run_at=now() + timedelta(seconds=30), text="later")
        run_due()
        assert done == []
        later(seconds=31)
        run_due()
        assert done == ["later"]

    def test_a_worker_s_clock_that_is_ahead_takes_nothing_early(
        self, done: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if connection.vendor == "sqlite":
            pytest.skip("its workers have one clock")
        schedule("note", run_at=now() + timedelta(seconds=3), text="soon")
        monkeypatch.setattr(db, "now", lambda: now() + timedelta(seconds=5))
        assert due(Lane) == []

    def test_the_next_look_is_when_something_is_due(
        self, done: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment, looking = now(), runner.Runner()
        monkeypatch.setattr(runner, "database_now", lambda: moment)
        Job.objects.all().delete()
        schedule("note", run_at=moment + timedelta(days=1), text="much later")
        assert looking._take() == runner.POLL
        schedule("note", run_at=moment + timedelta(milliseconds=400), text="soon")
        assert looking._take() == 0.4
        assert set(Job.objects.values_list("claim", flat=True)) == {""}  # nothing is taken early

    def test_what_a_transaction_undoes_is_never_done(self, done: list[str]) -> None:
        def fail() -> None:
            with atomic():
                schedule("note", text="never")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        run_due()
        assert done == []

    def test_a_kind_that_only_a_newer_version_knows_is_left_to_it(self, done: list[str]) -> None:
        schedule("note", text="x")
        Job.objects.update(kind="not_yet")
        run_due()
        assert Job.objects.get().attempts == 0

    def test_there_is_no_job_of_no_kind(self) -> None:
        with pytest.raises(KeyError):
            schedule("nothing")


class TestNamed:
    def test_there_is_one_with_the_last_payload(self, done: list[str]) -> None:
        for text in "abc":
            schedule("note", name="mine", text=text)
        run_due()
        assert done == ["c"]

    def test_it_is_cancelled_once(self, done: list[str]) -> None:
        schedule("note", name="mine", text="a")
        assert cancel("mine")
        assert not cancel("mine")
        run_due()
        assert done == []

    def test_made_anew_while_it_runs_it_runs_once_more(self, register: Register) -> None:
        texts: list[str] = []

        def work(text: str) -> None:
            texts.append(text)
            if len(texts) == 1:
                schedule("again", name="mine", text="second")

        register("again", work)
        schedule("again", name="mine", text="first")
        run_due()
        assert texts == ["first", "second"]
        assert not Job.objects.exists()


class TestFailure:
    def test_what_passes_is_tried_again_then_given_up(
        self, register: Register, caplog: pytest.LogCaptureFixture
    ) -> None:
        tries: list[int] = []

        def work() -> None:
            tries.append(1)
            raise Retry("the server is away")

        register("stubborn", work, attempts=3)
        schedule("stubborn")
        run_due()
        job = Job.objects.get()
        assert (len(tries), job.attempts, job.run_at) == (3, 3, None)
        assert job.error == "the server is away"
        assert "job stubborn was given up: the server is away" in caplog.text
        run_due()
        assert len(tries) == 3
        services.run_now(job)
        run_due()
        assert len(tries) == 6

    def test_each_pause_is_longer(self, register: Register, settings: Settings) -> None:
        settings.JOB_RETRY_SECONDS = 2

        def fail() -> None:
            raise Retry("no")

        register("stubborn", fail)
        schedule("stubborn")
        pauses = []
        for _ in range(3):
            run_due()
            pauses.append((due_of("stubborn") - now()).total_seconds())
            later(seconds=pauses[-1] + 1)
        assert 1 < pauses[0] <= 3 < 7 < pauses[1] <= 12 < 31 < pauses[2] <= 48

    def test_what_never_works_is_given_up_at_once(self, register: Register) -> None:
        def fail() -> None:
            raise GiveUp("nobody by that name")

        register("hopeless", fail)
        schedule("hopeless")
        run_due()
        assert (Job.objects.get().attempts, Job.objects.get().run_at) == (1, None)

    def test_of_a_bug_only_its_kind_is_kept(
        self, register: Register, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(secret: str) -> None:
            raise ValueError(secret)

        register("broken", fail, attempts=2)
        schedule("broken", secret="for nobody's eyes")
        run_due()
        assert Job.objects.get().error == "ValueError"
        assert "job broken failed" in caplog.text

    def test_one_failure_holds_up_no_other(self, register: Register, done: list[str]) -> None:
        def fail() -> None:
            raise GiveUp("no")

        register("hopeless", fail)
        schedule("hopeless")
        schedule("note", text="a")
        run_due()
        assert done == ["a"]


class TestWorkersThatDie:
    def test_another_takes_it_once_the_lease_is_over(self, done: list[str]) -> None:
        schedule("note", text="a")
        [job] = due(Lane)
        assert take(job)  # and its worker is killed
        run_due()
        assert done == []
        later(seconds=61)
        run_due()
        assert done == ["a"]

    def test_one_that_was_thought_dead_settles_nothing(self, done: list[str]) -> None:
        schedule("note", text="a")
        [first] = due(Lane)
        take(first)
        later(seconds=61)
        [second] = due(Lane)
        take(second)
        run(first)  # it only was slow
        assert Job.objects.get().claim == second.claim
        run(second)
        assert done == ["a", "a"]  # at least once
        assert not Job.objects.exists()

    def test_what_ends_its_process_each_time_is_given_up(self, done: list[str]) -> None:
        schedule("note", text="a")
        for _ in range(8):
            [job] = due(Lane)
            take(job)
            later(seconds=61)
        run_due()
        assert done == []
        assert Job.objects.get().error == "its process ended each time"

    def test_one_that_is_told_to_stop_leaves_the_rest_at_once(self, register: Register) -> None:
        tries: list[int] = []

        def work() -> None:
            tries.append(1)
            if len(tries) < 3:
                raise Stopped

        register("long", work, attempts=1)
        schedule("long")
        run_due()
        assert len(tries) == 3
        assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_takes_it(done: list[str]) -> None:
    schedule("note", text="a")

    def take_it() -> bool:
        return any(take(job) for job in due(Lane))

    assert sum(at_once([take_it] * 8)) == 1


class TestRecurring:
    def test_there_is_one_of_each_kind_all_the_time(self, register: Register) -> None:
        runs: list[int] = []
        register("tidy", lambda: runs.append(1), every=timedelta(days=1))
        ensure_recurring()
        ensure_recurring()
        assert Job.objects.filter(kind="tidy").count() == 1
        Job.objects.exclude(kind="tidy").delete()
        run_due()
        run_due()
        assert len(runs) == 1
        later(hours=25)
        run_due()
        assert len(runs) == 2
        assert Job.objects.filter(kind="tidy").count() == 1

    def test_a_failure_does_not_end_it(self, register: Register, settings: Settings) -> None:
        settings.JOB_RETRY_SECONDS = 2

        def fail() -> None:
            raise Retry("full")

        register("tidy", fail, every=timedelta(days=1))
        ensure_recurring()
        Job.objects.exclude(kind="tidy").delete()
        for _ in range(12):
            run_due()
            later(hours=2)
        job = Job.objects.get()
        assert (job.attempts, job.error) == (12, "full")
        assert job.run_at is not None

    @pytest.mark.django_db(transaction=True)
    def test_of_many_workers_that_start_one_makes_it(self) -> None:
        at_once([ensure_recurring] * 4)
        names = sorted(Job.objects.values_list("name", flat=True))
        assert names == sorted(kind.name for kind in KINDS.values() if kind.every)

    def test_the_site_tidies_up_by_itself(self) -> None:
        assert {name for name, kind in KINDS.items() if kind.every} == {
            "backup",
            "build_search_index",
            "delete_inactive_accounts",
            "remove_old_files",
            "remove_old_messages",
            "send_digests",
            "tidy_attachments",
            "tidy_exports",
            "tidy_imports",
            "tidy_jobs",
            "tidy_pictures",
            "tidy_sessions",
            "tidy_usernames",
        }


def test_what_was_given_up_long_ago_goes(done: list[str]) -> None:
    for name in ("long ago", "lately", "waiting"):
        schedule("note", name=name, run_at=now() + timedelta(days=1), text="a")
    Job.objects.exclude(name="waiting").update(run_at=None)
    Job.objects.exclude(name="lately").update(created_at=now() - timedelta(days=91))
    tidy_jobs()
    assert {*Job.objects.values_list("name", flat=True)} == {"lately", "waiting"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("may_run")
class TestRunner:
    @pytest.fixture
    def running(self) -> Iterator[Thread]:
        Job.objects.all().delete()
        thread = Thread(target=runner.Runner().run, daemon=True)
        thread.start()
        yield thread
        wakeup.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    def test_it_is_woken_by_what_is_due_now(self, register: Register, running: Thread) -> None:
        done = Event()
        register("set", done.set)
        schedule("set")
        assert done.wait(PATIENCE)

    def test_it_goes_on_after_the_database_was_away(
        self, register: Register, running: Thread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked, done = Event(), Event()

        def fail() -> None:
            asked.set()
            raise InterfaceError  # which is no DatabaseError

        register("set", done.set)
        with monkeypatch.context() as patch:
            patch.setattr(runner, "database_now", fail)
            schedule("set")
            assert asked.wait(PATIENCE)
        assert done.wait(PATIENCE)

    def test_long_work_does_not_hold_up_quick_work(
        self, register: Register, running: Thread
    ) -> None:
        free, done = Event(), Event()
        register("slow", lambda: free.wait(PATIENCE) and None, lane=Lane.LONG)
        register("set", done.set)
        for _ in range(5):
            schedule("slow")
        schedule("set")
        assert done.wait(PATIENCE)
        free.set()

    def test_however_much_people_ask_for_the_long_work_of_the_site_goes_on(
        self, register: Register, running: Thread
    ) -> None:
        free, done = Event(), Event()
        for kind in ("export", "import"):
            register(kind, lambda: free.wait(PATIENCE) and None, lane=KINDS[kind].lane)
            schedule(kind)
            schedule(kind)
        register("set", done.set, lane=KINDS["backup"].lane)
        schedule("set")
        assert done.wait(PATIENCE)
        free.set()

    def test_what_takes_longer_than_its_lease_stays_with_its_worker(
        self, register: Register, running: Thread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "RENEWAL", 0)
        free, started = Event(), []

        def work() -> None:
            started.append(1)
            free.wait(PATIENCE)

        register("slow", work, lane=Lane.LONG)
        schedule("slow")
        while not started:
            wakeup.event.wait(0.01)
        before = due_of("slow")
        later(seconds=50)
        wakeup.event.set()
        while due_of("slow") < before:
            free.wait(0.05)
        free.set()
        while Job.objects.filter(kind="slow").exists():
            wakeup.event.wait(0.01)
        assert started == [1]
