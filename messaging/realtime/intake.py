"""What clients are sending: counted while it is unfinished, and until it has been handled.

Frames, fragments and bodies of polls wait in memory until they are whole, while an open connection
costs its client nothing. So each person has a budget, and so has the process, over all of them.

Unfinished messages do not wait for ever. When the process's budget is full, whoever holds most of
it loses the message begun first to somebody who holds less: no number of stalled connections keeps
others from sending, and a slow client keeps its place, since one picture is less than what fills
the budget. A message that hardly grows is ended in any case, so that its memory comes back.

Counting needs to look inside uvicorn's protocol and the `websockets` connection that it drives.
With any other server only bodies of polls are counted.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from chatsite import departure
from chatsite.interfaces import Message, Receive, Scope
from messaging.realtime.close_codes import MESSAGE_TOO_BIG
from messaging.realtime.wire import protocol_of

logger = logging.getLogger(__name__)

# Bytes of a native frame: a text of 10,000 code points takes up to twelve each (`\ud83d\ude00`),
# and its envelope a few hundred.
LARGEST = 131_072
PERSON = 2 * settings.MAX_BODY_BYTES
PROCESS = 12 * settings.MAX_BODY_BYTES
SMALL = LARGEST  # always welcome: whoever uses up the process's budget silences nobody
LEAST = 65_536  # bytes by which an unfinished message grows between two calls of `end_stalled`
PATIENCE = 10  # seconds for a client to read why it is closed
_HEADER = 14  # bytes before the payload of a frame
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_PROCESS = "process"

_held: Counter[str] = Counter()  # bytes, by person; nobody's key is "", nor "process"


class Share:
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

    def belongs_to(self, who: str) -> None:
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
        if _held[self._who] > PERSON:
            return False
        while _held[_PROCESS] > PROCESS:
            largest = max(_begun, key=lambda share: _held[share._who], default=self)
            if _held[largest._who] <= _held[self._who]:
                return False
            logger.warning("unfinished messages fill their budget: one of the largest is ended")
            largest.end()
        return True


# The shares with an unfinished message, those begun first in front, and how much of it there was
# when `end_stalled` last looked.
_begun: dict[Share, int] = {}


def end_stalled() -> None:
    """Whoever calls it gives each message the time between two calls."""
    for share in [*_begun]:
        share.end_if_stalled()


class Intake:
    """Of one WebSocket, from before its handshake is answered until it is served no more."""

    __slots__ = ("_events_received", "_handed", "_limit", "_protocol", "_receive", "_share")

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._share: Share | None = Share(self._refuse)
        self._handed = 0  # bytes of frames that the protocol has got, and nobody handled yet
        self._limit = limit
        self._protocol: Any = protocol_of(scope)
        if self._protocol:
            connection = self._protocol.conn
            connection.max_message_size = limit
            self._events_received = connection.events_received
            connection.events_received = self._counted  # type: ignore[method-assign]
            self._count()

    def receive(self) -> Awaitable[Message]:
        """The next message. Whoever asks for it has handled those before."""
        if self._handed and self._protocol.queue.empty() and not departure.current().holds_message:
            self._handed = self._protocol.conn.current_size or 0
            self._count()
        return self._receive()

    def admit(self, user_id: str, limit: int) -> None:
        """It is known whose it is."""
        if self._share:
            self._share.belongs_to(user_id)
            self._limit = limit
            if self._protocol:
                self._protocol.conn.max_message_size = limit

    def stop(self) -> None:
        """Until the connection is closed, little more is taken."""
        if self._share:
            self._share.release()
            self._share = None
        self._handed = 0
        self._limit = SMALL
        if self._protocol:
            self._count()

    def _counted(self) -> list[Any]:
        """In place of the connection's own `events_received`."""
        events = self._events_received()
        is_whole = False
        for event in events:
            if isinstance(event, Frame) and event.opcode in _DATA:
                self._handed += len(event.data)
                if event.fin and self._handed:
                    is_whole = True
        return events if self._count(is_whole=is_whole) else []

    def _count(self, *, is_whole: bool = False) -> bool:
        """`is_whole`: a message is, and until it is taken the server reads no more."""
        connection = self._protocol.conn
        waiting = len(connection.reader.buffer)
        unfinished = waiting + (connection.current_size or 0)
        is_within = self._share is None or self._share.resize(
            waiting + self._handed, 0 if is_whole else unfinished
        )
        if unfinished <= self._limit + _HEADER and is_within:
            return True
        self._refuse()
        return False

    def _refuse(self) -> None:
        protocol = self._protocol
        self._handed = max(0, self._handed - (protocol.conn.current_size or 0))
        protocol.conn.current_size = None
        protocol.frames = []
        if self._share:
            self._share.resize(self._handed)
        if protocol.transport.is_closing():
            return
        if protocol.conn.state is State.OPEN:
            protocol.conn.fail(MESSAGE_TOO_BIG)
            protocol.handle_parser_exception()
            protocol.loop.call_later(PATIENCE, protocol.transport.abort)
        else:
            protocol.transport.abort()
