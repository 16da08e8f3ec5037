"""Whether the client has disconnected, for long work that is in vain without it.

A thread cannot be cancelled as a task can: what such work waits for is ended instead.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chatsite.interfaces import Application, Message, Receive, Scope, Send

DISCONNECTED = ("http.disconnect", "websocket.disconnect")


class DisconnectListener:
    """For the client behind one request or socket."""

    __slots__ = ("_ahead", "_callbacks", "_lock", "_receive", "is_gone")

    def __init__(self, receive: Receive | None = None) -> None:
        self.is_gone = False
        self._receive = receive
        self._ahead: asyncio.Task[Message] | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def mark_gone(self) -> None:
        with self._lock:
            self.is_gone = True
            for callback in self._callbacks:
                callback()

    @contextmanager
    def on_disconnect(self, callback: Callable[[], None]) -> Iterator[None]:
        """Called when the client goes, or at once if it has gone; never after the end of the block.

        In the event loop, so `callback` must not wait.
        """
        with self._lock:
            self._callbacks.append(callback)
            if self.is_gone:
                callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)

    def receive(self) -> Awaitable[Message]:
        """For the application, in place of the server's."""
        ahead, self._ahead = self._ahead, None
        return ahead or self._received()

    async def _received(self) -> Message:
        assert self._receive  # noqa: S101  else nobody receives
        message = await self._receive()
        if message["type"] in DISCONNECTED:
            self.mark_gone()
        return message

    def listen(self) -> None:
        """For an application that does not receive while it works: one message is read ahead."""
        if self._receive and not self._ahead:
            self._ahead = asyncio.create_task(self._received())

    def close(self) -> None:
        if self._ahead:
            self._ahead.cancel()


_current: ContextVar[DisconnectListener] = ContextVar("disconnect")


def current() -> DisconnectListener:
    """The one of this request or socket; outside of them one for no client."""
    return _current.get(None) or DisconnectListener()


class DisconnectMiddleware:
    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listener = DisconnectListener(receive)
        token = _current.set(listener)
        try:
            await self.app(scope, listener.receive, send)
        finally:
            listener.close()
            _current.reset(token)
