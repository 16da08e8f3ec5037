"""The sockets of this worker, told who is online: changes merged, as often as can be afforded."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from chatsite.live.broadcast import unsubscribe, worker
from chatsite.live.registry import Message
from chatsite.monitoring.trace import detached
from messaging.presence import CHANGED, RENEW_SECONDS, leases
from messaging.realtime.audience import Audience, Socket
from messaging.realtime.intake import end_stalled
from messaging.realtime.sweep import dismiss_ended

logger = logging.getLogger(__name__)
MERGE_SECONDS = 0.25
SWEEP_SECONDS = 30


class Hub:
    """One for each event loop. Its task lives while there are sockets."""

    def __init__(self) -> None:
        self._audiences: dict[bool, Audience] = {}
        self._people: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._swept = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    @property
    def sockets(self) -> list[Socket]:
        audiences = self._audiences.values()
        return [socket for audience in audiences for socket in audience.tidings.listeners]

    async def join(self, socket: Socket) -> None:
        """Also tells the newcomer who is online."""
        if self._task is None:
            self._start(await _everybody())
        self._people[socket.user_id] += 1
        if self._people[socket.user_id] == 1:
            leases().came(socket.user_id)
            self._changed.set()
        for audience in self._audiences.values():
            audience.tidings.note(socket.user_id)
        self._audiences[socket.wants_delta].tidings.join(socket)

    def leave(self, socket: Socket) -> None:
        """Nothing happens when it is gone already."""
        audience = self._audiences.get(socket.wants_delta)
        if audience is None or not audience.tidings.leave(socket):
            return
        self._people[socket.user_id] -= 1
        if not self._people[socket.user_id]:
            del self._people[socket.user_id]
            leases().went(socket.user_id)
            self._changed.set()

    def _start(self, online: frozenset[str]) -> None:
        if self._task is None:  # nobody did meanwhile
            self._audiences = {
                wants_delta: Audience(online, wants_delta=wants_delta)
                for wants_delta in (True, False)
            }
            self._task = asyncio.create_task(self._run(), context=detached())

    async def _run(self) -> None:
        worker().registry.subscribe(CHANGED, self._note_change)
        try:
            while self._people or self._changed.is_set():
                await self._wait_for_change()
                await self._sweep()
                await self._refresh()
                await asyncio.sleep(self._rest())
        finally:
            self._task = None
            unsubscribe(self._note_change)

    def _note_change(self, _message: Message) -> None:
        """Somebody came or went on another worker, or that may have been missed."""
        self._changed.set()

    async def _wait_for_change(self) -> None:
        """Not for ever: leases run out, one's own and those of workers that died."""
        rests = [audience.rest for audience in self._audiences.values() if audience.is_behind]
        with suppress(TimeoutError):
            async with asyncio.timeout(min([RENEW_SECONDS, *rests])):
                await self._changed.wait()
        self._changed.clear()

    async def _refresh(self) -> None:
        try:
            await sync_to_async(leases().renew, thread_sensitive=False)()
            online = await _everybody()
            for audience in self._audiences.values():  # who came meanwhile is there, too
                await audience.tell(online.union(self._people))
        except Exception:  # the next round comes soon, and must come
            logger.exception("presence was not refreshed")

    def _rest(self) -> float:
        """While nobody can be told, nobody need be asked."""
        audiences = [
            audience for audience in self._audiences.values() if audience.tidings.listeners
        ]
        rest = min((audience.rest for audience in audiences), default=0)
        return max(MERGE_SECONDS, min(rest, RENEW_SECONDS / 2))

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            end_stalled()
            await dismiss_ended(self.sockets)


async def _everybody() -> frozenset[str]:
    return await sync_to_async(leases().online, thread_sensitive=False)()


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
