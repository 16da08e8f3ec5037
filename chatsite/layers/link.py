"""One event loop's connections to Redis: what is said to other processes, and what is heard."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from chatsite.layers.connection import Connection, Dialogue
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import detached

logger = logging.getLogger(__name__)
PATIENCE = 1  # seconds for Redis to take what is said
PAUSE = 1  # seconds in which it is then left alone, and before it is listened to again
SILENCE = 3  # seconds, after which Redis is asked whether it is still there
BACKLOG = 8 * 2**20  # bytes that wait to be said
BATCH = 2**18  # bytes said at once
MISSED = 10_000  # groups that something was lost for; more are everybody
EVERYBODY = "*"  # no name of a group
_speaking: set[asyncio.Task[None]] = set()  # an event loop does not keep what it runs


class Speaker:
    """Says what it is given in its order, many at once when many wait. Nobody waits for it.

    What could not be said is dropped, and so is what comes then, until the others could be told to
    whom they owe something: so nothing is lost without a word.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        pack: Callable[[list[bytes]], bytes],
        notice: Callable[[list[str]], bytes],
    ) -> None:
        """`notice` makes a message which says that something for these groups was lost."""
        self._dialogue = Dialogue(url)
        self._channel = channel
        self._pack = pack
        self._notice = notice
        self._waiting: deque[tuple[bytes, Sequence[str]]] = deque()
        self._size = 0
        self._missed: set[str] = set()
        self._has_more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def say(self, message: bytes, groups: Sequence[str]) -> None:
        """What there is no room for is dropped, and counted."""
        if self._missed or self._size > BACKLOG:
            self._drop(groups)
        else:
            self._waiting.append((message, groups))
            self._size += len(message)
        self._has_more.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), context=detached())
            _speaking.add(self._task)
            self._task.add_done_callback(_speaking.discard)

    async def _run(self) -> None:
        try:
            while not _is_cancelled():
                await self._has_more.wait()
                self._has_more.clear()
                await self._say_all()
        finally:
            self._task = None
            await self._dialogue.close()

    async def _say_all(self) -> None:
        while (self._waiting or self._missed) and not _is_cancelled():
            if self._waiting:
                await self._say_some()
            else:
                await self._say_what_was_missed()

    async def _say_some(self) -> None:
        batch = self._next()
        try:
            await self._publish([message for message, _groups in batch])
        except (RedisError, OSError) as error:
            logger.warning("a live event was not pushed (%s)", type(error).__name__)
            for _message, groups in [*batch, *self._waiting]:
                self._drop(groups)
            self._waiting.clear()
            self._size = 0
            await asyncio.sleep(PAUSE)

    async def _publish(self, messages: list[bytes]) -> None:
        parcel = self._pack(messages)
        await self._dialogue.ask("PUBLISH", self._channel, parcel, patience=PATIENCE)

    def _next(self) -> list[tuple[bytes, Sequence[str]]]:
        batch = [self._waiting.popleft()]
        size = len(batch[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= BATCH:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0])
        self._size -= size
        return batch

    def _drop(self, groups: Sequence[str]) -> None:
        metrics.PUSHES_FAILED.inc()
        if len(self._missed) > MISSED:
            self._missed = {EVERYBODY}
        elif EVERYBODY not in self._missed:
            self._missed.update(groups)

    async def _say_what_was_missed(self) -> None:
        missed, self._missed = self._missed, set()
        try:
            await self._publish([self._notice(sorted(missed))])
        except (RedisError, OSError):
            self._missed |= missed
            await asyncio.sleep(PAUSE)


class Listener:
    """Hears what others say, from `start` to `stop`."""

    def __init__(
        self, url: str, channel: str, heard: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        """`lost` is called whenever something may have been missed."""
        self._url = url
        self._channel = channel
        self._heard = heard
        self._lost = lost
        self._hears = False
        self._heard_at = 0.0  # by the clock of the event loop
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once nothing that is said from now on is missed. Raises RedisError."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), context=detached())
        if not self._hears:
            await self._tried.wait()
        if not self._hears:
            raise NoConnection("not listening")

    def stop(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None
        self._hears = False
        self._tried = asyncio.Event()

    async def _run(self) -> None:
        tried = self._tried
        while not _is_cancelled():
            try:
                await self._hear()
            except (RedisError, OSError) as error:
                logger.warning("live events: not listening (%s)", type(error).__name__)
            except Exception:  # whatever it is, it must be heard again
                logger.exception("live events: not listening")
            if self._hears:
                self._hears = False
                self._lost()
            tried.set()
            await asyncio.sleep(PAUSE)

    async def _hear(self) -> None:
        """Returns once Redis says nothing any more, not even that it is there."""
        # Without trying again: a connection that broke has missed something.
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        broke = partial(_end, ended, NoConnection("the connection broke"))
        connection = Connection(partial(self._take, ended), broke)
        try:
            await connection.open(self._url, SILENCE)
            connection.ask("SUBSCRIBE", self._channel)
            await self._until_silent(connection, ended)
        finally:
            await connection.close()

    def _take(self, ended: "asyncio.Future[None]", answer: Any) -> None:
        self._heard_at = ended.get_loop().time()
        if isinstance(answer, Exception):
            _end(ended, answer)
        elif answer[0] == b"message":
            self._heard(answer[2])
        elif answer[0] == b"subscribe":
            self._hears = True
            self._tried.set()

    async def _until_silent(self, connection: Connection, ended: "asyncio.Future[None]") -> None:
        loop = ended.get_loop()
        asked_at = loop.time()  # to subscribe
        while not ended.done() and not _is_cancelled():
            silence = loop.time() - max(self._heard_at, asked_at)
            if silence < SILENCE:
                await asyncio.wait([ended], timeout=SILENCE - silence)
            elif asked_at > self._heard_at:
                return
            else:
                asked_at = loop.time()
                connection.ask("PING")
        if ended.done():
            ended.result()


def _end(ended: "asyncio.Future[None]", error: Exception) -> None:
    if not ended.done():
        ended.set_exception(error)


def _is_cancelled() -> bool:
    """redis-py swallows it now and then."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
