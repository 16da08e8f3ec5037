"""A connection to Redis whose answers are taken as they come, with neither a task nor a timer for
each: there are several for every message that people send.

redis-py opens it, which knows all that an address may say of passwords, encryption and sockets.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import hiredis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ResponseError

NOTHING = object()  # to be read yet


class Connection(asyncio.Protocol):
    """`take` is called with each answer, refusals (ResponseError) among them, and `lost` when it
    breaks, but not when it is closed; both in the thread of the event loop.
    """

    def __init__(self, take: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self._take = take
        self._lost = lost
        self._reader = hiredis.Reader(replyError=ResponseError, notEnoughData=NOTHING)
        self._redis: Any = None
        self._transport: Any = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def open(self, url: str, patience: float) -> None:
        """Takes so many seconds at most. Raises RedisError, OSError."""
        options = {"retry": Retry(NoBackoff(), 0), "socket_timeout": patience, "protocol": 2}
        pool: Any = aioredis.ConnectionPool.from_url(url, **options)
        redis = pool.make_connection()
        try:
            async with asyncio.timeout(patience):
                await redis.connect()
        except BaseException:
            await redis.disconnect(nowait=True)
            raise
        # Kept, because it closes what it opened as soon as nobody has it any more.
        self._redis, self._transport = redis, redis._writer.transport
        self._transport.set_protocol(self)

    async def close(self) -> None:
        """Waits for nothing. Nothing happens when it is closed already."""
        redis, self._redis = self._redis, None
        if redis:
            self._transport.abort()
            await redis.disconnect(nowait=True)

    def ask(self, *command: bytes | str) -> None:
        parts: Any = command
        self._transport.write(hiredis.pack_command(parts))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not NOTHING:
            self._take(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._redis:
            self._lost()


class Dialogue:
    """One question after the other, over a connection that is replaced when it broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = self._unopened()
        self._answer: asyncio.Future[Any] | None = None

    async def ask(self, *command: bytes | str, patience: float) -> Any:
        """Waits for so many seconds. Raises RedisError, OSError."""
        try:
            return await self._ask(command, patience)
        except NoConnection:  # once more; not where there is no answer, which takes long
            return await self._ask(command, patience)

    async def close(self) -> None:
        await self._connection.close()

    async def _ask(self, command: tuple[bytes | str, ...], patience: float) -> Any:
        try:
            if not self._connection.is_open:
                await self._open(patience)
            self._answer = asyncio.get_running_loop().create_future()
            self._connection.ask(*command)
            async with asyncio.timeout(patience):
                return await self._answer
        except ResponseError:
            raise
        except BaseException:  # an answer that comes later is not for the next question
            await self.close()
            raise

    async def _open(self, patience: float) -> None:
        await self.close()
        self._connection = self._unopened()
        await self._connection.open(self._url, patience)

    def _unopened(self) -> Connection:
        return Connection(self._take, self._broke)

    def _take(self, answer: Any) -> None:
        if self._answer is None or self._answer.done():
            return
        if isinstance(answer, Exception):
            self._answer.set_exception(answer)
        else:
            self._answer.set_result(answer)

    def _broke(self) -> None:
        self._take(NoConnection("the connection broke"))
