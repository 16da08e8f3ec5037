"""A busy hour of a site, compressed: mostly reading, some writing, a picture now and then.

Calls come at a fixed rate, each by somebody at random, and are timed from when they were due. What
the peer has no call for is left out there; the other calls come at the same times.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.loops import Due, Tally, open_loop
from benchmarks.load.scenarios.visitors import FRIENDS
from benchmarks.load.scenarios.visits import Visits
from benchmarks.load.sizes import Size

# How often in a hundred calls. A conversation that is opened is history, a read mark and often the
# list of chats; a line that is written is several of "typing".
SHARES = {
    "history": 22,
    "chats": 14,
    "sync": 8,
    "contacts": 3,
    "read": 15,
    "typing": 16,
    "send": 11,
    "socket": 8,
    "picture": 1,
    "reconnect": 2,
}
LASTS = 2.5  # times as long as other scenarios: its calls are of many kinds


async def run(generator: Generator) -> Figures:
    size = generator.size
    visits = Visits(generator, size.visitors)
    failed = await visits.begin()
    await open_loop(_due(visits, size, size.warming, defaultdict(Tally)))
    visits.forget()
    tallies: dict[str, Tally] = defaultdict(Tally)
    calls = _due(visits, size, size.seconds * LASTS, tallies)
    with generator.metered() as meter:
        await open_loop(calls)
    await asyncio.sleep(size.settling)
    figures: Figures = {
        "calls": len(calls),
        "errors": failed + sum(tally.failed for tally in tallies.values()),
        "cpu_us": meter.microseconds(len(calls)),
        **meter.cores(),
        **percentiles("delivered", visits.delivered),
    }
    tallies["typing"].seconds = visits.typed  # until it is seen: there is no response
    for kind, tally in tallies.items():
        figures |= percentiles(kind, tally.seconds)
    await visits.leave()
    return figures


def _due(visits: Visits, size: Size, seconds: float, tallies: dict[str, Tally]) -> list[Due]:
    return [
        Due(after, visits.work(kind, who, whom), tallies[kind])
        for after, kind, who, whom in _plan(size.visitors, size.calls, seconds)
        if visits.has(kind)
    ]


def _plan(visitors: int, rate: float, seconds: float) -> Iterator[tuple[float, str, int, int]]:
    """When, what, who, and with whom of their friends."""
    chance = random.Random(1)  # noqa: S311  nothing secret
    kinds, shares = list(SHARES), list(SHARES.values())
    after = chance.expovariate(rate)
    while after < seconds:
        (kind,) = chance.choices(kinds, shares)
        yield after, kind, chance.randrange(visitors), chance.randrange(len(FRIENDS))
        after += chance.expovariate(rate)
