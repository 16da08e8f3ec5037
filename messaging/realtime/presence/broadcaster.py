"""Sends the sockets of this worker who is online: changes merged, as often as can be afforded."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from accounts.services.last_seen import note_online
from chatsite.live.broadcast import unsubscribe, worker
from chatsite.live.registry import Message
from chatsite.monitoring.trace import detached
from messaging.presence import CHANGED, RENEW_SECONDS, leases
from messaging.realtime.presence.pacing import PacedUpdates, Socket
from messaging.realtime.receive_budget import end_stalled
from messaging.realtime.sweep import terminate_ended

logger = logging.getLogger(__name__)
MERGE_SECONDS = 0.25
SWEEP_SECONDS = 30
NOTE_SECONDS = 300  # how old the time may be that is known of who is online, after a crash


class Broadcaster:
    """One for each event loop. Its task lives while there are sockets."""

    def __init__(self) -> None:
        self._updates: dict[bool, PacedUpdates] = {}
        self._people: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._swept = self._noted = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    @property
    def sockets(self) -> list[Socket]:
        return [socket for paced in self._paced for socket in paced.updates.subscribers]

    @property
    def _paced(self) -> Collection[PacedUpdates]:
        return self._updates.values()

    async def join(self, socket: Socket) -> None:
        """Also sends the newcomer who is online."""
        if self._task is None:
            self._start(await _everybody())
        self._people[socket.user_id] += 1
        if self._people[socket.user_id] == 1:
            leases().came(socket.user_id)
            self._changed.set()
        for paced in self._paced:
            paced.updates.note_arrival(socket.user_id)
        self._updates[socket.wants_delta].updates.subscribe(socket)

    def leave(self, socket: Socket) -> None:
        """Nothing happens when it is gone already."""
        paced = self._updates.get(socket.wants_delta)
        if paced is None or not paced.updates.unsubscribe(socket):
            return
        self._people[socket.user_id] -= 1
        if not self._people[socket.user_id]:
            del self._people[socket.user_id]
            leases().went(socket.user_id)
            note_online([socket.user_id])
            self._changed.set()

    def _start(self, online: frozenset[str]) -> None:
        if self._task is None:  # nobody did meanwhile
            self._updates = {
                wants_delta: PacedUpdates(online, wants_delta=wants_delta)
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
        rests = [paced.rest for paced in self._paced if paced.is_behind]
        with suppress(TimeoutError):
            async with asyncio.timeout(min([RENEW_SECONDS, *rests])):
                await self._changed.wait()
        self._changed.clear()

    async def _refresh(self) -> None:
        try:
            await sync_to_async(leases().renew, thread_sensitive=False)()
            online = await _everybody()
            for paced in self._paced:  # who came meanwhile is there, too
                await paced.send(online.union(self._people))
        except Exception:  # the next round comes soon, and must come
            logger.exception("presence was not refreshed")

    def _rest(self) -> float:
        """While nothing may be sent, nobody need be asked."""
        rest = min((paced.rest for paced in self._paced if paced.updates.subscribers), default=0)
        return max(MERGE_SECONDS, min(rest, RENEW_SECONDS / 2))

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            end_stalled()
            await terminate_ended(self.sockets)
        if time.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = time.monotonic()
            note_online(self._people)


async def _everybody() -> frozenset[str]:
    return await sync_to_async(leases().online, thread_sensitive=False)()


_broadcasters: "WeakKeyDictionary[asyncio.AbstractEventLoop, Broadcaster]" = WeakKeyDictionary()


def broadcaster() -> Broadcaster:
    loop = asyncio.get_running_loop()
    if loop not in _broadcasters:
        _broadcasters[loop] = Broadcaster()
    return _broadcasters[loop]
