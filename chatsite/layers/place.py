"""A socket's place on the channel layer, whichever that is."""

import asyncio
import logging
from typing import Any

from channels.layers import get_channel_layer

from chatsite.layers.local import LocalLayer
from chatsite.layers.room import LOST, Deliver

logger = logging.getLogger(__name__)


class Place:
    """`deliver` is called with each message, in the thread of the event loop."""

    __slots__ = ("_deliver", "_groups", "_layer", "_listener", "channel")

    def __init__(self, deliver: Deliver) -> None:
        self.channel = ""
        self._deliver = deliver
        self._layer: Any = None
        self._groups: tuple[str, ...] = ()
        self._listener: asyncio.Task[None] | None = None

    @staticmethod
    def is_taken_at_once() -> bool:
        """In the memory of this process, where nobody has to be waited for."""
        return type(get_channel_layer()) is LocalLayer

    async def take(self) -> None:
        """Raises what the layer raises."""
        self._layer = get_channel_layer()
        if isinstance(self._layer, LocalLayer):
            self.channel = self._layer.new_name()
            self._layer.attach(self.channel, self._deliver)
        else:
            self.channel = await self._layer.new_channel()
            self._listener = asyncio.create_task(self._listen())

    async def enter(self, group: str) -> None:
        """Returns once no message to the group is missed. Raises what the layer raises."""
        if self._listener:
            self._groups = (*self._groups, group)
        await self._layer.group_add(group, self.channel)

    async def leave(self) -> None:
        """Nothing happens when none was taken. Raises what the layer raises."""
        if isinstance(self._layer, LocalLayer):
            self._layer.detach(self.channel)
        elif self._listener:
            self._listener.cancel()
            for group in self._groups:
                await self._layer.group_discard(group, self.channel)

    async def _listen(self) -> None:
        try:
            while True:
                self._deliver(await self._layer.receive(self.channel))
                await asyncio.sleep(0)  # what was delivered goes out, however many wait
        except Exception:
            logger.exception("a socket hears nothing any more")
            self._deliver({"type": LOST})
