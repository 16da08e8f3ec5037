"""What a client is still to be sent, in order. Nobody waits for a slow one."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

logger = logging.getLogger(__name__)

BACKLOG = 2**20  # characters
TOO_SLOW = 4408  # the close code: something was missed, so reconnect and sync
FAILED = 1011
GONE = 1006  # never sent


class Outbox:
    def __init__(
        self, send: Callable[[str], Awaitable[None]], close: Callable[[int], Awaitable[None]]
    ) -> None:
        self._send = send
        self._close = close
        self._frames: deque[str] = deque()
        self._size = 0
        self._code = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Nothing more is sent or wanted."""
        return bool(self._code)

    def put(self, frame: str) -> None:
        if self.is_closed:
            return
        if self._size > BACKLOG:
            self.close(TOO_SLOW)
            return
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
        self._drop(GONE)
        if self._task:
            self._task.cancel()
            self._task = None

    def _drop(self, code: int) -> None:
        self._code = self._code or code
        self._frames.clear()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._frames:
                await self._send(self._next())
        except OSError:  # the server tells the consumer as well
            self._drop(GONE)
        except Exception:
            logger.exception("a frame could not be sent")
            self._drop(FAILED)
        if self._code not in (0, GONE):
            with suppress(OSError):
                await self._close(self._code)
        self._task = None

    def _next(self) -> str:
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame
