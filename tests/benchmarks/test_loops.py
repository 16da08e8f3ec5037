"""Work done over and over, and what is counted of it."""

import asyncio
from functools import partial
from types import SimpleNamespace

import pytest

from benchmarks.load import loops
from benchmarks.load.loops import Due, Tally, closed_loop, open_loop, until


async def well() -> bool:
    return True


async def badly() -> bool:
    return False


async def not_at_all() -> bool:
    raise ConnectionError("closed")


async def test_a_closed_loop_counts_good_and_bad() -> None:
    async def after_a_while(work: loops.Work) -> bool:
        await asyncio.sleep(0.001)
        return await work()

    tally = await closed_loop([partial(after_a_while, work) for work in (well, badly)], 0.02)
    assert tally.good > 0
    assert tally.failed > 0
    assert len(tally.seconds) == tally.good


async def test_an_open_loop_does_each_once() -> None:
    tally = Tally()
    await open_loop(Due(0, work, tally) for work in (well, badly, not_at_all, well))
    assert (tally.good, tally.failed, len(tally.seconds)) == (2, 2, 2)


async def test_time_counts_from_when_it_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds up the one before is time that the next one waited, too."""
    passed = 0.0
    monkeypatch.setattr(loops, "time", SimpleNamespace(perf_counter=lambda: passed))

    async def five_seconds() -> bool:
        nonlocal passed
        passed += 5
        return True

    tally = Tally()
    await open_loop(Due(0, five_seconds, tally) for _ in range(3))
    assert tally.seconds == [5, 10, 15]


async def test_what_is_never_answered_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "LATE", 0.01)
    tally = Tally()
    await open_loop([Due(0, asyncio.Event().wait, tally), Due(0, well, tally)])
    assert (tally.good, tally.failed) == (1, 1)


async def test_waiting_ends_when_it_is_so() -> None:
    seen: list[int] = []

    def third_time() -> bool:
        seen.append(1)
        return len(seen) == 3

    await until(third_time)
    assert len(seen) == 3


async def test_waiting_ends_when_it_is_never_so() -> None:
    await until(lambda: False, patience=0.01)
