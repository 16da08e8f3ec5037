"""One message to many sockets: of one person, or of all members of a group."""

import asyncio
import json
import time

from benchmarks.load.dialects import Crowd
from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.meters import warn_once
from benchmarks.load.sockets import Socket

PATIENCE = 10  # seconds
PAUSE = 0.02  # seconds between them


class CrowdSends:
    """Messages to the crowd, one after another: each once the one before has arrived everywhere."""

    def __init__(self, generator: Generator, crowd: Crowd, receivers: int) -> None:
        self._generator = generator
        self._crowd = crowd
        self._receivers = receivers
        self._client = generator.client()
        self._missing = 0
        self._all_received = asyncio.Event()
        self._began = 0.0
        self.last: list[float] = []  # seconds of each message, until the last had it
        self.delivered: list[float] = []  # seconds of each message to each receiver
        self.failed = 0

    def on_message(self, socket: Socket, number: int) -> None:
        self.delivered.append(time.perf_counter() - self._began)
        self._missing -= 1
        if not self._missing:
            self._all_received.set()

    async def warm(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await self.send(1)
        self.last.clear()
        self.delivered.clear()

    async def send(self, times: int) -> None:
        for _ in range(times):
            self._missing = self._receivers
            self._all_received.clear()
            self._began = time.perf_counter()
            response = await self._client.send(self._request())
            if response.is_good:
                await self._wait()
                self.last.append(time.perf_counter() - self._began)
            else:
                self.failed += 1
                warn_once("a send was refused", repr(response.body))
            await asyncio.sleep(PAUSE)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._all_received.wait(), PATIENCE)
        except TimeoutError:
            self.failed += self._missing

    def _request(self) -> bytes:
        number = self._generator.number()
        body = self._generator.dialect.message(number, self._generator.text(number))
        return self._generator.request("POST", self._crowd.path, self._crowd.sender, body)


async def run(generator: Generator) -> Figures:
    return await _measure(
        generator, generator.dialect.crowd(generator.people, generator.size.crowd)
    )


async def group(generator: Generator) -> Figures:
    """All members are online, who sends as well."""
    owner, *others = members = generator.people[: generator.size.crowd]
    body = {"name": "Crowd", "people": [person.id for person in others]}
    response = await generator.client().send(generator.request("POST", "/api/groups", owner, body))
    if not response.is_good:
        warn_once("the group was not made", repr(response.body))
        return {"errors": 1}
    path = generator.dialect.send_path(json.loads(response.body)["_id"])
    return await _measure(generator, Crowd(owner, members, "", path))


async def _measure(generator: Generator, crowd: Crowd) -> Figures:
    size = generator.size
    connected = await generator.connect_all(crowd.receivers, room=crowd.room)
    sends = CrowdSends(generator, crowd, len(connected.sockets))
    generator.stats.on_message = sends.on_message
    await generator.calm()  # once everybody knows who is online
    await sends.warm(size.warming)
    with generator.metered() as meter:
        await sends.send(size.repeats)
    await generator.leave(connected.sockets)
    return {
        "receivers": len(connected.sockets),
        "messages": size.repeats,
        "errors": sends.failed + connected.failed + generator.stats.lost,
        **percentiles("last", sends.last),
        **percentiles("delivered", sends.delivered),
        "cpu_us": round(meter.server / (size.repeats * size.crowd) * 1e6, 2),
        **meter.cores(),
    }
