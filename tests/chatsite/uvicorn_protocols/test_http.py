"""Clients that stop to read, over real sockets, and what uvicorn has to keep for that."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from chatsite import serve
from chatsite.uvicorn_protocols import http
from chatsite.uvicorn_protocols.http import HttpProtocol
from tests.adapters import leaning_on

PIECE, PIECES = 2**18, 256  # far beyond what the kernel keeps of it
PATIENCE = 60


@asynccontextmanager
async def downloading() -> AsyncIterator[tuple[HttpProtocol, socket.socket, asyncio.Task[Any]]]:
    """Somebody who has asked for a large file and read nothing of it, until the server waits."""
    made: list[HttpProtocol] = []
    paused, sent = asyncio.Event(), asyncio.Queue[asyncio.Task[Any]]()

    class Protocol(HttpProtocol):
        def pause_writing(self) -> None:
            super().pause_writing()
            paused.set()

        def connection_made(self, transport: Any) -> None:
            made.append(self)
            super().connection_made(transport)

    async def application(
        _scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        task = asyncio.current_task()
        assert task
        sent.put_nowait(task)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": bytes(PIECE), "more_body": True})
        await receive()

    config = uvicorn.Config(application, port=0, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.Server(config).server_state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    client = socket.create_connection(server.sockets[0].getsockname(), PATIENCE)
    try:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        task = await asyncio.wait_for(sent.get(), PATIENCE)
        await asyncio.wait_for(paused.wait(), PATIENCE)
        yield made[0], client, task
    finally:
        client.close()
        server.close()


def test_the_site_is_served_by_it() -> None:
    assert serve.OPTIONS["http"] == f"{HttpProtocol.__module__}:{HttpProtocol.__name__}"


async def test_uvicorn_waits_while_a_connection_is_full() -> None:
    with leaning_on(
        "uvicorn",
        "chatsite/uvicorn_protocols/http.py",
        "`loop`, `transport`, or that it waits from `pause_writing` to `resume_writing`",
    ):
        async with downloading() as (protocol, client, task):
            assert protocol.loop is asyncio.get_running_loop()
            assert protocol.transport.get_protocol() is protocol
            assert not task.done()
            assert protocol._timer
            await asyncio.to_thread(_take, client, PIECE * PIECES)
            assert protocol._timer.cancelled()


def _take(client: socket.socket, size: int) -> None:
    while size > 0 and (piece := client.recv(PIECE)):
        size -= len(piece)


async def test_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "STALLED", 0.1)
    async with downloading() as (protocol, client, task):
        await asyncio.wait_for(task, PATIENCE)
        assert protocol.transport.is_closing()
        assert await asyncio.to_thread(_rest, client) < PIECE * PIECES


def _rest(client: socket.socket) -> int:
    """Bytes until the connection ends."""
    size = 0
    with suppress(ConnectionResetError):
        while piece := client.recv(PIECE):
            size += len(piece)
    return size


async def test_who_takes_a_little_goes_on() -> None:
    async with downloading() as (protocol, client, _task):
        before = protocol.left()
        client.recv(2**17)
        while protocol.left() >= before:  # until the kernel has heard of it
            await asyncio.to_thread(client.recv, 2**17)
        protocol.look(before)
        assert not protocol.transport.is_closing()
        protocol.look(0)
        assert protocol.transport.is_closing()
