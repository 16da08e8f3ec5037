"""The one place that touches the channel layer."""

import asyncio
import logging
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer, get_channel_layer

from chatsite.breaker import Breaker
from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
PATIENCE = 1  # seconds for a channel layer that does not answer
PAUSE = 1  # seconds in which it is then left alone: senders must not wait one after another
_breakers: "WeakKeyDictionary[Any, Breaker]" = WeakKeyDictionary()


def push(groups: list[str], message: dict[str, Any]) -> None:
    """Sends to every socket in the groups.

    A failure is logged: what is stored reaches clients by sync.
    """
    async_to_sync(apush)(groups, message)


async def apush(groups: list[str], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
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
