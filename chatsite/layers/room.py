"""The channels of one event loop, and the groups that they are in."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextvars import Context
from copy import deepcopy
from typing import Any

from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
Message = dict[str, Any]
Deliver = Callable[[Message], None]
LOST = "lost"  # the type of the message that says: something may have been missed


class Room:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.channels: dict[str, Deliver] = {}
        self.groups: dict[str, dict[str, Deliver]] = {}
        self._groups_of: dict[str, tuple[str, ...]] = {}

    @property
    def is_alive(self) -> bool:
        return self.loop.is_running()

    def attach(self, channel: str, deliver: Deliver) -> None:
        self.channels[channel] = deliver

    def detach(self, channel: str) -> None:
        """Also leaves all of its groups. Nothing happens when it is gone already."""
        self.channels.pop(channel, None)
        for group in self._groups_of.pop(channel, ()):
            self._leave(group, channel)

    def enter(self, group: str, channel: str) -> None:
        members = self.groups.setdefault(group, {})
        if channel not in members:
            self._groups_of[channel] = (*self._groups_of.get(channel, ()), group)
        members[channel] = self.channels[channel]

    def leave(self, group: str, channel: str) -> None:
        groups = self._groups_of.get(channel, ())
        if group in groups:
            self._groups_of[channel] = tuple(other for other in groups if other != group)
            self._leave(group, channel)

    def _leave(self, group: str, channel: str) -> None:
        members = self.groups[group]
        del members[channel]
        if not members:
            del self.groups[group]

    def deliver(self, groups: Sequence[str], message: Message) -> None:
        """One that fails does not keep the others from it."""
        for group in groups:
            if members := self.groups.get(group):
                for deliver in tuple(members.values()):
                    _guarded(deliver, message)

    def deliver_soon(self, groups: Sequence[str], message: Message) -> None:
        """From any thread. What the sender's context holds is not the receivers'."""
        self.loop.call_soon_threadsafe(self.deliver, groups, message, context=Context())

    def tell_of_loss(self, groups: Sequence[str] | None = None) -> None:
        """To sockets alone: only they know how to make up for it. None means all of them."""
        if groups is None:
            concerned = [*self.channels.values()]
        else:
            members = [self.groups.get(group, {}) for group in groups]
            concerned = [deliver for each in members for deliver in each.values()]
        for deliver in concerned:
            if not isinstance(deliver, Mailbox):
                _guarded(deliver, {"type": LOST})

    def clear(self) -> None:
        for content in (self.channels, self.groups, self._groups_of):
            content.clear()


def _guarded(deliver: Deliver, message: Message) -> None:
    try:
        deliver(message)
    except Exception:
        logger.exception("a live event was not taken")


class Mailbox:
    """What waits for somebody who asks for it: a consumer of Channels."""

    def __init__(self, capacity: int) -> None:
        self._queue: asyncio.Queue[Message] = asyncio.Queue(capacity)

    def __call__(self, message: Message) -> None:
        try:
            self._queue.put_nowait(deepcopy(message))  # consumers may change it
        except asyncio.QueueFull:
            metrics.EVENTS_DROPPED.inc()

    async def take(self) -> Message:
        return await self._queue.get()
