"""Somebody comes and goes while many are online: what telling them costs."""

import asyncio

from benchmarks.load.dialects import Person
from benchmarks.load.figures import Figures
from benchmarks.load.generator import Generator

WARMING = 4  # changes
PAUSE = 0.5  # seconds between two; some are merged
REST = 5  # seconds, after which everybody knows what is


async def run(generator: Generator) -> Figures:
    size = generator.size
    online = await generator.connect_all(generator.people[: size.online])
    guest = generator.people[size.online]
    await asyncio.sleep(REST)
    await _come_and_go(generator, guest, WARMING)
    frames, heard = generator.ears.frames, generator.ears.size
    with generator.metered() as meter:
        await _come_and_go(generator, guest, size.changes)
    told = generator.ears.frames - frames
    heard = generator.ears.size - heard
    ignorant = size.online - await _told_of(generator, guest)
    await generator.leave(online.sockets)
    return {
        "changes": size.changes,
        "errors": online.failed + generator.ears.lost + max(0, ignorant),
        "frames": round(told / size.changes, 1),
        "bytes": round(heard / size.changes),
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


async def _told_of(generator: Generator, guest: Person) -> int:
    """How many frames say that somebody came, who stays."""
    before = generator.ears.frames
    socket = await generator.connect(guest)
    await asyncio.sleep(REST)
    socket.close()
    return generator.ears.frames - before
