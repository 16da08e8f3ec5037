"""Live delivery at a fixed rate: from the time a send is due to the receiver's socket."""

import gc
import random
import time
from collections.abc import Iterator

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator, Pair
from benchmarks.load.loops import Due, Tally, Work, open_loop, until
from benchmarks.load.meters import warn_once
from benchmarks.load.sockets import Socket


class Deliveries:
    """When each send was due, and how long it took to arrive."""

    def __init__(self) -> None:
        self.due: dict[int, float] = {}
        self.seconds: list[float] = []
        self.again = 0  # what arrived more than once

    def on_message(self, socket: Socket, number: int) -> None:
        if due := self.due.pop(number, None):
            self.seconds.append(time.perf_counter() - due)
        else:
            self.again += 1


class Senders:
    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.pairs = generator.pairs(generator.size.pairs)
        self.pool = generator.pool()
        self.deliveries = Deliveries()

    async def send(self, rate: float, count: int) -> Tally:
        """Until all that was sent has arrived, or is lost."""
        tally = Tally()
        self.deliveries.seconds.clear()
        await open_loop(self._due(rate, count, tally))
        await until(lambda: len(self.deliveries.seconds) >= tally.good)
        return tally

    def _due(self, rate: float, count: int, tally: Tally) -> Iterator[Due]:
        """Not quite even, as people are not: but as many in each second."""
        chance = random.Random(1)  # noqa: S311  nothing secret
        began = time.perf_counter()
        for index in range(count):
            after = (index + chance.random() / 2) / rate
            number = self.generator.number()
            self.deliveries.due[number] = began + after
            yield Due(after, self._send(number, self.pairs[index % len(self.pairs)]), tally)

    def _send(self, number: int, pair: Pair) -> Work:
        request = self.generator.send_request(number, *pair)

        async def send() -> bool:
            async with self.pool.client() as client:
                response = await client.send(request)
            if response.status != 201:
                warn_once("a send was refused", repr(response.body))
            return response.status == 201

        return send


async def run(generator: Generator, rate: float) -> Figures:
    senders = Senders(generator)
    generator.stats.on_message = senders.deliveries.on_message
    receiving = await generator.connect_all(receiver for _, receiver in senders.pairs)
    sending = await generator.connect_all((sender for sender, _ in senders.pairs), is_sender=True)
    await senders.send(rate, int(rate * generator.size.warming))
    gc.collect()
    count = int(rate * generator.size.seconds)
    with generator.metered() as meter:
        tally = await senders.send(rate, count)
    delivered = senders.deliveries.seconds
    senders.pool.close()
    await generator.leave(receiving.sockets + sending.sockets)
    failed = receiving.failed + sending.failed + generator.stats.lost + senders.deliveries.again
    return {
        "sends": count,
        "delivered": len(delivered),
        "errors": tally.failed + abs(tally.good - len(delivered)) + failed,
        **percentiles("delivered", delivered),
        **percentiles("answered", tally.seconds),
        "cpu_us": meter.microseconds(count),
        **meter.cores(),
    }
