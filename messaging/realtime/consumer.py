"""One socket: let in, told what concerns its person, and its frames turned into commands."""

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import get_handler_name
from channels.exceptions import DenyConnection, StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from redis.exceptions import RedisError

from accounts.events import session_group
from accounts.models import User
from accounts.tokens import InvalidToken, live_session, read_claims
from chatsite.db import in_thread
from chatsite.monitoring import metrics
from messaging import audience, events
from messaging.realtime import commands, crowd, handshake
from messaging.realtime.flood import Flood
from messaging.realtime.hub import hub
from messaging.realtime.outbox import Outbox

logger = logging.getLogger(__name__)
FLOODING = 4429
PATIENCE = 5  # seconds for a channel layer to let somebody in or out


class ChatConsumer(AsyncWebsocketConsumer):
    user: User
    user_id: str = ""
    session_id: str = ""
    wants_delta = False
    accepted = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups: list[str] = []
        self.flood = Flood(settings.SOCKET_FRAMES_PER_SECOND)
        self.outbox = Outbox(self.send, self.close)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Whatever ends a socket, nothing of it stays behind."""
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, TimeoutError) as error:
            logger.warning("a socket without channel layer (%s)", type(error).__name__)
            if not self.accepted:
                await send({"type": "websocket.close"})
        finally:
            await self._leave()

    async def _leave(self) -> None:
        self.outbox.stop()
        crowd.leave(self.user_id, self)
        hub().leave(self)
        for group in self.groups:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.channel_layer.group_discard(group, self.channel_name)
            except (RedisError, TimeoutError) as error:
                logger.warning("a group was not left (%s)", type(error).__name__)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Straight to the handler: where the database is used, its connections are looked after."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        if not handshake.is_own_origin(self.scope):
            raise DenyConnection
        try:
            claims = read_claims(handshake.token(self.scope))
            # First listen for the session's end, then look whether it lives: no gap in between.
            self.session_id = claims.session_id
            await self._enter(session_group(claims.session_id))
            self.user = (await in_thread(live_session)(claims)).user
        except InvalidToken:
            raise DenyConnection from None
        await self._join()

    async def _join(self) -> None:
        self.user_id = self.user.pk
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        if query.get("user", [self.user_id]) != [self.user_id]:
            raise DenyConnection  # an old page of somebody else's, on a browser that changed hands
        if not crowd.lets_in(self.user_id, self):
            raise DenyConnection
        self.wants_delta = query.get("presence") == ["delta"]
        await self._enter(audience.user_group(self.user_id))
        await self.accept()
        self.accepted = True
        await hub().join(self)

    async def _enter(self, group: str) -> None:
        self.groups.append(group)
        async with asyncio.timeout(PATIENCE):
            await self.channel_layer.group_add(group, self.channel_name)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """Offline at once, however long the channel layer takes to let go."""
        hub().leave(self)
        raise StopConsumer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A frame from the client. Nothing that is in it may raise."""
        if self.outbox.is_closed:
            return
        wait = self.flood.refuses(len(text_data or ""))
        if self.flood.is_over:
            self.dismiss(FLOODING)
        elif wait:
            self.answer(events.ERROR, commands.too_many(wait))
        else:
            await commands.handle(self, text_data)

    def answer(self, event: str, data: object) -> None:
        self.tell(events.frame(event, data))

    def tell(self, frame: str) -> None:
        self.outbox.put(frame)

    async def relay(self, message: dict[str, Any]) -> None:
        """The one handler for everything that services publish."""
        if message["origin"] != self.channel_name:
            self.tell(message["frame"])
            if committed_at := message.get("committed_at"):
                metrics.note_delivery(committed_at)

    async def end(self, message: dict[str, Any]) -> None:
        self.dismiss(message["code"])

    def dismiss(self, code: int) -> None:
        """Gone for the others at once, however long the client takes to close."""
        hub().leave(self)
        self.outbox.close(code)
