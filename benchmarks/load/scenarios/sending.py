"""How many messages a second are sent and delivered, as fast as they are acknowledged."""

import asyncio
from itertools import cycle

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator, Pair
from benchmarks.load.loops import Work, closed_loop, until
from benchmarks.load.meters import warn_once
from benchmarks.load.sockets import Socket


class Delivered:
    def __init__(self) -> None:
        self.count = 0

    def on_message(self, socket: Socket, number: int) -> None:
        self.count += 1


async def by_rest(generator: Generator) -> Figures:
    pairs = _pairs(generator)
    count = generator.size.connections
    return await _measure(generator, [_rest(generator, pairs[at::count]) for at in range(count)])


async def by_socket(generator: Generator) -> Figures:
    pairs = _pairs(generator)
    count = generator.size.connections
    senders = await generator.connect_all(
        (sender for sender, _ in pairs[:count]), is_sender=True, max_concurrent=1
    )
    workers = [
        _socket(generator, socket, pair)
        for socket, pair in zip(senders.sockets, pairs, strict=False)
    ]
    figures = await _measure(generator, workers)
    await generator.leave(senders.sockets)
    figures["errors"] += senders.failed
    return figures


def _pairs(generator: Generator) -> list[Pair]:
    return generator.pairs(max(generator.size.pairs, generator.size.connections))


async def _measure(generator: Generator, workers: list[Work]) -> Figures:
    size, received = generator.size, Delivered()
    receivers = await generator.connect_all(receiver for _, receiver in _pairs(generator))
    generator.stats.on_message = received.on_message
    await closed_loop(workers, size.warming)
    await asyncio.sleep(size.settling)
    received.count = 0
    with generator.metered() as meter:
        tally = await closed_loop(workers, size.seconds)
    await until(lambda: received.count >= tally.good)
    await asyncio.sleep(size.settling)  # for what comes twice
    delivered = received.count
    await generator.leave(receivers.sockets)
    return {
        "sends": tally.good,
        "delivered": delivered,
        "errors": tally.failed
        + abs(tally.good - delivered)
        + receivers.failed
        + generator.stats.lost,
        "rate": round(tally.good / meter.seconds),
        **percentiles("answered", tally.seconds),
        "cpu_us": meter.microseconds(tally.good),
        **meter.cores(),
    }


def _rest(generator: Generator, pairs: list[Pair]) -> Work:
    client, turns = generator.client(), cycle(pairs)

    async def send() -> bool:
        response = await client.send(generator.send_request(generator.number(), *next(turns)))
        if response.status != 201:
            warn_once("a send was refused", repr(response.body))
        return response.status == 201

    return send


def _socket(generator: Generator, socket: Socket, pair: Pair) -> Work:
    _, receiver = pair

    async def send() -> bool:
        number = generator.number()
        acknowledged = socket.send_message(number, receiver.id, generator.text(number))
        await asyncio.wait_for(acknowledged, 20)
        return True

    return send
