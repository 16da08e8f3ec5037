"""The generator's own HTTP client, against servers that answer in all the ways that occur."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.load.http import Client, Pool

PLAIN = [b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r\nhel", b"lo"]
CHUNKED = [
    b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello",
    b"\r\n0\r\n\r\n",
]
EMPTY = [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
LAST = [b"HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"]
NOTHING: list[bytes] = []
REQUEST = b"GET / HTTP/1.1\r\n\r\n"


@asynccontextmanager
async def answering(*answers: list[bytes]) -> AsyncIterator[tuple[str, int]]:
    """In turn, whichever connection asks; without any pieces the connection is closed."""
    waiting = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while waiting and await reader.readline():
            await reader.readline()
            pieces = waiting.pop(0)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            if not pieces:
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()


@pytest.mark.parametrize(
    ("pieces", "status", "is_good"),
    [(PLAIN, 200, True), (CHUNKED, 201, True), (EMPTY, 304, False), (LAST, 500, False)],
)
async def test_an_answer_is_read_whole(pieces: list[bytes], status: int, is_good: bool) -> None:
    async with answering(pieces) as address:
        response = await Client(address).send(REQUEST)
    assert (response.status, response.is_good) == (status, is_good)
    assert response.size == len(b"".join(pieces))


async def test_its_body_is_what_follows_the_head() -> None:
    async with answering(PLAIN) as address:
        assert (await Client(address).send(REQUEST)).body == b"hello"


async def test_a_connection_is_kept_and_opened_again_when_it_was_closed() -> None:
    async with answering(PLAIN, LAST, CHUNKED) as address:
        client = Client(address)
        assert [(await client.send(REQUEST)).status for _ in range(3)] == [200, 500, 201]


async def test_no_answer_is_an_error() -> None:
    async with answering(NOTHING) as address:
        with pytest.raises(ConnectionError):
            await Client(address).send(REQUEST)


async def test_a_pool_gives_the_client_used_last() -> None:
    pool = Pool([("127.0.0.1", 1)], 3)
    async with pool.client() as first, pool.client() as second:
        assert first is not second
    async with pool.client() as again:
        assert again is first
