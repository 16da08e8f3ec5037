"""Jobs wait in line, and get a last chance at the end of the process."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Event
from typing import Any

import pytest

from chatsite import job_queue
from chatsite.job_queue import JobQueue
from chatsite.lifespan import lifespan

PATIENCE = 30  # seconds


@pytest.fixture
def free() -> Iterator[Event]:
    """What held up a job, goes."""
    event = Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends here is not the rest of this process."""
    monkeypatch.setattr(job_queue, "_working", [])


@pytest.fixture
def queue() -> JobQueue:
    return JobQueue("tests", threads=2, length=2)


def blocking(queue: JobQueue, free: Event) -> Callable[[], None]:
    """Puts a job that holds up one thread, and waits until it does."""

    def put() -> None:
        started = Event()

        def hold_up() -> None:
            started.set()
            free.wait()

        assert queue.put(hold_up)
        assert started.wait(PATIENCE)

    return put


def test_one_that_dawdles_does_not_hold_up_the_others(queue: JobQueue, free: Event) -> None:
    blocking(queue, free)()
    done = Event()

    queue.put(done.set)

    assert done.wait(PATIENCE)


def test_a_line_that_is_full_takes_no_more(queue: JobQueue, free: Event) -> None:
    block = blocking(queue, free)
    block(), block()

    assert [queue.put(free.is_set) for _ in range(3)] == [True, True, False]
    free.set()
    assert queue.wait(PATIENCE)
    assert queue.put(free.is_set)


def test_a_job_that_fails_is_named_and_the_next_one_done(
    queue: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    done = Event()

    def fail() -> None:
        raise ValueError("of no one's business")

    for job in (fail, fail, done.set):
        while not queue.put(job):
            assert queue.wait(PATIENCE)

    assert done.wait(PATIENCE)
    assert "tests: a job failed: ValueError" in caplog.text
    assert "business" not in caplog.text


def test_the_end_waits_but_not_for_ever(
    queue: JobQueue, free: Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "PATIENCE", 0.01)
    blocking(queue, free)()

    job_queue.close_all()

    assert "tests: 1 were left undone" in caplog.text
    assert queue.closing.is_set()


def test_a_second_end_waits_for_nothing(
    queue: JobQueue, free: Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "PATIENCE", 0.01)
    blocking(queue, free)()
    job_queue.close_all()
    monkeypatch.setattr(job_queue, "PATIENCE", PATIENCE)

    job_queue.close_all()

    assert len(caplog.records) == 1


def test_the_end_lets_finish_what_is_nearly_done_in_every_line() -> None:
    done: list[int] = []
    for number in range(5):
        JobQueue("tests", threads=1, length=9).put(partial(done.append, number))

    job_queue.close_all()

    assert sorted(done) == [0, 1, 2, 3, 4]


async def test_a_server_that_tells_of_its_end_waits_for_them(queue: JobQueue) -> None:
    done: list[str] = []
    queue.put(partial(done.append, "the job"))
    told = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(told)}

    async def send(message: Mapping[str, Any]) -> None:
        done.append(message["type"])

    await lifespan({"type": "lifespan"}, receive, send)

    assert done[-1] == "lifespan.shutdown.complete"
    assert "the job" in done
