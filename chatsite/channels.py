"""The one place that sends over the channel layer.

What fails is logged: what is stored reaches clients by sync.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer, get_channel_layer

from chatsite.breaker import Breaker
from chatsite.layers.local import LocalLayer, Sending
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import detached

logger = logging.getLogger(__name__)
PATIENCE = 1  # seconds for a channel layer that does not answer
PAUSE = 1  # seconds in which it is then left alone: senders must not wait one after another
UNDER_WAY = 1000  # messages that are handed over to a layer which takes its time
_breakers: "WeakKeyDictionary[Any, Breaker]" = WeakKeyDictionary()
_under_way: set[asyncio.Task[None]] = set()


class _Held(threading.local):
    sendings: list[Sending] | None = None


_held = _Held()


@contextmanager
def together() -> Iterator[None]:
    """What this thread pushes within goes out at the end of it: the event loop, which would be
    woken by each, is woken once.
    """
    _held.sendings = []
    try:
        yield
    finally:
        sendings, _held.sendings = _held.sendings, None
        if sendings:
            _push_or_log(sendings)


def push(groups: list[str], message: dict[str, Any]) -> None:
    """Sends to every socket in the groups, from a thread."""
    if _held.sendings is None:
        _push([(groups, message)])
    else:
        _held.sendings.append((groups, message))


def _push_or_log(sendings: list[Sending]) -> None:
    try:
        _push(sendings)
    except Exception:
        metrics.PUSHES_FAILED.inc()
        logger.exception("live events were not pushed")


def _push(sendings: list[Sending]) -> None:
    layer = get_channel_layer()
    if isinstance(layer, LocalLayer):
        layer.push(sendings)
        return
    for groups, message in sendings:
        async_to_sync(apush)(groups, message)


def hand_over(groups: list[str], message: dict[str, Any]) -> None:
    """The same in the thread of the event loop, where nothing may wait."""
    layer = get_channel_layer()
    if isinstance(layer, LocalLayer):
        layer.hand_over(groups, message)
    elif len(_under_way) < UNDER_WAY:
        task = asyncio.create_task(apush(groups, message), context=detached())
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
    else:
        metrics.PUSHES_FAILED.inc()


async def apush(groups: list[str], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if isinstance(layer, LocalLayer):
        layer.hand_over(groups, message)
    elif layer is not None:
        await _send(layer, groups, message)


async def _send(layer: Any, groups: list[str], message: dict[str, Any]) -> None:
    breaker = _breaker(layer)
    if not breaker.lets_through():
        return
    try:
        async with asyncio.timeout(PATIENCE):
            for group in groups:
                await layer.group_send(group, message)
    except Exception as error:  # a broken layer must never fail the request whose row is saved
        metrics.PUSHES_FAILED.inc()
        logger.exception("a live event was not pushed")
        if isinstance(error, TimeoutError):
            breaker.failed()
    else:
        breaker.worked()


def _breaker(layer: Any) -> Breaker:
    if layer not in _breakers:
        _breakers[layer] = Breaker(PAUSE)
    return _breakers[layer]


class MemoryLayer(InMemoryChannelLayer):
    """The in-memory layer, which counts what a group's full channels miss."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        try:
            await super().send(channel, message)
        except ChannelFull:
            metrics.EVENTS_DROPPED.inc()
            raise
