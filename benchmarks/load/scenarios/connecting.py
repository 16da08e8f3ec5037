"""Many sockets that connect at once, and what each costs to hold."""

import asyncio
import time
from itertools import islice

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator

WARMING = 50  # sockets at a time


async def storm(generator: Generator) -> Figures:
    """Everybody comes back at once, as after a restart."""
    return await _connect(generator, generator.size.storm, warming=generator.size.warming)


async def idle(generator: Generator) -> Figures:
    """Warmed up by a few only: what a heap has grown by before would not grow again."""
    return await _connect(generator, generator.size.idle, warming=0)


async def _connect(generator: Generator, count: int, warming: float) -> Figures:
    await _warm(generator, warming)
    memory, size = generator.memory(), generator.stats.size
    with generator.metered() as meter:
        connected = await generator.connect_all(islice(generator.people, count), max_concurrent=100)
    await asyncio.sleep(2)
    grown = generator.memory() - memory
    got = generator.stats.size - size
    await generator.leave(connected.sockets)
    return {
        "sockets": len(connected.sockets),
        "errors": connected.failed + generator.stats.lost,
        "rate": round(len(connected.sockets) / meter.seconds),
        **percentiles("ready", connected.seconds),
        "cpu_us": meter.microseconds(count),
        "kib": round(grown / count, 1),
        "kib_before": memory,
        "megabytes": round(got / 1e6, 1),
        **meter.cores(),
    }


async def _warm(generator: Generator, seconds: float) -> None:
    """At least once."""
    end = time.perf_counter() + seconds
    while True:
        connected = await generator.connect_all(islice(generator.people, WARMING))
        for socket in connected.sockets:
            socket.close()
        if time.perf_counter() > end:
            break
    await generator.calm()
