"""One socket: let in, told what concerns its person, and its frames turned into commands."""

from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.events import session_group
from accounts.models import User
from accounts.tokens import InvalidToken, live_session, read_claims
from messaging import audience, events
from messaging.realtime import commands, handshake
from messaging.realtime.flood import Flood
from messaging.realtime.hub import hub

FLOODING = 4429


class ChatConsumer(AsyncWebsocketConsumer):
    user: User
    user_id: str = ""
    wants_delta = False
    joined = False

    async def connect(self) -> None:
        if not handshake.is_own_origin(self.scope):
            raise DenyConnection
        try:
            claims = read_claims(handshake.token(self.scope))
            # First listen for the session's end, then look whether it lives: no gap in between.
            await self.channel_layer.group_add(session_group(claims.session_id), self.channel_name)
            self.groups = [session_group(claims.session_id)]
            self.user = (await database_sync_to_async(live_session)(claims)).user
        except InvalidToken:
            raise DenyConnection from None
        await self._join()

    async def _join(self) -> None:
        self.user_id = self.user.pk
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.wants_delta = query.get("presence") == ["delta"]
        self.flood = Flood()
        group = audience.user_group(self.user_id)
        await self.channel_layer.group_add(group, self.channel_name)
        self.groups = [*self.groups, group]
        await self.accept()
        self.joined = True
        await hub().join(self)

    async def disconnect(self, code: int) -> None:
        if self.joined:
            self.joined = False
            await hub().leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A frame from the client. Nothing that is in it may raise."""
        wait = self.flood.refuses()
        if self.flood.is_over:
            await self.close(FLOODING)
        elif wait:
            await self.answer(events.ERROR, commands.too_many(wait))
        else:
            await commands.handle(self, text_data)

    async def answer(self, event: str, data: object) -> None:
        await self.send(text_data=events.frame(event, data))

    async def relay(self, message: dict[str, Any]) -> None:
        """The one handler for everything that services publish."""
        if message["origin"] != self.channel_name:
            await self.send(text_data=message["frame"])

    async def end(self, message: dict[str, Any]) -> None:
        await self.close(message["code"])
