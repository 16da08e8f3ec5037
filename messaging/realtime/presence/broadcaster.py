"""Sends the sockets of this worker who is online: changes merged, as often as can be afforded."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Hashable
from contextlib import suppress
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from accounts.services.last_seen import queue_online
from chatsite.db import in_thread
from chatsite.live.broadcast import unsubscribe, worker
from chatsite.live.registry import Message
from chatsite.monitoring.trace import detached
from messaging.presence import CHANGED, RENEW_SECONDS, active_leases, leases
from messaging.queries.privacy import CHANGED as RULES_CHANGED
from messaging.queries.privacy import Rules, cached_rules, rules, subscribe_to_rules
from messaging.queries.scheduled import AWAITED, awaited
from messaging.realtime.presence.pacing import PacedUpdates, Socket
from messaging.realtime.receive_budget import end_stalled
from messaging.realtime.sweep import terminate_ended
from messaging.services.scheduled import send_to_arrived

logger = logging.getLogger(__name__)
MERGE_SECONDS = 0.25
SWEEP_SECONDS = 30
NOTE_SECONDS = 300  # how old the time may be that is known of who is online, after a crash


class Broadcaster:
    """One for each event loop. Its task lives while there are sockets."""

    def __init__(self) -> None:
        # By what the sockets see (privacy.Rules.view_of), and whether they want changes.
        self._updates: dict[tuple[Hashable, bool], PacedUpdates] = {}
        self._online: frozenset[str] = frozenset()
        self._rules = cached_rules()
        self._people: Counter[str] = Counter()
        self._active: set[Socket] = set()  # whose page is before somebody's eyes
        self._active_people: Counter[str] = Counter()
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
        for (view, _wants_delta), paced in self._updates.items():
            if self._rules.online_in(view, frozenset((socket.user_id,))):
                paced.updates.note_arrival(socket.user_id)
        self._subscribe(socket)

    def _subscribe(self, socket: Socket, already_sent: frozenset[str] | None = None) -> None:
        """With `already_sent` only the difference from that is sent."""
        view = self._rules.view_of(socket.user_id)
        paced = self._updates.get((view, socket.wants_delta))
        if paced is None:
            online = self._rules.online_in(view, self._online.union(self._people))
            paced = PacedUpdates(online, wants_delta=socket.wants_delta)
            self._updates[view, socket.wants_delta] = paced
        if already_sent is None:
            paced.updates.subscribe(socket)
        else:
            paced.updates.move(socket, already_sent)

    def leave(self, socket: Socket) -> None:
        """Nothing happens when it is gone already."""
        if not any(paced.updates.unsubscribe(socket) for paced in self._paced):
            return
        self.set_active(socket, False)
        self._people[socket.user_id] -= 1
        if not self._people[socket.user_id]:
            del self._people[socket.user_id]
            leases().went(socket.user_id)
            queue_online([socket.user_id])
            self._changed.set()

    def set_active(self, socket: Socket, is_active: bool) -> None:
        """Whether its page is before somebody's eyes. Idempotent."""
        if is_active == (socket in self._active):
            return
        person = socket.user_id
        if is_active:
            self._active.add(socket)
            self._active_people[person] += 1
            active_leases().came(person)
        else:
            self._active.remove(socket)
            self._active_people[person] -= 1
            if not self._active_people[person]:
                del self._active_people[person]
                active_leases().went(person)
        self._changed.set()

    def _start(self, online: frozenset[str]) -> None:
        if self._task is None:  # nobody did meanwhile
            self._online, self._rules = online, cached_rules()
            self._updates = {
                (None, wants_delta): PacedUpdates(
                    self._rules.online_in(None, online), wants_delta=wants_delta
                )
                for wants_delta in (True, False)
            }
            self._task = asyncio.create_task(self._run(), context=detached())

    async def _run(self) -> None:
        worker().registry.subscribe(CHANGED, self._note_change)
        worker().registry.subscribe(RULES_CHANGED, self._note_change)
        worker().registry.subscribe(AWAITED, self._note_change)
        subscribe_to_rules()
        awaited.subscribe()
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
        """Somebody came or went on another worker, or shows others more or less, or is waited for,
        or that may have been missed.
        """
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
            await sync_to_async(_renew, thread_sensitive=False)()
            self._online = await _everybody()
            self._apply_rules(await in_thread(rules)())
            for (view, _wants_delta), paced in list(self._updates.items()):
                # Who came meanwhile is there, too.
                online = self._online.union(self._people)
                await paced.send(self._rules.online_in(view, online))
            # Of this worker alone: the others do the same for theirs.
            await in_thread(send_to_arrived)(frozenset(self._people))
        except Exception:  # the next round comes soon, and must come
            logger.exception("presence was not refreshed")

    def _apply_rules(self, current: Rules) -> None:
        """Those who see other people by the new rules are sent these as if they came or went."""
        before, self._rules = self._rules, current
        if before is current:
            return
        for view, wants_delta in list(self._updates):
            paced = self._updates[view, wants_delta]
            for socket in list(paced.updates.subscribers):
                if self._rules.view_of(socket.user_id) != view:
                    already_sent = paced.updates.online_sent_to(socket)
                    paced.updates.unsubscribe(socket)
                    self._subscribe(socket, already_sent)
            if view is not None and not paced.updates.subscribers:
                del self._updates[view, wants_delta]

    def _rest(self) -> float:
        """While nothing may be sent, nothing need be queried."""
        rest = min((paced.rest for paced in self._paced if paced.updates.subscribers), default=0)
        return max(MERGE_SECONDS, min(rest, RENEW_SECONDS / 2))

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            end_stalled()
            await terminate_ended(self.sockets)
        if time.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = time.monotonic()
            queue_online(self._people)


def _renew() -> None:
    leases().renew()
    active_leases().renew()


async def _everybody() -> frozenset[str]:
    return await sync_to_async(leases().online, thread_sensitive=False)()


_broadcasters: "WeakKeyDictionary[asyncio.AbstractEventLoop, Broadcaster]" = WeakKeyDictionary()


def broadcaster() -> Broadcaster:
    loop = asyncio.get_running_loop()
    if loop not in _broadcasters:
        _broadcasters[loop] = Broadcaster()
    return _broadcasters[loop]
