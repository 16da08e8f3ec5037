"""Receives the events of other workers, and notices when some are missing.

Redis delivers what is published at most once, and its client reconnects without a word. So losses
are noticed end to end: by a hole in the numbers that each worker gives to its messages, and by this
worker's own heartbeat, which does not come back while Redis is away. Then all sockets of this
worker close with 4408: clients reconnect, and sync.

Another worker's silence closes nothing. It may have ended or died, or just be slow, and closing
sockets would spread its trouble to all. Should it come back, its last number is still known. If it
died between a commit and its event, clients find the message by their next sync.
"""

import asyncio
import logging
from typing import Any

from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from chatsite.live.publisher import GROUP, PAUSE, Publisher, is_cancelled
from chatsite.live.registry import Message, Registry

logger = logging.getLogger(__name__)
HEARTBEAT = 1  # seconds between two
MISSING = 5  # heartbeats that did not come back, after which Redis counts as silent
REMEMBERED = 1000  # workers, those that ended included


class Subscriber:
    def __init__(self, layer: Any, registry: Registry, publisher: Publisher) -> None:
        self._layer = layer
        self._registry = registry
        self._publisher = publisher
        self._numbers: dict[str, int] = {}  # the last of each other worker
        self._beats = 0  # since it subscribed
        # Heartbeats that did not come back. They are counted, not timed: a process that stood
        # still for a while first reads what has arrived.
        self._missing = 0
        self._is_ready = False
        self._tried = asyncio.Event()

    async def ready(self) -> None:
        """Returns once nothing that others publish from now on is missed. Raises RedisError."""
        await self._tried.wait()
        if not self._is_ready:
            raise NoConnection("Redis passes on no live events")

    async def run(self) -> None:
        while not is_cancelled():
            try:
                await self._listen()
                logger.warning("live events: Redis is silent")
            except (RedisError, OSError) as error:
                logger.warning("live events: not subscribed (%s)", type(error).__name__)
            except Exception:  # whatever it is, it must be tried again
                logger.exception("live events: not subscribed")
            self._is_ready = False
            self._tried.set()
            self._registry.report_loss()
            await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        """Returns once Redis is silent."""
        self._numbers.clear()
        self._beats = self._missing = 0
        receiving: asyncio.Task[None] | None = None
        try:
            channel = await self._layer.new_channel()
            await self._layer.group_add(GROUP, channel)
            receiving = asyncio.create_task(self._receive(channel))
            while not is_cancelled() and self._missing < MISSING and not receiving.done():
                self._beats += 1
                self._missing += 1
                self._publisher.heartbeat()
                await asyncio.sleep(HEARTBEAT)
        finally:
            try:
                await self._layer.flush()  # its connections may be half open
            finally:
                if receiving is not None:
                    receiving.cancel()

    async def _receive(self, channel: str) -> None:
        while not is_cancelled():
            try:
                self.take(await self._layer.receive(channel))
            except (ValueError, TypeError, KeyError):  # of another version, perhaps
                logger.warning("a message of another worker could not be read")

    def take(self, message: Message) -> None:
        worker_id, number, batches = message["worker"], message["number"], message["told"]
        if worker_id == self._publisher.worker_id:
            self._missing = 0
            self._is_ready = True
            self._tried.set()
        elif self._is_new(worker_id, number, len(batches) > 0):
            for groups, events in batches:
                for event in events:
                    self._registry.deliver(groups, event)

    def _is_new(self, worker_id: str, number: int, has_events: bool) -> bool:
        """Whether it is no repetition. Also reports a loss before it."""
        if not worker_id:  # a command, which does not live long enough to count
            return True
        # An unknown worker starts at 0, unless this one has just started itself.
        unknown = number - has_events if self._beats < MISSING else 0
        last = self._numbers.pop(worker_id, unknown)
        self._numbers[worker_id] = max(last, number)
        while len(self._numbers) > REMEMBERED:
            del self._numbers[next(iter(self._numbers))]
        if number > last + has_events:
            logger.warning("live events of another worker were lost")
            self._registry.report_loss()
        return number > last
