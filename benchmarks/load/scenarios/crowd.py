"""One message to many sockets."""

import asyncio
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
        self.seconds: list[float] = []  # until the last had it
        self.failed = 0

    def note(self, socket: Socket, number: int) -> None:
        self._missing -= 1
        if not self._missing:
            self._all_here.set()

    async def warm(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await self.tell(1)
        self.seconds.clear()

    async def tell(self, times: int) -> None:
        for _ in range(times):
            self._missing = self._receivers
            self._all_here.clear()
            began = time.perf_counter()
            answer = await self._client.ask(self._request())
            if answer.is_good:
                await self._wait()
                self.seconds.append(time.perf_counter() - began)
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
    size = generator.size
    crowd = generator.dialect.crowd(generator.people, size.crowd)
    connected = await generator.connect_all(crowd.receivers, room=crowd.room)
    telling = Telling(generator, crowd, len(connected.sockets))
    generator.ears.on_message = telling.note
    await asyncio.sleep(1)
    await telling.warm(size.warming)
    with generator.metered() as meter:
        await telling.tell(size.repeats)
    await generator.leave(connected.sockets)
    return {
        "receivers": len(connected.sockets),
        "messages": size.repeats,
        "errors": telling.failed + connected.failed + generator.ears.lost,
        **percentiles("last", telling.seconds),
        "cpu_us": round(meter.server / (size.repeats * size.crowd) * 1e6, 2),
        **meter.cores(),
    }
