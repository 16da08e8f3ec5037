"""Live events inside one process."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context

from channels.layers import BaseChannelLayer

from chatsite.layers.room import Deliver, Mailbox, Message, Room
from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
CAPACITY = 2000  # messages that wait for a consumer of Channels
Sending = tuple[list[str], Message]  # to whom, by their groups, and what


class LocalLayer(BaseChannelLayer):
    """Beside the interface of Channels: `attach`, with which a socket takes its messages as they
    are sent, and `hand_over` and `push`, with which they are sent without waiting.

    What is attached may not change a message: it is one for all, and must return at once.
    """

    extensions = ["groups", "flush"]

    def __init__(self, capacity: int = CAPACITY) -> None:
        super().__init__(capacity=capacity)
        self.name = secrets.token_hex(8)
        self._count = 0
        self._rooms: dict[asyncio.AbstractEventLoop, Room] = {}

    def new_name(self) -> str:
        """Of a channel that is then attached."""
        self._count += 1
        return f"{self.name}!{self._count}"

    def attach(self, channel: str, deliver: Deliver) -> None:
        """In the thread of the event loop, which is where `deliver` is called."""
        self._room().attach(channel, deliver)

    def detach(self, channel: str) -> None:
        """Also leaves its groups."""
        self._room().detach(channel)

    async def ready(self) -> None:
        """Returns once nothing that is sent from now on is missed here."""

    def hand_over(self, groups: Sequence[str], message: Message) -> None:
        """In the thread of an event loop. Returns at once, and never raises."""
        try:
            self._deliver(groups, message)
            self._pass_on(groups, message)
        except Exception:  # it must never fail the request whose row is saved
            metrics.PUSHES_FAILED.inc()
            logger.exception("a live event was not pushed")

    def push(self, sendings: Sequence[Sending]) -> None:
        """From any thread. What one thread sends arrives in its order."""
        if _is_in_loop():
            self._hand_over_all(sendings)
            return
        for loop, room in self._rooms.items():
            if room.is_alive:
                with suppress(RuntimeError):  # it has just ended
                    loop.call_soon_threadsafe(self._hand_over_all, sendings, context=Context())
                    return
        for groups, message in sendings:
            self._publish(groups, message)

    def _hand_over_all(self, sendings: Sequence[Sending]) -> None:
        for groups, message in sendings:
            self.hand_over(groups, message)

    # The interface of Channels

    @property
    def groups(self) -> dict[str, dict[str, Deliver]]:
        return self._room().groups

    async def new_channel(self, prefix: str = "specific") -> str:
        channel = f"{prefix}.{self.new_name()}"
        self._open_mailbox(channel)
        await self.ready()
        return channel

    async def send(self, channel: str, message: Message) -> None:
        """Where nobody listens on the channel, nothing is kept for later."""
        if deliver := self._room().channels.get(channel):
            deliver(message)

    async def receive(self, channel: str) -> Message:
        mailbox = self._room().channels.get(channel) or self._open_mailbox(channel)
        if not isinstance(mailbox, Mailbox):
            raise RuntimeError("An attached channel is told, and cannot ask.")
        await self.ready()
        try:
            return await mailbox.take()
        except asyncio.CancelledError:  # Channels has no other word for: I am done with it
            self.detach(channel)
            raise

    async def group_add(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        room = self._room()
        if channel not in room.channels:
            self._open_mailbox(channel)
        room.enter(group, channel)
        await self.ready()

    async def group_discard(self, group: str, channel: str) -> None:
        self._room().leave(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        self.require_valid_group_name(group)
        self.hand_over([group], message)

    async def flush(self) -> None:
        for room in self._rooms.values():
            room.clear()

    def _open_mailbox(self, channel: str) -> Mailbox:
        self.require_valid_channel_name(channel)
        mailbox = Mailbox(self.capacity)
        self.attach(channel, mailbox)
        return mailbox

    def _room(self) -> Room:
        """Of the running loop. A process has one, but for tests and commands."""
        loop = asyncio.get_running_loop()
        room = self._rooms.get(loop)
        if room is None:
            room = self._new_room(loop)
            living = {old: room for old, room in self._rooms.items() if not old.is_closed()}
            self._rooms = {**living, loop: room}  # replaced, not changed: threads look through it
        return room

    def _new_room(self, loop: asyncio.AbstractEventLoop) -> Room:
        return Room(loop)

    def _deliver(self, groups: Sequence[str], message: Message) -> None:
        here = self._room()
        here.deliver(groups, message)
        for room in self._rooms.values():
            if room is not here and room.is_alive:
                room.deliver_soon(groups, message)

    def _pass_on(self, groups: Sequence[str], message: Message) -> None:
        """To other processes, in the thread of an event loop."""

    def _publish(self, groups: Sequence[str], message: Message) -> None:
        """To other processes, from a thread in a process that has no event loop."""


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
