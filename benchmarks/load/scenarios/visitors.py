"""People at a site for a while: each has a socket, and has written to their friends before."""

import asyncio
import json
import time
from typing import Any

from benchmarks.load.dialects import Person
from benchmarks.load.generator import Generator
from benchmarks.load.http import Response
from benchmarks.load.meters import warn_once
from benchmarks.load.scenarios.latency import Deliveries
from benchmarks.load.sockets import Socket

FRIENDS = (1, 2, 3, 4, -1, -2, -3, -4)  # seats away in the round


class Visitors:
    def __init__(self, generator: Generator, count: int) -> None:
        self.generator = generator
        self.people = generator.people[2 : 2 + count]
        self.typing: dict[str, float] = {}  # since when, by who types
        self.typed: list[float] = []  # seconds until it was seen
        self._pool = generator.pool()
        self._sockets: dict[str, asyncio.Task[Socket]] = {}
        self._deliveries = Deliveries()
        self._receivers: dict[int, str] = {}  # of each message, by its number

    @property
    def delivered(self) -> list[float]:
        """Seconds from the send of a text until it arrived: a picture takes as long as it takes."""
        return self._deliveries.seconds

    def friend(self, who: int, friend: int) -> Person:
        return self.people[(who + FRIENDS[friend]) % len(self.people)]

    def listen(self) -> None:
        self.generator.stats.on_message = self._on_message
        self.generator.stats.on_other = self._on_other

    def forget(self) -> None:
        """What was timed so far."""
        self.typed.clear()
        self._deliveries.seconds.clear()

    async def leave(self) -> None:
        self._pool.close()
        await self.generator.leave(await asyncio.gather(*self._sockets.values()))

    def _on_message(self, socket: Socket, number: int) -> None:
        """Its sender receives it on their other sockets, too."""
        if self._receivers.get(number) == socket.owner:
            self._deliveries.on_message(socket, number)

    def _on_other(self, payload: bytes) -> None:
        if payload.find(b'"typing"', 0, 28) > 0:
            began = self.typing.pop(json.loads(payload)["data"]["senderId"], None)
            if began is not None:
                self.typed.append(time.perf_counter() - began)

    def expect(self, receiver: Person, *, is_timed: bool = True) -> int:
        """The number of a message that is about to be sent."""
        number = self.generator.number()
        if not is_timed:
            return number
        self._receivers[number] = receiver.id
        self._deliveries.due[number] = time.perf_counter()
        return number

    async def socket_of(self, person: Person) -> Socket:
        return await self._sockets[person.id]

    async def connect(self, person: Person) -> None:
        """In place of the socket that they had."""
        if before := self._sockets.get(person.id):
            (await before).close()
        connecting = asyncio.ensure_future(self.generator.connect(person))
        self._sockets[person.id] = connecting
        await connecting

    async def call(self, method: str, path: str, person: Person, body: Any = None) -> Response:
        request = self.generator.request(method, path, person, body)
        async with self._pool.client() as client:
            response = await client.send(request)
        if not response.is_good:
            warn_once(f"{method} was refused", f"{path}: {response.status} {response.body!r}")
        return response
