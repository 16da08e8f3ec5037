"""The sockets of this worker, and what they are told of who is online: changes merged, a few times
a second.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from typing import Protocol
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from messaging import events
from messaging.presence import CHANGED, RENEW_SECONDS, leases

logger = logging.getLogger(__name__)
MERGE_SECONDS = 0.25


class Socket(Protocol):
    user_id: str
    wants_delta: bool

    async def send(self, *, text_data: str) -> None: ...


class Hub:
    """One for each event loop. Its task lives while there are sockets."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._people: Counter[str] = Counter()
        self._told: set[str] = set()
        self._changed = asyncio.Event()
        self._renewal = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, socket: Socket) -> None:
        """Also tells the newcomer who is online."""
        self._people[socket.user_id] += 1
        if self._people[socket.user_id] == 1:
            await self._renew()
        online = await self._online()
        await socket.send(text_data=events.frame(events.GET_ONLINE_USERS, sorted(online)))
        self._sockets.add(socket)
        self._start()

    async def leave(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        self._people[socket.user_id] -= 1
        if self._people[socket.user_id] <= 0:
            del self._people[socket.user_id]
            await self._renew()
        if not self._sockets:
            self._stop()

    async def _renew(self) -> None:
        async with self._renewal:  # the last one to write knows the latest
            await sync_to_async(leases().renew, thread_sensitive=False)(list(self._people))
        self._changed.set()

    async def _online(self) -> set[str]:
        return set(await sync_to_async(leases().online, thread_sensitive=False)())

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._tell_changes())]
            if settings.REDIS_URL:
                self._tasks.append(asyncio.create_task(self._listen()))

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks, self._told = [], set()

    async def _tell_changes(self) -> None:
        """Every change, at most four times a second; every ten seconds at the least, to find dead
        workers.
        """
        self._told = await self._online()
        while True:
            await asyncio.sleep(MERGE_SECONDS)
            try:
                await asyncio.wait_for(self._changed.wait(), RENEW_SECONDS)
            except TimeoutError:
                await self._renew()
            self._changed.clear()
            await self._tell(await self._online())

    async def _tell(self, online: set[str]) -> None:
        came, went = online - self._told, self._told - online
        self._told = online
        if not came and not went:
            return
        delta = events.frame(
            events.PRESENCE_CHANGED, {"online": sorted(came), "offline": sorted(went)}
        )
        everyone = events.frame(events.GET_ONLINE_USERS, sorted(online))
        for socket in list(self._sockets):
            with suppress(Exception):  # one that is just closing must not keep the others waiting
                await socket.send(text_data=delta if socket.wants_delta else everyone)

    async def _listen(self) -> None:
        """Hears from the other workers that somebody came or went."""
        while True:
            try:
                async with (
                    aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=None) as redis,
                    redis.pubsub() as channel,
                ):
                    await channel.subscribe(CHANGED)
                    async for _message in channel.listen():
                        self._changed.set()
            except (RedisError, OSError) as error:
                logger.warning("presence: not listening (%s)", type(error).__name__)
                await asyncio.sleep(1)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
