"""The one place that touches the channel layer."""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

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
            logger.exception("a live event was not pushed")
            return
