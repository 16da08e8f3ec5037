"""The load generator: people with sockets and requests, against one site."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any

from picows import ws_connect

from benchmarks.load.dialects import DIALECTS, Dialect, Person
from benchmarks.load.http import Address, Client, Pool
from benchmarks.load.meters import Meter, warn_once
from benchmarks.load.processes import memory_kib, processor_seconds
from benchmarks.load.sizes import Size
from benchmarks.load.sockets import Socket, SocketStats

PATIENCE = 60  # seconds for a socket to be let in
CALM = 0.03  # seconds of processor time in 0.2 s, below which a server is at rest
Pair = tuple[Person, Person]
_numbers = count(1)  # of messages: never the same twice, whatever the database holds already


@dataclass(frozen=True)
class Target:
    """A running site, as the generator sees it."""

    name: str  # of its dialect
    addresses: list[Address]  # of its workers
    people: list[Person]
    processes: list[int]


@dataclass
class Connected:
    sockets: list[Socket] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # from the handshake to the first frame
    failed: int = 0


class Generator:
    def __init__(self, target: Target, size: Size) -> None:
        self.target = target
        self.size = size
        self.dialect: Dialect = DIALECTS[target.name]
        self.stats = SocketStats()
        self._addresses = cycle(target.addresses)

    @property
    def people(self) -> list[Person]:
        return self.target.people

    def pairs(self, count: int) -> list[Pair]:
        """The first two people are left alone: theirs is the history that is read."""
        people = self.people[2:]
        return [(people[2 * index], people[2 * index + 1]) for index in range(count)]

    def client(self) -> Client:
        return Client(next(self._addresses))

    def pool(self, size: int = 64) -> Pool:
        return Pool(self.target.addresses, size)

    def number(self) -> int:
        return next(_numbers)

    def text(self, number: int) -> str:
        return f"~{number}~{'x' * self.size.padding}"

    def send_request(self, number: int, sender: Person, receiver: Person) -> bytes:
        body = self.dialect.message(number, self.text(number))
        return self.request("POST", self.dialect.send_path(receiver.id), sender, body)

    def request(self, method: str, path: str, person: Person, body: Any = None) -> bytes:
        host, port = self.target.addresses[0]
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: jwt={person.token}\r\n"
            "Accept: application/json\r\n"
        )
        if content:
            head += (
                f"Origin: http://{host}:{port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(content)}\r\n"
            )
        return head.encode() + b"\r\n" + content

    async def connect(self, person: Person, *, room: str = "", is_sender: bool = False) -> Socket:
        """Raises what picows or a closed connection raises."""
        host, port = next(self._addresses)
        site_host, site_port = self.target.addresses[0]
        socket = self.dialect.socket(self.stats, person.id, is_sender=is_sender)
        await ws_connect(
            lambda: socket,
            f"ws://{host}:{port}{self.dialect.socket_path(room)}",
            extra_headers={
                "Cookie": f"jwt={person.token}",
                "Origin": f"http://{site_host}:{site_port}",
            },
            websocket_handshake_timeout=PATIENCE,
            read_buffer_init_size=1024,
        )
        await asyncio.wait_for(socket.ready, PATIENCE)
        return socket

    async def connect_all(
        self,
        people: Iterable[Person],
        *,
        max_concurrent: int = 64,
        room: str = "",
        is_sender: bool = False,
    ) -> Connected:
        connected = Connected()
        slots = asyncio.Semaphore(max_concurrent)

        async def connect(person: Person) -> None:
            async with slots:
                began = time.perf_counter()
                try:
                    socket = await self.connect(person, room=room, is_sender=is_sender)
                except Exception as error:
                    connected.failed += 1
                    warn_once("a socket was not let in", repr(error))
                else:
                    connected.sockets.append(socket)
                    connected.seconds.append(time.perf_counter() - began)

        await asyncio.gather(*[connect(person) for person in people])
        return connected

    async def leave(self, sockets: list[Socket]) -> None:
        """Closes them and waits until the server has dealt with it."""
        for index, socket in enumerate(sockets):
            socket.close()
            if index % 200 == 199:
                await asyncio.sleep(0.05)
        await self.calm()

    async def calm(self) -> None:
        before = self.spent()
        for _ in range(100):
            await asyncio.sleep(0.2)
            after = self.spent()
            if after - before < CALM:
                return
            before = after

    def spent(self) -> float:
        return processor_seconds(self.target.processes)

    def memory(self) -> int:
        return memory_kib(self.target.processes)

    @contextmanager
    def metered(self) -> Iterator[Meter]:
        meter = Meter()
        began, spent, own = time.perf_counter(), self.spent(), time.process_time()
        yield meter
        meter.generator = time.process_time() - own
        meter.server = self.spent() - spent
        meter.seconds = time.perf_counter() - began
