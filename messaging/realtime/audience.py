"""Sockets that are told in the same way who is online: the more it takes, the more seldom."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from messaging.realtime.sweep import SessionSocket
from messaging.realtime.tidings import Tidings

FRAME_BYTES = 60  # what a frame costs beside its content, as far as bytes can say that
SLICE_BYTES = 2**20  # told before others have their turn


@dataclass(frozen=True, slots=True)
class Pace:
    bytes_a_second: float  # which a worker spends on this
    longest: float  # seconds of rest

    def rest_after(self, told: int) -> float:
        """In seconds, for so many bytes."""
        return min(told / self.bytes_a_second, self.longest)


# One change that is told to 500 sockets is followed by a second in which others gather.
OF_CHANGES = Pace(75_000, longest=10)
# What the whole list costs grows with the square of the crowd. With the time that a lease lasts and
# is looked at, what is told last is right within 30 seconds after a worker died.
OF_LISTS = Pace(1_000_000, longest=12)


class Socket(SessionSocket, Protocol):
    user_id: str
    wants_delta: bool

    def tell(self, frame: str) -> None: ...


class Audience:
    """The sockets that are told in the same way: the more it takes, the more seldom."""

    def __init__(self, online: frozenset[str], *, wants_delta: bool) -> None:
        self.tidings: Tidings[Socket] = Tidings(online, wants_delta=wants_delta)
        self._pace = OF_CHANGES if wants_delta else OF_LISTS
        self._again_at = 0.0
        self.is_behind = False

    @property
    def rest(self) -> float:
        """Seconds until it may be told again."""
        return max(0.0, self._again_at - time.monotonic())

    async def tell(self, online: frozenset[str]) -> None:
        self.is_behind = self.tidings.is_news(online) and self.rest > 0
        if self.is_behind:
            return
        told = slice_told = 0
        for frame, sockets in self.tidings.tell(online):
            for socket in sockets:
                socket.tell(frame)
                told += FRAME_BYTES + len(frame)
                slice_told += len(frame)
                if slice_told > SLICE_BYTES:
                    slice_told = 0
                    await asyncio.sleep(0)
        self._again_at = time.monotonic() + self._pace.rest_after(told)
