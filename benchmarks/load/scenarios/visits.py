"""What each kind of call of the mixed day does."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from benchmarks.load.dialects import Person
from benchmarks.load.generator import Generator
from benchmarks.load.loops import Due, Tally, Work, open_loop
from benchmarks.load.picture import data_uri
from benchmarks.load.scenarios.visitors import FRIENDS, Visitors
from benchmarks.load.sockets import OurSocket

PATIENCE = 20  # seconds for an acknowledgement
Call = Callable[[Person, Person], Awaitable[bool]]


class Visits(Visitors):
    def __init__(self, generator: Generator, count: int) -> None:
        super().__init__(generator, count)
        self._cursors: dict[str, str] = {}
        self._picture = data_uri()
        self._calls: dict[str, Call] = {
            "history": self._history,
            "contacts": self._contacts,
            "send": self._send,
            "socket": self._send_by_socket,
            "picture": self._send_picture,
            "reconnect": self._reconnect,
        }
        if generator.target.name == "ours":
            self._calls |= {
                "chats": self._chats,
                "sync": self._sync,
                "read": self._read,
                "typing": self._type,
            }

    def has(self, kind: str) -> bool:
        return kind in self._calls

    def work(self, kind: str, who: int, friend: int) -> Work:
        return partial(self._calls[kind], self.people[who], self.friend(who, friend))

    async def begin(self) -> int:
        """How many of the first messages were refused."""
        await asyncio.gather(*[self.connect(person) for person in self.people])
        writes = [
            self.work("send", who, friend)
            for who in range(len(self.people))
            for friend in range(len(FRIENDS) // 2)
        ]
        tally = Tally()
        await open_loop(Due(0, write, tally) for write in writes)
        await asyncio.sleep(self.generator.size.settling)
        self.listen()
        return tally.failed

    async def _history(self, person: Person, friend: Person) -> bool:
        path = self.generator.dialect.history_path(friend.id)
        return (await self.call("GET", f"{path}?limit=50", person)).is_good

    async def _contacts(self, person: Person, friend: Person) -> bool:
        return (await self.call("GET", "/api/messages/contacts?limit=50", person)).is_good

    async def _chats(self, person: Person, friend: Person) -> bool:
        return (await self.call("GET", "/api/messages/chats", person)).is_good

    async def _sync(self, person: Person, friend: Person) -> bool:
        """From where they were the last time; the first time only says where that is."""
        cursor = self._cursors.get(person.id)
        path = "/api/messages/sync" + (f"?since={quote(cursor)}" if cursor else "")
        response = await self.call("GET", path, person)
        if response.is_good:
            self._cursors[person.id] = json.loads(response.body)["cursor"]
        return response.is_good

    async def _read(self, person: Person, friend: Person) -> bool:
        path = f"/api/messages/read/{friend.id}"
        return (await self.call("PUT", path, person, {"seq": self.generator.number()})).is_good

    async def _type(self, person: Person, friend: Person) -> bool:
        socket = await self.socket_of(person)
        assert isinstance(socket, OurSocket)  # noqa: S101  the peer's cannot
        self.typing[person.id] = time.perf_counter()
        socket.send("typing", {"receiverId": friend.id})
        return True

    async def _send(self, person: Person, friend: Person) -> bool:
        return await self._post(person, friend, {})

    async def _send_picture(self, person: Person, friend: Person) -> bool:
        return await self._post(person, friend, {"image": self._picture})

    async def _post(self, person: Person, friend: Person, more: dict[str, Any]) -> bool:
        number = self.expect(friend, is_timed=not more)
        message = self.generator.dialect.message(number, self.generator.text(number))
        path = self.generator.dialect.send_path(friend.id)
        return (await self.call("POST", path, person, message | more)).is_good

    async def _send_by_socket(self, person: Person, friend: Person) -> bool:
        number = self.expect(friend)
        text = self.generator.text(number)
        socket = await self.socket_of(person)
        acknowledged = socket.send_message(number, friend.id, text)
        await asyncio.wait_for(acknowledged, PATIENCE)
        return True

    async def _reconnect(self, person: Person, friend: Person) -> bool:
        """A page that is opened anew."""
        await self.connect(person)
        return True
