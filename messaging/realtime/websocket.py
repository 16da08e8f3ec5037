"""The native door: one WebSocket, whose frames are those of the contract."""

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs

from redis.exceptions import RedisError

from accounts.tokens import InvalidToken
from chatsite.errors import Busy
from chatsite.interfaces import Receive, Scope, Send
from messaging.realtime import handshake
from messaging.realtime.consumer import ChatConsumer, Refused
from messaging.realtime.intake import LARGEST, Intake
from messaging.realtime.outbox import Outbox
from messaging.realtime.wire import hush, wire_of

logger = logging.getLogger(__name__)


class ChatSocket(ChatConsumer):
    __slots__ = ("_send", "accepted", "outbox")

    def __init__(self, scope: Scope, send: Send) -> None:
        super().__init__(handshake.address_for(scope))
        self.accepted = False
        self.outbox = Outbox(self._send_text, self._send_close)
        self._send = send

    async def run(self, scope: Scope, receive: Receive) -> None:
        """Whatever ends a socket, nothing of it stays behind."""
        intake = Intake(scope, receive, LARGEST)
        try:
            await intake.receive()
            if await self._is_let_in(scope):
                intake.admit(self.user_id, LARGEST)
                await self._accept(scope)
                del scope
                while (message := await intake.receive())["type"] == "websocket.receive":
                    await self.hear(message.get("text"))
                    await asyncio.sleep(0)  # others have their turn, however many frames are there
        except (RedisError, TimeoutError) as error:
            logger.warning("a socket without channel layer (%s)", type(error).__name__)
            if not self.accepted:
                await self._send({"type": "websocket.close"})
        finally:
            intake.stop()
            self.outbox.stop()
            await self.leave()

    async def _is_let_in(self, scope: Scope) -> bool:
        """Nobody learns why not: a browser cannot read the answer to a handshake."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            if handshake.is_for_us(scope):
                token = await handshake.token_among(handshake.tokens(scope))
                await self.let_in(token, query)
                return True
        except (InvalidToken, Refused, Busy):
            pass
        await self._send({"type": "websocket.close"})
        return False

    async def _accept(self, scope: Scope) -> None:
        hush(scope)
        await self._send({"type": "websocket.accept"})
        self.accepted = True
        self.outbox.wire = wire_of(scope)
        await self.join()

    @property
    def is_closed(self) -> bool:
        return self.outbox.is_closed

    def tell(self, frame: str) -> None:
        self.outbox.put(self.addressed(frame))

    def close(self, code: int) -> None:
        self.outbox.close(code)

    async def _send_text(self, frame: str) -> None:
        await self._send({"type": "websocket.send", "text": frame})

    async def _send_close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})


def chat_socket(scope: Scope, receive: Receive, send: Send) -> Any:
    """The ASGI application."""
    return ChatSocket(scope, send).run(scope, receive)
