"""What people read most: a conversation's newest messages, and the list of their chats."""

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.loops import Work, closed_loop
from benchmarks.load.meters import warn_once

HISTORY = 50  # messages that the first two people have


async def history(generator: Generator) -> Figures:
    reader, peer, *_ = generator.people
    request = generator.request("GET", generator.dialect.history_path(peer.id), reader)
    return await _measure(generator, request, generator.size.connections)


async def chat_list(generator: Generator) -> Figures:
    """One after another, so that the time is the server's and not that of a queue."""
    request = generator.request("GET", "/api/messages/chats", generator.people[0])
    return await _measure(generator, request, 1)


async def _measure(generator: Generator, request: bytes, connections: int) -> Figures:
    size, sizes = generator.size, [0]
    workers = [_read(generator, request, sizes) for _ in range(connections)]
    await closed_loop(workers, size.warming)
    with generator.metered() as meter:
        tally = await closed_loop(workers, size.seconds)
    return {
        "reads": tally.good,
        "errors": tally.failed,
        "rate": round(tally.good / meter.seconds, 1),
        "bytes": sizes[-1],
        **percentiles("answered", tally.seconds),
        "cpu_us": meter.microseconds(tally.good),
        **meter.cores(),
    }


def _read(generator: Generator, request: bytes, sizes: list[int]) -> Work:
    client = generator.client()

    async def read() -> bool:
        response = await client.send(request)
        sizes[-1] = response.size
        if response.status != 200:
            warn_once("a read was refused", repr(response.body))
        return response.status == 200

    return read
