"""One event loop's connections to Redis: what is said to other processes, and what is heard."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

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
        self._url = url
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

    async def _run(self) -> None:
        # Once more where the connection broke; not where there is no answer, which takes long.
        retry = Retry(NoBackoff(), 1, supported_errors=(NoConnection,))
        try:
            async with _client(self._url, retry, socket_timeout=PATIENCE) as redis:
                while not _is_cancelled():
                    await self._has_more.wait()
                    self._has_more.clear()
                    await self._say_all(redis)
        finally:
            self._task = None

    async def _say_all(self, redis: Any) -> None:
        while (self._waiting or self._missed) and not _is_cancelled():
            if self._waiting:
                await self._say_some(redis)
            else:
                await self._say_what_was_missed(redis)

    async def _say_some(self, redis: Any) -> None:
        batch = self._next()
        try:
            await redis.publish(self._channel, self._pack([message for message, _groups in batch]))
        except (RedisError, OSError) as error:
            logger.warning("a live event was not pushed (%s)", type(error).__name__)
            for _message, groups in [*batch, *self._waiting]:
                self._drop(groups)
            self._waiting.clear()
            self._size = 0
            await asyncio.sleep(PAUSE)

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

    async def _say_what_was_missed(self, redis: Any) -> None:
        missed, self._missed = self._missed, set()
        try:
            await redis.publish(self._channel, self._pack([self._notice(sorted(missed))]))
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
        async with _client(self._url, Retry(NoBackoff(), 0)) as redis, redis.pubsub() as channel:
            async with asyncio.timeout(SILENCE):
                await channel.subscribe(self._channel)
            was_asked = False
            while not _is_cancelled():
                message = await channel.get_message(timeout=SILENCE)
                if message is None and was_asked:
                    return
                if was_asked := message is None:
                    await channel.ping()
                elif message["type"] == "message":
                    self._heard(message["data"])
                elif message["type"] == "subscribe":
                    self._hears = True
                    self._tried.set()


def _is_cancelled() -> bool:
    """redis-py swallows it now and then."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _client(url: str, retry: Retry, socket_timeout: float | None = None) -> Any:
    return aioredis.Redis.from_url(
        url, retry=retry, socket_timeout=socket_timeout, socket_connect_timeout=SILENCE
    )
