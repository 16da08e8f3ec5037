"""How often subscribers are sent who is online: the more it costs, the more seldom."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from messaging.realtime.presence.updates import PresenceUpdates
from messaging.realtime.sweep import SessionSocket

FRAME_BYTES = 60  # what a frame costs beside its content, as far as bytes can say that
SLICE_BYTES = 2**20  # sent before others have their turn


@dataclass(frozen=True, slots=True)
class Pace:
    bytes_a_second: float  # which a worker spends on this
    longest: float  # seconds of rest

    def rest_after(self, sent: int) -> float:
        """In seconds, for so many bytes."""
        return min(sent / self.bytes_a_second, self.longest)


# One change that is sent to 500 sockets is followed by a second in which others gather.
OF_CHANGES = Pace(75_000, longest=10)
# What the whole list costs grows with the square of the people. With the time that a lease lasts
# and is looked at, the last one is sent within 30 seconds that a worker died.
OF_LISTS = Pace(1_000_000, longest=12)


class Socket(SessionSocket, Protocol):
    user_id: str
    wants_delta: bool

    def send_frame(self, frame: str) -> None: ...


class PacedUpdates:
    """Of the sockets that want changes, or of those that want lists."""

    def __init__(self, online: frozenset[str], *, wants_delta: bool) -> None:
        self.updates: PresenceUpdates[Socket] = PresenceUpdates(online, wants_delta=wants_delta)
        self._pace = OF_CHANGES if wants_delta else OF_LISTS
        self._next_at = 0.0
        self.is_behind = False

    @property
    def rest(self) -> float:
        """Seconds until the next may be sent."""
        return max(0.0, self._next_at - time.monotonic())

    async def send(self, online: frozenset[str]) -> None:
        self.is_behind = self.updates.is_outdated(online) and self.rest > 0
        if self.is_behind:
            return
        sent = slice_sent = 0
        for frame, sockets in self.updates.update(online):
            for socket in sockets:
                socket.send_frame(frame)
                sent += FRAME_BYTES + len(frame)
                slice_sent += len(frame)
                if slice_sent > SLICE_BYTES:
                    slice_sent = 0
                    await asyncio.sleep(0)
        self._next_at = time.monotonic() + self._pace.rest_after(sent)
