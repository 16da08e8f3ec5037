"""What clients are sending: counted while it is unfinished, and until it has been handled.

Frames, fragments and bodies of polls wait in memory until they are whole, while an open connection
costs its client nothing. So each person has a budget, and so has the process, over all of them.

Counting needs to look inside uvicorn's protocol and the `websockets` connection that it drives.
With any other server only bodies of polls are counted.
"""

from collections import Counter
from collections.abc import Awaitable
from typing import Any

from django.conf import settings
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from chatsite import departure
from chatsite.interfaces import Message, Receive, Scope
from messaging.realtime.wire import protocol_of

# Bytes of a native frame: a text of 10,000 code points takes up to twelve each (`\ud83d\ude00`),
# and its envelope a few hundred.
LARGEST = 131_072
PERSON = 2 * settings.MAX_BODY_BYTES
PROCESS = 12 * settings.MAX_BODY_BYTES
SMALL = LARGEST  # always welcome: whoever uses up the process's budget silences nobody
TOO_LARGE = 1009
PATIENCE = 10  # seconds for a client to read why it is closed
_HEADER = 14  # bytes before the payload of a frame
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_PROCESS = "process"

_held: Counter[str] = Counter()  # bytes, by person; nobody's key is "", nor "process"


class Share:
    """Of the budgets, what one connection or one body takes."""

    __slots__ = ("_size", "_who")

    def __init__(self, who: str = "") -> None:
        self._size = 0
        self._who = who

    def resize(self, size: int) -> bool:
        """False when this is too much: the connection has to end."""
        is_more = size > self._size
        self._add(size - self._size)
        self._size = size
        is_within = _held[_PROCESS] <= PROCESS and _held[self._who] <= PERSON
        return size <= SMALL or not is_more or is_within

    def belongs_to(self, who: str) -> None:
        size = self._size
        self.release()
        self._who = who
        self.resize(size)

    def release(self) -> None:
        self.resize(0)
        if not _held[self._who]:
            del _held[self._who]

    def _add(self, more: int) -> None:
        _held[self._who] += more
        _held[_PROCESS] += more


class Intake:
    """Of one WebSocket, from before its handshake is answered until it is served no more."""

    __slots__ = ("_events_received", "_handed", "_limit", "_protocol", "_receive", "_share")

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._share: Share | None = Share()
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
        for event in events:
            if isinstance(event, Frame) and event.opcode in _DATA:
                self._handed += len(event.data)
        return events if self._count() else []

    def _count(self) -> bool:
        connection = self._protocol.conn
        waiting = len(connection.reader.buffer)
        is_short = waiting + (connection.current_size or 0) <= self._limit + _HEADER
        is_within = self._share is None or self._share.resize(waiting + self._handed)
        if is_short and is_within:
            return True
        self._refuse()
        return False

    def _refuse(self) -> None:
        protocol = self._protocol
        protocol.frames = []
        if protocol.transport.is_closing():
            return
        if protocol.conn.state is State.OPEN:
            protocol.conn.fail(TOO_LARGE)
            protocol.handle_parser_exception()
            protocol.loop.call_later(PATIENCE, protocol.transport.abort)
        else:
            protocol.transport.abort()
