"""The line that mail waits in."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event

import pytest

from chatsite.mail.outbox import Outbox

PATIENCE = 30  # seconds


@pytest.fixture
def free() -> Iterator[Event]:
    """What held up a job, goes."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox("tests", threads=2, length=2, patience=0.01)


def blocking(outbox: Outbox, free: Event) -> Callable[[], None]:
    """Puts a job that holds up one thread, and waits until it does."""

    def put() -> None:
        started = Event()

        def hold_up() -> None:
            started.set()
            free.wait()

        assert outbox.put(hold_up)
        assert started.wait(PATIENCE)

    return put


def test_one_that_dawdles_does_not_hold_up_the_others(outbox: Outbox, free: Event) -> None:
    blocking(outbox, free)()
    done = Event()

    outbox.put(done.set)

    assert done.wait(PATIENCE)


def test_a_line_that_is_full_takes_no_more(outbox: Outbox, free: Event) -> None:
    block = blocking(outbox, free)
    block(), block()

    assert [outbox.put(free.is_set) for _ in range(3)] == [True, True, False]
    free.set()
    assert outbox.wait(PATIENCE)
    assert outbox.put(free.is_set)


def test_a_job_that_fails_is_named_and_the_next_one_done(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    done = Event()

    def fail() -> None:
        raise ValueError("of no one's business")

    for job in (fail, fail, done.set):
        while not outbox.put(job):
            assert outbox.wait(PATIENCE)

    assert done.wait(PATIENCE)
    assert "tests: a job failed: ValueError" in caplog.text
    assert "business" not in caplog.text


def test_the_end_waits_but_not_for_ever(
    outbox: Outbox, free: Event, caplog: pytest.LogCaptureFixture
) -> None:
    blocking(outbox, free)()

    outbox.close()

    assert "1 were left undone" in caplog.text
    assert outbox.closing.is_set()


def test_the_end_lets_finish_what_is_nearly_done() -> None:
    outbox = Outbox("tests", threads=1, length=9, patience=PATIENCE)
    done: list[int] = []
    for number in range(5):
        outbox.put(partial(done.append, number))

    outbox.close()

    assert done == [0, 1, 2, 3, 4]
