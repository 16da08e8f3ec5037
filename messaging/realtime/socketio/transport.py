"""The WebSocket that an Engine.IO session is carried by, as the engine wants one.

Frames are written straight to the server's connection where there is one (../frames.py), as those
of the native socket are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from chatsite.interfaces import Message, Receive, Send
from chatsite.uvicorn_protocols.websockets import WebSocketProtocol
from messaging.realtime.frames import connection_for_writing, encoded
from messaging.realtime.send_queue import BACKLOG, CLOSE_TIMEOUT
from messaging.realtime.socketio.packet_queue import PacketQueue
from messaging.realtime.socketio.packets import is_plain

PROBE = "2probe"
UPGRADED = "5"
NOTHING = "6"
OF_AN_UPGRADE = (PROBE, UPGRADED)  # nothing else comes before, nor these later
UPGRADE_TIMEOUT = 10  # seconds for each of them


class Ended(OSError):
    """The engine takes it for a connection that broke."""


class WebSocket:
    """Wrong frames end it, before anything reads what is in them."""

    _receive: Receive
    _send: Send

    def __init__(
        self,
        run: Callable[["WebSocket"], Awaitable[None]],
        queue: PacketQueue,
        *,
        is_an_upgrade: bool,
    ) -> None:
        """`run` is the session's: it sends and waits by this socket until its end."""
        self._run = run
        self._queue = queue
        self._connection: WebSocketProtocol | None = None
        self._awaited = [*OF_AN_UPGRADE] if is_an_upgrade else []

    async def __call__(self, environ: dict[str, Any]) -> str:
        """What it returns is no response: nothing is left to respond to."""
        scope = environ["asgi.scope"]
        self._receive, self._send = environ["asgi.receive"], environ["asgi.send"]
        await self._send({"type": "websocket.accept"})
        self._connection = connection_for_writing(scope)
        self._switch_to_connection()
        environ.clear()  # some KiB, which the engine keeps for as long as the socket lives
        del scope
        await self._run(self)
        return ""

    async def wait(self) -> str:
        message = await (self._soon() if self._awaited else self._receive())
        packet = message.get("text")
        if message["type"] != "websocket.receive" or not self._is_in_order(packet):
            raise Ended
        if packet == UPGRADED:
            self._switch_to_connection()
        await asyncio.sleep(0)  # others have their turn, however many frames are there
        return str(packet)

    def _switch_to_connection(self) -> None:
        """Once the session is carried by this socket alone, be it from its beginning."""
        if self._connection and not self._awaited and not self._queue.is_closed:
            self._queue.switch_to(self._connection)

    async def _soon(self) -> Message:
        async with asyncio.timeout(UPGRADE_TIMEOUT):
            return await self._receive()

    def _is_in_order(self, packet: object) -> bool:
        return packet == self._awaited.pop(0) if self._awaited else is_plain(packet)

    async def send(self, packet: str) -> None:
        if packet == NOTHING:  # was for the poll that an upgrade ends
            return
        if self._connection is None:
            await self._send({"type": "websocket.send", "text": packet})
        elif self._connection.backlog() > BACKLOG or not self._connection.write(encoded(packet)):
            raise Ended

    async def close(self) -> None:
        """A client that does not even read this is cut off, where that can be done."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT if self._connection else None):
                with suppress(OSError, RuntimeError):  # closed already
                    await self._send({"type": "websocket.close"})
        except TimeoutError:
            if self._connection:
                self._connection.abort()
