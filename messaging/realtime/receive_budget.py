"""What clients are sending: counted while it is unfinished, and until it has been handled.

Frames, fragments and bodies of polls wait in memory until they are whole, while an open connection
costs its client nothing. So each person has a budget, and so has the process, over all of them.

Unfinished messages do not wait for ever. When the process's budget is full, whoever holds most of
it loses the message begun first to somebody who holds less: no number of stalled connections keeps
others from sending, and a slow client keeps its place, since one picture is less than what fills
the budget. A message that hardly grows is ended in any case, so that its memory comes back.

Frames are counted where the server reports them (chatsite/uvicorn_protocols/websockets.py); with
any other server only bodies of polls are.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from django.conf import settings

from chatsite.interfaces import Message, Receive, Scope
from chatsite.uvicorn_protocols.websockets import connection_of
from messaging.realtime.close_codes import MESSAGE_TOO_BIG

logger = logging.getLogger(__name__)

# Bytes of a native frame: a text of 10,000 code points takes up to twelve each (`\ud83d\ude00`),
# and its envelope a few hundred.
MAX_FRAME_BYTES = 131_072
PERSON_BUDGET = 2 * settings.MAX_BODY_BYTES
PROCESS_BUDGET = 12 * settings.MAX_BODY_BYTES
SMALL = MAX_FRAME_BYTES  # always welcome: whoever uses up the process's budget silences nobody
LEAST = 65_536  # bytes by which an unfinished message grows between two calls of `end_stalled`
_HEADER = 14  # bytes before the payload of a frame
_PROCESS = "process"

_held: Counter[str] = Counter()  # bytes, by person; nobody's key is "", nor "process"


class Allocation:
    """Of the budgets, what one connection or one body takes.

    `end` makes the client give up what is unfinished, and lets go of it.
    """

    __slots__ = ("_end", "_size", "_unfinished", "_who")

    def __init__(self, end: Callable[[], None], who: str = "") -> None:
        self._end = end
        self._size = 0
        self._unfinished = 0
        self._who = who

    def resize(self, size: int, unfinished: int = 0) -> bool:
        """`unfinished`: those of the bytes that wait for their client to send more.

        False when this is too much: the connection has to end.
        """
        more = size - self._size
        self._size = size
        _held[self._who] += more
        _held[_PROCESS] += more
        if unfinished or self._unfinished:
            self._note(unfinished)
        return size <= SMALL or more <= 0 or self._has_room()

    def assign_to(self, who: str) -> None:
        size, unfinished = self._size, self._unfinished
        self.release()
        self._who = who
        self.resize(size, unfinished)

    def release(self) -> None:
        self.resize(0)
        if not _held[self._who]:
            del _held[self._who]

    def end(self) -> None:
        self.resize(self._size - self._unfinished)
        self._end()

    def end_if_stalled(self) -> None:
        if self._unfinished - _begun[self] < LEAST:
            self.end()
        else:
            _begun[self] = self._unfinished

    def _note(self, unfinished: int) -> None:
        self._unfinished = unfinished
        if unfinished:
            _begun.setdefault(self, -LEAST)
        else:
            _begun.pop(self, None)

    def _has_room(self) -> bool:
        """Somebody else gives way, where they hold more."""
        if _held[self._who] > PERSON_BUDGET:
            return False
        while _held[_PROCESS] > PROCESS_BUDGET:
            largest = max(_begun, key=lambda allocation: _held[allocation._who], default=self)
            if _held[largest._who] <= _held[self._who]:
                return False
            logger.warning("unfinished messages fill their budget: one of the largest is ended")
            largest.end()
        return True


# The allocations with an unfinished message, those begun first in front, and how much of it there
# was when `end_stalled` last looked.
_begun: dict[Allocation, int] = {}


def end_stalled() -> None:
    """Whoever calls it gives each message the time between two calls."""
    for allocation in [*_begun]:
        allocation.end_if_stalled()


class Receiver:
    """The messages of one WebSocket, from before the response to its handshake until it is served
    no more. Receiving the next one means that those before are handled.
    """

    __slots__ = (
        "_allocation",
        "_connection",
        "_limit",
        "_messages",
        "_receive",
        "_requested",
        "_unhandled",
    )

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._allocation: Allocation | None = Allocation(self._fail)
        self._requested = 0
        self._messages = 0  # which are whole
        self._unhandled = 0  # bytes of those that nobody handled yet
        self._limit = limit
        self._connection = connection_of(scope)
        if self._connection:
            self._connection.on_received(self._received)
            self._check()

    def __call__(self) -> Awaitable[Message]:
        if self._unhandled and self._requested > self._messages:  # the first of them is `connect`
            self._unhandled = 0
            self._check()
        self._requested += 1
        return self._receive()

    def assign_to(self, user_id: str, limit: int) -> None:
        """It is known whose it is."""
        if self._allocation:
            self._allocation.assign_to(user_id)
            self._limit = limit

    def stop(self) -> None:
        """Until the connection is closed, little more is taken."""
        if self._allocation:
            self._allocation.release()
            self._allocation = None
        self._unhandled = 0
        self._limit = SMALL
        if self._connection:
            self._check()

    def _received(self, sizes: list[int]) -> bool:
        self._messages += len(sizes)
        self._unhandled += sum(sizes)
        return self._check(max(sizes, default=0))

    def _check(self, longest: int = 0) -> bool:
        """While a message waits to be handled, the server reads no more: no client can finish the
        next one.
        """
        assert self._connection  # noqa: S101  who else would call it
        unfinished = self._connection.unfinished
        is_within = self._allocation is None or self._allocation.resize(
            unfinished + self._unhandled, 0 if self._unhandled else unfinished
        )
        if longest <= self._limit and unfinished <= self._limit + _HEADER and is_within:
            return True
        self._fail()
        return False

    def _fail(self) -> None:
        if self._connection:
            self._connection.fail(MESSAGE_TOO_BIG)
        if self._allocation:
            self._allocation.resize(self._unhandled)
