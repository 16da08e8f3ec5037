"""The sockets of this worker, told who is online: changes merged, a few times a second."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from typing import Protocol
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatsite.monitoring.trace import detached
from messaging import events
from messaging.payloads import presence_payload
from messaging.presence import CHANGED, RENEW_SECONDS, leases
from messaging.realtime.outbox import TOO_SLOW
from messaging.realtime.sweep import SessionSocket, dismiss_ended

logger = logging.getLogger(__name__)
MERGE_SECONDS = 0.25
SWEEP_SECONDS = 30
PAUSE_SECONDS = 1  # before Redis is listened to again
SILENCE_SECONDS = 3  # after which Redis is asked whether it is still there


class Socket(SessionSocket, Protocol):
    user_id: str
    wants_delta: bool

    def tell(self, frame: str) -> None: ...


class Hub:
    """One for each event loop. Its task lives while there are sockets."""

    def __init__(self) -> None:
        self._known: dict[Socket, frozenset[str]] = {}  # who is online, as each was last told
        self._people: Counter[str] = Counter()
        self._online: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self._swept = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    async def join(self, socket: Socket) -> None:
        """Also tells the newcomer who is online."""
        if self._task is None:
            self._online = await _everybody()
        self._people[socket.user_id] += 1
        self._note_change()
        online = self._online.union(self._people)
        self._known[socket] = online
        socket.tell(events.frame(events.GET_ONLINE_USERS, sorted(online)))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), context=detached())

    def leave(self, socket: Socket) -> None:
        """Nothing happens when it is gone already."""
        if self._known.pop(socket, None) is None:
            return
        self._people[socket.user_id] -= 1
        if not self._people[socket.user_id]:
            del self._people[socket.user_id]
        self._note_change()

    def _note_change(self) -> None:
        leases().hold(self._people)
        self._changed.set()

    async def _run(self) -> None:
        listener = asyncio.create_task(self._listen()) if settings.REDIS_URL else None
        try:
            while self._known or self._changed.is_set():
                await self._wait_for_change()
                await self._sweep()
                await self._refresh()
                await asyncio.sleep(MERGE_SECONDS)
        finally:
            self._task = None
            if listener:
                listener.cancel()

    async def _wait_for_change(self) -> None:
        """Not for ever: leases run out, one's own and those of workers that died."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEW_SECONDS):
                await self._changed.wait()
        self._changed.clear()

    async def _refresh(self) -> None:
        try:
            await sync_to_async(leases().renew, thread_sensitive=False)()
            self._online = await _everybody()
        except Exception:  # the next round comes soon, and must come
            logger.exception("presence was not refreshed")
        self._tell(self._online)

    def _tell(self, online: frozenset[str]) -> None:
        everyone = events.frame(events.GET_ONLINE_USERS, sorted(online))
        deltas = {online: ""}  # one frame for all who know the same
        for socket, known in self._known.items():
            if known not in deltas:
                deltas[known] = _delta(known, online)
            if deltas[known]:
                socket.tell(deltas[known] if socket.wants_delta else everyone)
        self._known = dict.fromkeys(self._known, online)

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            await dismiss_ended(list(self._known))

    async def _listen(self) -> None:
        """Hears from the other workers that somebody came or went."""
        while True:
            try:
                await self._hear()
            except (RedisError, OSError) as error:
                logger.warning("presence: not listening (%s)", type(error).__name__)
            self._let_go()
            await asyncio.sleep(PAUSE_SECONDS)

    def _let_go(self) -> None:
        """What is lost while Redis is away nobody can tell later, be it a message or the end of a
        session. So all come back once it is there again, and sync; until then they ask by HTTP.
        """
        for socket in list(self._known):
            socket.dismiss(TOO_SLOW)

    async def _hear(self) -> None:
        """Returns once Redis says nothing any more, not even that it is there."""
        # Without trying again: a connection that broke has missed something.
        retry = Retry(NoBackoff(), 0)
        redis = aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=None, retry=retry)
        async with redis, redis.pubsub() as channel:
            async with asyncio.timeout(SILENCE_SECONDS):
                await channel.subscribe(CHANGED)
            was_asked = False
            while True:
                message = await channel.get_message(timeout=SILENCE_SECONDS)
                if message is None and was_asked:
                    return
                if was_asked := message is None:
                    await channel.ping()
                elif message["type"] != "pong":  # the first one says: subscribed
                    self._changed.set()


async def _everybody() -> frozenset[str]:
    return await sync_to_async(leases().online, thread_sensitive=False)()


def _delta(known: frozenset[str], online: frozenset[str]) -> str:
    return events.frame(events.PRESENCE_CHANGED, presence_payload(online - known, known - online))


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
