"""One socket: let in, told what concerns its person, and its frames turned into commands."""

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from redis.exceptions import RedisError

from accounts.caller import Caller, live_caller
from accounts.events import session_group
from accounts.tokens import InvalidToken, read_claims
from chatsite.fastpath.jobs import Busy
from chatsite.fastpath.threads import read
from chatsite.interfaces import Receive, Scope, Send
from chatsite.layers.place import Place
from chatsite.layers.room import LOST
from chatsite.monitoring import metrics
from messaging import audience, events
from messaging.realtime import commands, crowd, handshake
from messaging.realtime.flood import Flood
from messaging.realtime.hub import hub
from messaging.realtime.outbox import TOO_SLOW, Outbox
from messaging.realtime.wire import wire_of

logger = logging.getLogger(__name__)
FLOODING = 4429
PATIENCE = 5  # seconds for a channel layer to let somebody in or out
EARLY = 1000  # messages that wait for the end of a handshake


class Refused(Exception):
    """Nobody learns why."""


class ChatConsumer:
    __slots__ = (
        "_early",
        "_place",
        "_send",
        "accepted",
        "caller",
        "channel_name",
        "flood",
        "outbox",
        "session_id",
        "user_id",
        "wants_delta",
    )
    caller: Caller

    def __init__(self, send: Send) -> None:
        self.user_id = ""
        self.session_id = ""
        self.channel_name = ""
        self.wants_delta = False
        self.accepted = False
        self.flood = Flood(settings.SOCKET_FRAMES_PER_SECOND)
        self.outbox = Outbox(self._send_text, self._close)
        self._send = send
        self._place = Place(self.deliver)
        self._early: list[dict[str, Any]] | None = []  # None once it was told who is online

    async def run(self, scope: Scope, receive: Receive) -> None:
        """Whatever ends a socket, nothing of it stays behind."""
        try:
            await receive()
            if await self._is_let_in(scope):
                await self._join(scope)
                del scope
                while (message := await receive())["type"] == "websocket.receive":
                    await self._hear(message.get("text"))
                    await asyncio.sleep(0)  # others have their turn, however many frames are there
        except (RedisError, TimeoutError) as error:
            logger.warning("a socket without channel layer (%s)", type(error).__name__)
            if not self.accepted:
                await self._send({"type": "websocket.close"})
        finally:
            await self._leave()

    async def _is_let_in(self, scope: Scope) -> bool:
        try:
            await self._check(scope)
        except (InvalidToken, Refused, Busy):
            await self._send({"type": "websocket.close"})
            return False
        return True

    async def _check(self, scope: Scope) -> None:
        if not handshake.is_own_origin(scope):
            raise Refused
        claims = read_claims(handshake.token(scope))
        # First listen for the session's end, then look whether it lives: no gap in between.
        self.session_id = claims.session_id
        await self._enter(session_group(claims.session_id))
        self.caller = await read(lambda: live_caller(claims), about=claims.user_id)
        self.user_id = self.caller.pk
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if query.get("user", [self.user_id]) != [self.user_id]:
            raise Refused  # an old page of somebody else's, on a browser that changed hands
        if not crowd.lets_in(self.user_id, self):
            raise Refused
        self.wants_delta = query.get("presence") == ["delta"]
        await self._enter(audience.user_group(self.user_id))

    async def _enter(self, group: str) -> None:
        if self._place.is_taken_at_once():
            await self._take(group)
        else:
            async with asyncio.timeout(PATIENCE):
                await self._take(group)

    async def _take(self, group: str) -> None:
        if not self.channel_name:
            await self._place.take()
            self.channel_name = self._place.channel
        await self._place.enter(group)

    async def _join(self, scope: Scope) -> None:
        """What came during the handshake comes after the list of who is online."""
        await self._send({"type": "websocket.accept"})
        self.accepted = True
        self.outbox.wire = wire_of(scope)
        await hub().join(self)
        early, self._early = self._early or [], None
        for message in early:
            self.deliver(message)

    async def _leave(self) -> None:
        """Offline at once, however long the channel layer takes to let go."""
        self.outbox.stop()
        crowd.leave(self.user_id, self)
        hub().leave(self)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._place.leave()
        except (RedisError, TimeoutError) as error:
            logger.warning("a group was not left (%s)", type(error).__name__)

    async def _hear(self, text: str | None) -> None:
        """A frame from the client. Nothing that is in it may raise."""
        if self.outbox.is_closed:
            return
        wait = self.flood.refuses(len(text or ""))
        if self.flood.is_over:
            self.dismiss(FLOODING)
        elif wait:
            self.answer(events.ERROR, commands.too_many(wait))
        else:
            await commands.handle(self, text)

    def answer(self, event: str, data: object) -> None:
        self.tell(events.frame(event, data))

    def tell(self, frame: str) -> None:
        self.outbox.put(frame)

    def deliver(self, message: dict[str, Any]) -> None:
        """What comes over the channel layer; services publish it."""
        if self._early is not None:
            self._keep(self._early, message)
        elif message["type"] == "relay":
            self._relay(message)
        elif message["type"] == "end":
            self.dismiss(message["code"])
        elif message["type"] == LOST:
            self.dismiss(TOO_SLOW)

    def _keep(self, early: list[dict[str, Any]], message: dict[str, Any]) -> None:
        if len(early) < EARLY:
            early.append(message)
        else:
            early[-1] = {"type": LOST}

    def _relay(self, message: dict[str, Any]) -> None:
        if message["origin"] != self.channel_name:
            self.outbox.put(message["frame"])
            if committed_at := message.get("committed_at"):
                metrics.note_delivery(committed_at)

    def dismiss(self, code: int) -> None:
        """Gone for the others at once, however long the client takes to close."""
        hub().leave(self)
        self.outbox.close(code)

    async def _send_text(self, frame: str) -> None:
        await self._send({"type": "websocket.send", "text": frame})

    async def _close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})


def chat_socket(scope: Scope, receive: Receive, send: Send) -> Any:
    """The ASGI application."""
    return ChatConsumer(send).run(scope, receive)
