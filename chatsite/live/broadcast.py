"""Sends live events to sockets: to those of this worker at once, to those of others over Redis.

A request whose row is saved never fails or waits for it: what is lost reaches clients by sync.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from chatsite.breaker import Breaker
from chatsite.live.publisher import GROUP, PAUSE, Event, Publisher, packed
from chatsite.live.registry import Deliver, Message, Registry
from chatsite.live.subscriber import Subscriber
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import detached

logger = logging.getLogger(__name__)


class Worker:
    """The live events of one event loop. Without a channel layer there are no other workers."""

    def __init__(self, layer: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.registry = Registry()
        self._publisher: Publisher | None = None
        if layer:
            self._publisher = Publisher(layer)
            self._subscriber = Subscriber(layer, self.registry, self._publisher)
            self._publishing = asyncio.create_task(self._publisher.run(), context=detached())
            self._subscribing = asyncio.create_task(self._subscriber.run(), context=detached())

    async def ready(self) -> None:
        """Returns once nothing that others publish from now on is missed. Raises RedisError."""
        if self._publisher:
            await self._subscriber.ready()

    def send(self, events: Sequence[Event]) -> None:
        with _never_failing(events):
            for groups, message in events:
                self.registry.deliver(groups, message)
            if self._publisher:
                self._publisher.publish(events)

    async def close(self) -> None:
        """Returns once everything is published."""
        if self._publisher:
            self._publisher.close()
            await self._publishing
            self._subscribing.cancel()
            await asyncio.wait([self._subscribing])


_worker: Worker | None = None
_breaker = Breaker(PAUSE)


class _Batch(threading.local):
    events: list[Event] | None = None


_batch = _Batch()


def worker() -> Worker:
    """The one of the running event loop. A process has one, but for tests."""
    global _worker
    if _worker is None or _worker.loop is not asyncio.get_running_loop():
        _worker = Worker(get_channel_layer() if settings.REDIS_URL else None)
    return _worker


async def subscribe(group: str, deliver: Deliver) -> None:
    """Returns once nothing that is sent to the group from now on is missed. Raises RedisError."""
    worker().registry.subscribe(group, deliver)
    await worker().ready()


def unsubscribe(deliver: Deliver) -> None:
    """From all of its groups. Nothing happens when it is in none."""
    worker().registry.unsubscribe(deliver)


def broadcast(groups: Sequence[str], message: Message) -> None:
    """Sends it to every socket in the groups, from any thread: at once in that of the event loop.
    What one thread sends arrives in its order. Never raises.
    """
    if _batch.events is None:
        _send([(groups, message)])
    else:
        _batch.events.append((groups, message))


@contextmanager
def batched() -> Iterator[None]:
    """What this thread broadcasts within is sent at the end, and wakes the event loop once."""
    _batch.events = []
    try:
        yield
    finally:
        events, _batch.events = _batch.events, None
        if events:
            _send(events)


def _send(events: Sequence[Event]) -> None:
    there = _worker
    with _never_failing(events):
        if there is None or not there.loop.is_running():
            _send_as_command(events)
        elif there.thread == threading.get_ident():
            there.send(events)
        else:
            # What the sender's context holds is not the receivers'.
            there.loop.call_soon_threadsafe(there.send, events, context=Context())


@contextmanager
def _never_failing(events: Sequence[Event]) -> Iterator[None]:
    try:
        yield
    except Exception:
        metrics.PUSHES_FAILED.inc(len(events))
        logger.exception("live events were not sent")


def _send_as_command(events: Sequence[Event]) -> None:
    """From a process without an event loop. It waits, though only once while Redis is away."""
    layer = get_channel_layer() if settings.REDIS_URL else None
    if layer is None:
        return
    if not _breaker.allows_request():
        metrics.PUSHES_FAILED.inc(len(events))
        return
    try:
        async_to_sync(layer.group_send)(GROUP, packed("", 0, events))
        _breaker.record_success()
    except (RedisError, OSError) as error:
        metrics.PUSHES_FAILED.inc(len(events))
        _breaker.record_failure()
        logger.warning("live events were not published (%s)", type(error).__name__)
