"""The native WebSocket, as a consumer of Channels: its frames are those of the contract."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from redis.exceptions import RedisError

from accounts.tokens import InvalidToken
from chatsite.errors import Busy
from chatsite.interfaces import Message, Receive, Scope, Send
from chatsite.security.handshakes import picture_origin
from messaging.realtime import handshake
from messaging.realtime.connection import AdmissionRefused, Connection
from messaging.realtime.frames import connection_for_writing
from messaging.realtime.receive_budget import MAX_FRAME_BYTES, Receiver
from messaging.realtime.send_queue import SendQueue

logger = logging.getLogger(__name__)


class ChatConsumer(Connection, AsyncConsumer):
    """Routed in messaging/routing.py, by `as_asgi()`.

    `__call__`, `dispatch` and `send` are its own. Those of Channels have a task each for the client
    and the channel layer, and look for old database connections in a thread before each message.
    Measured side by side, with them an idle socket takes 34 KiB instead of 26, and of the server's
    processor a connect takes twice as much, a send by socket one and a half times.
    """

    scope: Scope
    receiver: Receiver

    def __init__(self) -> None:
        super().__init__()
        self.queue = SendQueue(self._send_text, self._send_close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever ends a socket, nothing of it stays behind."""
        self.scope = scope
        self._send = send
        self.receiver = Receiver(scope, receive, MAX_FRAME_BYTES)
        try:
            while True:
                await self.dispatch(await self.receiver())
        except StopConsumer:
            pass
        finally:
            self.receiver.stop()
            self.queue.stop()
            await self.leave()

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """From the client. Those of the channel layer come by `deliver`."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def send(self, message: Message) -> None:
        await self._send(message)

    async def websocket_connect(self, message: Mapping[str, Any]) -> None:
        """Nobody learns why not: a browser cannot read the response to a handshake."""
        if not await self._is_admitted():
            await self.send({"type": "websocket.close"})
            raise StopConsumer
        self.receiver.assign_to(self.user_id, MAX_FRAME_BYTES)
        await self.send({"type": "websocket.accept"})
        self.queue.connection = connection_for_writing(self.scope)
        await self.join()

    async def websocket_receive(self, message: Mapping[str, Any]) -> None:
        await self.receive_frame(message.get("text"))
        await asyncio.sleep(0)  # others have their turn, however many frames are there

    async def websocket_disconnect(self, message: Mapping[str, Any]) -> None:
        raise StopConsumer

    async def _is_admitted(self) -> bool:
        self.picture_origin = picture_origin(self.scope)
        self.accepted_language = handshake.language_of(self.scope)
        try:
            token = await handshake.token_among(handshake.tokens(self.scope))
            await self.admit(token, parse_qs(self.scope["query_string"].decode("latin-1")))
        except (InvalidToken, AdmissionRefused, Busy):
            return False
        except (RedisError, TimeoutError) as error:
            logger.warning("a socket without channel layer (%s)", type(error).__name__)
            return False
        return True

    @property
    def is_closed(self) -> bool:
        return self.queue.is_closed

    def send_frame(self, frame: str) -> None:
        self.queue.put(self.addressed(frame))

    def close(self, code: int) -> None:
        self.queue.close(code)

    async def _send_text(self, frame: str) -> None:
        await self.send({"type": "websocket.send", "text": frame})

    async def _send_close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})
