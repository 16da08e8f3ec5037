"""Whether the client is still there, for long work that is in vain without it.

A thread cannot be cancelled as a task can: what such work waits for is ended instead.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chatsite.interfaces import Application, Message, Receive, Scope, Send

DISCONNECTED = ("http.disconnect", "websocket.disconnect")


class Departure:
    """Of the client behind one request or socket."""

    __slots__ = ("_ahead", "_calls", "_lock", "_receive", "is_gone")

    def __init__(self, receive: Receive | None = None) -> None:
        self.is_gone = False
        self._receive = receive
        self._ahead: asyncio.Task[Message] | None = None
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def note(self) -> None:
        with self._lock:
            self.is_gone = True
            for call in self._calls:
                call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Calls when the client goes, or at once if it has gone; never after the end of the block.

        In the event loop, so `call` must not wait.
        """
        with self._lock:
            self._calls.append(call)
            if self.is_gone:
                call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.remove(call)

    def receive(self) -> Awaitable[Message]:
        """For the application, in place of the server's."""
        ahead, self._ahead = self._ahead, None
        return ahead or self._received()

    async def _received(self) -> Message:
        assert self._receive  # noqa: S101  else nobody asks
        message = await self._receive()
        if message["type"] in DISCONNECTED:
            self.note()
        return message

    def listen(self) -> None:
        """For an application that does not receive while it works: one message is read ahead."""
        if self._receive and not self._ahead:
            self._ahead = asyncio.create_task(self._received())

    def end(self) -> None:
        if self._ahead:
            self._ahead.cancel()


_current: ContextVar[Departure] = ContextVar("departure")


def current() -> Departure:
    """Of nobody, outside requests and sockets."""
    return _current.get(None) or Departure()


class NoticesDeparture:
    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        departure = Departure(receive)
        token = _current.set(departure)
        try:
            await self.app(scope, departure.receive, send)
        finally:
            departure.end()
            _current.reset(token)
