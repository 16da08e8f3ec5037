"""The event loop that takes on several connections at once."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatsite.loop import LISTENERS, Loop
from tests.services import free_port

HERE = "127.0.0.1"
SITE = """
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})
"""


class Arrivals(asyncio.Protocol):
    """Notes the round of the loop in which each came."""

    def __init__(self) -> None:
        self.rounds: list[int] = []
        self._round = 0
        self._loop = asyncio.get_running_loop()
        self._count()

    def _count(self) -> None:
        self._round += 1
        self._loop.call_soon(self._count)

    def connection_made(self, transport: Any) -> None:
        self.rounds.append(self._round)
        transport.write(b"here")
        transport.close()


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main)


def knock(port: int, times: int) -> list[socket.socket]:
    return [socket.create_connection((HERE, port)) for _ in range(times)]


async def answers(clients: list[socket.socket]) -> list[bytes]:
    return [await asyncio.to_thread(_answer, client) for client in clients]


def _answer(client: socket.socket) -> bytes:
    with client:
        return client.recv(10)


def is_refused(port: int) -> bool:
    try:
        socket.create_connection((HERE, port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_who_comes_at_once_is_let_in_in_one_round() -> None:
    async def main() -> None:
        arrivals = Arrivals()
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: arrivals, HERE, 0) as server:
            clients = knock(server.sockets[0].getsockname()[1], LISTENERS)
            assert await answers(clients) == [b"here"] * LISTENERS
        assert len(arrivals.rounds) == LISTENERS
        assert len(set(arrivals.rounds)) == 1

    run(main())


def test_nobody_of_a_larger_crowd_is_forgotten() -> None:
    async def main() -> None:
        arrivals = Arrivals()
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: arrivals, HERE, 0) as server:
            clients = knock(server.sockets[0].getsockname()[1], 5 * LISTENERS + 1)
            assert set(await answers(clients)) == {b"here"}
        assert len(arrivals.rounds) == len(clients)

    run(main())


def test_nobody_is_let_in_by_a_server_that_is_closed() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, HERE, 0, backlog=5)
        port = server.sockets[0].getsockname()[1]
        assert server.is_serving()
        server.close()
        await server.wait_closed()
        assert is_refused(port)

    run(main())


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_socket_that_is_given_is_listened_to(family: int, tmp_path: Path) -> None:
    async def main() -> None:
        given = socket.socket(family)
        given.bind((HERE, 0) if family == socket.AF_INET else str(tmp_path / "socket"))
        address = given.getsockname()
        loop = asyncio.get_running_loop()
        async with await loop.create_server(Arrivals, sock=given, backlog=5):
            client = socket.socket(family)
            client.connect(address)
            assert await answers([client]) == [b"here"]

    run(main())


@contextmanager
def uvicorn(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    (folder / "served.py").write_text(SITE)
    command = [sys.executable, "-m", "uvicorn", "served:application", "--lifespan", "off"]
    command += ["--loop", "chatsite.loop:Loop", "--app-dir", str(folder), "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield server
        finally:
            server.kill()


def test_uvicorn_serves_by_it_and_ends_when_told(tmp_path: Path) -> None:
    port = free_port()
    with uvicorn(tmp_path, port) as server:
        assert server.stderr
        while "Uvicorn running" not in (line := server.stderr.readline()):
            assert line, "it has ended"
        with socket.create_connection((HERE, port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(1000), b""))
        assert b"here" in answer
        server.terminate()
        assert "Finished server process" in server.stderr.read()
    assert is_refused(port)
