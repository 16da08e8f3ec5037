"""What a client is still to be sent: the queue of an Engine.IO session, which can be closed.

Once there is a connection to write to (../frames.py), messages go there at once. What the engine
sends for itself still comes by the queue: in which order it comes does not matter.
"""

import asyncio

from chatsite.uvicorn_protocols.websockets import WebSocketProtocol
from messaging.realtime.frames import encoded
from messaging.realtime.send_queue import BACKLOG
from messaging.realtime.socketio.engine import MESSAGE, NOOP, Packet


class PacketQueue(asyncio.Queue[Packet | None]):
    """None ends whoever sends from here. `size` is in characters."""

    size = 0
    is_closed = False
    connection: WebSocketProtocol | None = None

    @property
    def is_full(self) -> bool:
        return self.size > BACKLOG or (
            self.connection is not None and self.connection.backlog() > BACKLOG
        )

    def put_nowait(self, item: Packet | None) -> None:
        if self.connection and item and item.packet_type == MESSAGE and not self.is_closed:
            self.connection.write(encoded(item.encode()))
        else:
            super().put_nowait(item)

    def switch_to(self, connection: WebSocketProtocol) -> None:
        """First what waits already, but for what was meant for a poll."""
        for packet in self._emptied():
            if packet and packet.packet_type != NOOP:
                connection.write(encoded(packet.encode()))
        self.connection = connection

    def close(self, *last: Packet) -> None:
        """What waits is dropped for these; nothing comes after them."""
        self._emptied()
        self.connection = None
        self.is_closed = False
        for packet in (*last, None):
            self.put_nowait(packet)
        self.is_closed = True

    def _emptied(self) -> list[Packet | None]:
        packets = []
        while not self.empty():
            packets.append(self.get_nowait())
            self.task_done()
        return packets

    def _put(self, item: Packet | None) -> None:
        """Engine.IO puts the end back that it took with the last packets."""
        if item is None or not self.is_closed:
            super()._put(item)
            self.size += _size(item)

    def _get(self) -> Packet | None:
        item: Packet | None = super()._get()
        self.size -= _size(item)
        return item


def _size(item: Packet | None) -> int:
    return len(item.data) if item and isinstance(item.data, str) else 0
