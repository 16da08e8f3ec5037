"""Publishes this worker's events to the others, over the channel layer."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from redis.exceptions import RedisError

from chatsite.live.registry import Message
from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
GROUP = "workers"  # of the channel layer; all workers are in it, and nobody else
PAUSE = 1  # seconds in which a Redis that failed is left alone
BACKLOG = 8 * 2**20  # characters that may wait for it
NAME = 30  # characters of a group's name, about
Event = tuple[Sequence[str], Message]  # the groups of sockets that receive it, and what


class Publisher:
    """Keeps the order, and puts all that waits into one message. Nobody waits for it.

    Messages with events are numbered, also those that could not be published, and a heartbeat
    carries the last number. So the other workers notice what they missed.
    """

    def __init__(self, layer: Any) -> None:
        self.worker_id = secrets.token_hex(8)
        self._layer = layer
        self._number = 0
        self._waiting: list[Event] = []
        self._size = 0
        self._wake = asyncio.Event()
        self._is_closing = False

    def publish(self, events: Sequence[Event]) -> None:
        if self._size > BACKLOG:
            self._number += 1
            metrics.PUSHES_FAILED.inc(len(events))
        else:
            self._waiting += events
            self._size += sum(map(_size, events))
        self._wake.set()

    def heartbeat(self) -> None:
        self._wake.set()

    def close(self) -> None:
        """`run` returns after a last message, with all that waits."""
        self._is_closing = True
        self._wake.set()

    async def run(self) -> None:
        is_last = False
        while not is_last and not is_cancelled():
            await self._wake.wait()
            self._wake.clear()
            is_last = self._is_closing
            await self._publish()

    async def _publish(self) -> None:
        events, self._waiting, self._size = self._waiting, [], 0
        self._number += bool(events)
        try:
            await self._layer.group_send(GROUP, packed(self.worker_id, self._number, events))
            return
        except (RedisError, OSError) as error:
            if events:
                logger.warning("live events were not published (%s)", type(error).__name__)
        except Exception:  # those that come later must be published
            logger.exception("live events were not published")
        metrics.PUSHES_FAILED.inc(len(events))
        await asyncio.sleep(0 if self._is_closing else PAUSE)


def is_cancelled() -> bool:
    """For every loop that uses the layer: redis-py swallows a cancellation now and then."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def packed(worker_id: str, number: int, events: Sequence[Event]) -> Message:
    """The message to the other workers. Recipients of several events in a row are named once:
    the names of a thousand people are 30 KB, an event some 600 bytes.
    """
    batches = [
        (groups, [message for _groups, message in some])
        for groups, some in groupby(events, key=itemgetter(0))
    ]
    return {"worker": worker_id, "number": number, "told": batches}


def _size(event: Event) -> int:
    groups, message = event
    return len(message.get("frame", "")) + NAME * len(groups)
