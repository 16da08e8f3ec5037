"""What a client is still to be sent, in order. Nobody waits for a slow one."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context

from chatsite.uvicorn_protocols.websockets import WebSocketProtocol
from messaging.realtime.close_codes import CONNECTION_LOST, INTERNAL_ERROR, MISSED_EVENTS
from messaging.realtime.frames import encoded

logger = logging.getLogger(__name__)

BACKLOG = 2**20  # characters, or bytes where the socket is written to directly
CLOSE_TIMEOUT = 10  # seconds for a client to read that it is closed


class SendQueue:
    """Frames are written to the `connection` where there is one, else sent one after the other."""

    __slots__ = ("_close", "_code", "_context", "_frames", "_send", "_size", "_task", "connection")

    def __init__(
        self, send: Callable[[str], Awaitable[None]], close: Callable[[int], Awaitable[None]]
    ) -> None:
        self.connection: WebSocketProtocol | None = None
        self._send = send
        self._close = close
        self._context = copy_context()  # others put frames in, in theirs
        self._frames: deque[str] | None = None
        self._size = 0
        self._code = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Nothing more is sent or received."""
        return bool(self._code)

    def put(self, frame: str) -> None:
        if self._code:
            return
        if self.connection:
            self._write(self.connection, frame)
        elif self._size > BACKLOG:
            self.close(MISSED_EVENTS)
        else:
            self._append(frame)

    def _write(self, connection: WebSocketProtocol, frame: str) -> None:
        if connection.backlog() > BACKLOG:
            self.close(MISSED_EVENTS)
        elif not connection.write(encoded(frame)):
            self._drop(CONNECTION_LOST)

    def _append(self, frame: str) -> None:
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
        self._size += len(frame)
        self._start()

    def close(self, code: int) -> None:
        """At once: what still waits is dropped."""
        if not self.is_closed:
            self._drop(code)
            self._start()

    def stop(self) -> None:
        """The client is gone."""
        self._drop(CONNECTION_LOST)
        if self._task:
            self._task.cancel()
            self._task = None

    def _drop(self, code: int) -> None:
        self._code = self._code or code
        self._frames = None

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), context=self._context)

    async def _drain(self) -> None:
        try:
            while self._frames:
                await self._send(self._next(self._frames))
        except OSError:  # the server reports it to the socket, too
            self._drop(CONNECTION_LOST)
        except Exception:
            logger.exception("a frame could not be sent")
            self._drop(INTERNAL_ERROR)
        if self._code not in (0, CONNECTION_LOST):
            await self._send_close()
        self._task = None

    def _next(self, frames: deque[str]) -> str:
        frame = frames.popleft()
        self._size -= len(frame)
        return frame

    async def _send_close(self) -> None:
        """A client that does not even read this is cut off, where that can be done."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT if self.connection else None):
                with suppress(OSError):
                    await self._close(self._code)
        except TimeoutError:
            if self.connection:
                self.connection.abort()
