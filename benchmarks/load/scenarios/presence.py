"""Somebody comes and goes while many are online: what telling them costs."""

import asyncio

from benchmarks.load.dialects import Person
from benchmarks.load.figures import Figures
from benchmarks.load.generator import Generator

WARMING = 4  # changes
PAUSE = 0.5  # seconds, longer than changes are held back to be merged


async def run(generator: Generator) -> Figures:
    size = generator.size
    online = await generator.connect_all(generator.people[: size.online])
    guest = generator.people[size.online]
    await asyncio.sleep(2)
    await _come_and_go(generator, guest, WARMING)
    frames, heard = generator.ears.frames, generator.ears.size
    with generator.metered() as meter:
        await _come_and_go(generator, guest, size.changes)
    told = generator.ears.frames - frames
    heard = generator.ears.size - heard
    await generator.leave(online.sockets)
    return {
        "changes": size.changes,
        "errors": online.failed + generator.ears.lost + max(0, size.changes * size.online - told),
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
