"""Somebody comes and goes while many are online: what the presence events cost."""

import asyncio

from benchmarks.load.dialects import Person
from benchmarks.load.figures import Figures
from benchmarks.load.generator import Generator

WARMING = 4  # changes
PAUSE = 0.5  # seconds between two; some are merged
REST = 5  # seconds, after which everybody is up to date


async def run(generator: Generator) -> Figures:
    size = generator.size
    online = await generator.connect_all(generator.people[: size.online])
    guest = generator.people[size.online]
    await asyncio.sleep(REST)
    await _come_and_go(generator, guest, WARMING)
    frames, size_before = generator.stats.frames, generator.stats.size
    with generator.metered() as meter:
        await _come_and_go(generator, guest, size.changes)
    received = generator.stats.frames - frames
    received_bytes = generator.stats.size - size_before
    missing = size.online - await _frames_about(generator, guest)
    await generator.leave(online.sockets)
    return {
        "changes": size.changes,
        "errors": online.failed + generator.stats.lost + max(0, missing),
        "frames": round(received / size.changes, 1),
        "bytes": round(received_bytes / size.changes),
        "cpu_us": meter.microseconds(size.changes),
        **meter.cores(),
    }


async def _come_and_go(generator: Generator, guest: Person, changes: int) -> None:
    for _ in range(changes // 2):
        socket = await generator.connect(guest)
        await asyncio.sleep(PAUSE)
        socket.close()
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(REST)


async def _frames_about(generator: Generator, guest: Person) -> int:
    """How many frames an arrival causes."""
    before = generator.stats.frames
    socket = await generator.connect(guest)
    await asyncio.sleep(REST)
    socket.close()
    return generator.stats.frames - before
