"""One message to many sockets: of one person, or of all members of a group."""

import asyncio
import json
import time

from benchmarks.load.dialects import Crowd
from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.meters import complain
from benchmarks.load.sockets import Socket

PATIENCE = 10  # seconds
PAUSE = 0.02  # seconds between them


class Telling:
    """Messages to the crowd, one after another: each once the one before has arrived everywhere."""

    def __init__(self, generator: Generator, crowd: Crowd, receivers: int) -> None:
        self._generator = generator
        self._crowd = crowd
        self._receivers = receivers
        self._client = generator.client()
        self._missing = 0
        self._all_here = asyncio.Event()
        self._began = 0.0
        self.last: list[float] = []  # seconds of each message, until the last had it
        self.delivered: list[float] = []  # seconds of each message to each receiver
        self.failed = 0

    def note(self, socket: Socket, number: int) -> None:
        self.delivered.append(time.perf_counter() - self._began)
        self._missing -= 1
        if not self._missing:
            self._all_here.set()

    async def warm(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await self.tell(1)
        self.last.clear()
        self.delivered.clear()

    async def tell(self, times: int) -> None:
        for _ in range(times):
            self._missing = self._receivers
            self._all_here.clear()
            self._began = time.perf_counter()
            answer = await self._client.ask(self._request())
            if answer.is_good:
                await self._wait()
                self.last.append(time.perf_counter() - self._began)
            else:
                self.failed += 1
                complain("a send was refused", repr(answer.body))
            await asyncio.sleep(PAUSE)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._all_here.wait(), PATIENCE)
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
    answer = await generator.client().ask(generator.request("POST", "/api/groups", owner, body))
    if not answer.is_good:
        complain("the group was not made", repr(answer.body))
        return {"errors": 1}
    path = generator.dialect.send_path(json.loads(answer.body)["_id"])
    return await _measure(generator, Crowd(owner, members, "", path))


async def _measure(generator: Generator, crowd: Crowd) -> Figures:
    size = generator.size
    connected = await generator.connect_all(crowd.receivers, room=crowd.room)
    telling = Telling(generator, crowd, len(connected.sockets))
    generator.ears.on_message = telling.note
    await generator.calm()  # once everybody knows who is online
    await telling.warm(size.warming)
    with generator.metered() as meter:
        await telling.tell(size.repeats)
    await generator.leave(connected.sockets)
    return {
        "receivers": len(connected.sockets),
        "messages": size.repeats,
        "errors": telling.failed + connected.failed + generator.ears.lost,
        **percentiles("last", telling.last),
        **percentiles("delivered", telling.delivered),
        "cpu_us": round(meter.server / (size.repeats * size.crowd) * 1e6, 2),
        **meter.cores(),
    }
