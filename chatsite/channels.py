"""The one place that touches the channel layer."""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer, get_channel_layer

from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
PATIENCE = 5  # seconds for a channel layer that does not answer


def push(groups: list[str], message: dict[str, Any]) -> None:
    """Sends to every socket in the groups.

    A failure is logged: what is stored reaches clients by sync.
    """
    async_to_sync(apush)(groups, message)


async def apush(groups: list[str], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    for group in groups:
        try:
            async with asyncio.timeout(PATIENCE):
                await layer.group_send(group, message)
        except Exception:  # a broken layer must never fail the request whose row is saved
            metrics.PUSHES_FAILED.inc()
            logger.exception("a live event was not pushed")
            return


class MemoryLayer(InMemoryChannelLayer):
    """The in-memory layer, which counts what a group's full channels miss."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        try:
            await super().send(channel, message)
        except ChannelFull:
            metrics.EVENTS_DROPPED.inc()
            raise
