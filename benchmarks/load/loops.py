"""Work done over and over: as fast as responses come, or at a fixed rate."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.load.meters import warn_once

Work = Callable[[], Awaitable[bool]]  # returns whether it succeeded
LATE = 20  # seconds after the last due time, when what is unanswered counts as failed


@dataclass
class Tally:
    good: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)  # each good one took


class Due(NamedTuple):
    after: float  # seconds from the start; calls are in this order
    work: Work
    tally: Tally


async def closed_loop(workers: Sequence[Work], seconds: float) -> Tally:
    """Each worker does its work again as soon as it is done."""
    tally = Tally()
    end = time.perf_counter() + seconds

    async def run(work: Work) -> None:
        while (began := time.perf_counter()) < end:
            await _count(tally, work, began)

    await asyncio.gather(*[run(work) for work in workers])
    return tally


async def open_loop(calls: Iterable[Due]) -> None:
    """Timed from when each was due, so that waiting for a slow server counts."""
    began = time.perf_counter()
    tasks = []
    for index, (after, work, tally) in enumerate(calls):
        wait = began + after - time.perf_counter()
        if wait > 0.0002:
            await asyncio.sleep(wait)
        elif index % 20 == 0:
            await asyncio.sleep(0)  # late already, but responses have to be read
        tasks.append(asyncio.ensure_future(_count(tally, work, began + after)))
    if tasks:
        _, unanswered = await asyncio.wait(tasks, timeout=LATE)
        for task in unanswered:
            task.cancel()
        await asyncio.gather(*unanswered, return_exceptions=True)


async def until(is_so: Callable[[], bool], *, patience: float = 10) -> None:
    """Waits for what may come late, and no longer than that."""
    end = time.perf_counter() + patience
    while not is_so() and time.perf_counter() < end:  # noqa: ASYNC110  nothing signals it
        await asyncio.sleep(0.02)


async def _count(tally: Tally, work: Work, began: float) -> None:
    try:
        is_good = await work()
    except (OSError, TimeoutError) as error:
        warn_once("no answer", repr(error))
        is_good = False
    except asyncio.CancelledError:
        tally.failed += 1
        raise
    if is_good:
        tally.good += 1
        tally.seconds.append(time.perf_counter() - began)
    else:
        tally.failed += 1
