"""The door of Socket.IO: one session of Engine.IO, over polls or a WebSocket, and whose it is."""

import asyncio
import logging
import time
from typing import Any, cast

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from engineio.async_socket import AsyncSocket
from engineio.packet import Packet
from redis.exceptions import RedisError
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT

from accounts.events import SESSION_ENDED
from accounts.tokens import InvalidToken
from chatsite.errors import Busy
from messaging.realtime import aliases, handshake
from messaging.realtime.consumer import FLOODING, ChatConsumer, Query, Refused
from messaging.realtime.outbox import TOO_SLOW
from messaging.realtime.socketio import waiting
from messaging.realtime.socketio.backlog import Backlog
from messaging.realtime.socketio.packets import (
    OURS,
    close,
    command_of,
    connect_of,
    encoded,
    message_of,
    nothing,
    packet_of,
    token_of,
)
from messaging.realtime.socketio.visitor import LONGEST, OWN_MESSAGES, Visitor

logger = logging.getLogger(__name__)
FOR_GOOD = {SESSION_ENDED, FLOODING}  # closed with a word after which clients do not come back
LEAVING = "1"  # the namespace
FAREWELL = 10  # seconds to fetch it
NEVER = float("inf")


class Client(ChatConsumer):
    """`deadline`: the moment (time.monotonic) after which it has nothing left to wait for.
    `body`: while one is read.
    """

    __slots__ = (
        "_came_as",
        "_goodbye",
        "_is_answered",
        "_is_gone",
        "_is_told",
        "body",
        "deadline",
        "engine",
        "is_hearing",
        "is_in",
        "is_polling",
        "proof",
        "visitor",
        "wants_own",
    )

    def __init__(self, engine: AsyncSocket, visitor: Visitor) -> None:
        super().__init__(visitor.address)
        self.engine = engine
        self.proof = visitor.proof
        self.deadline = time.monotonic() + waiting.SECONDS
        self.is_in = False
        self.is_polling = False
        self.is_hearing = False
        self.body: asyncio.Timeout | None = None
        self._is_answered = False
        self._is_gone = False
        self._is_told = False
        self._goodbye = close()
        self._came_as = visitor
        self.visitor: Visitor | None = visitor  # until it is in
        self.wants_own = visitor.query.get(OWN_MESSAGES) == ["true"]

    @property
    def _backlog(self) -> Backlog:
        return cast(Backlog, self.engine.queue)

    @property
    def is_closed(self) -> bool:
        return self._backlog.is_ended

    def wants(self, message: dict[str, Any]) -> bool:
        """The original told the receiver alone, and its front ends show by themselves what they
        sent.
        """
        is_own = message.get("author") == self.user_id  # a worker of an older version names none
        return super().wants(message) and (self.wants_own or not is_own)

    def tell(self, frame: str) -> None:
        self._send(packet_of(self.addressed(frame)))
        if other := aliases.also(frame):
            self._send(packet_of(other))

    def close(self, code: int) -> None:
        if self.is_closed:
            return
        self._is_told = code in FOR_GOOD
        self._backlog.finish(message_of(encoded(DISCONNECT)) if self._is_told else close())
        self.deadline = time.monotonic() + FAREWELL

    async def fetched(self) -> None:
        """By a poll, and nothing comes any more. Whoever was told why asks once more, while they
        are at reading it.
        """
        if self._is_told:
            self._is_told = False
            self._backlog.finish(close())
        else:
            await self.end()

    async def take(self, packet: str) -> None:
        """A packet of Socket.IO. What no client sends ends the session, and so many of the rest."""
        kind = packet[:1]
        if kind == "2" and self.is_in:
            await self._command(packet)
        elif self.flood.refuses(len(packet)):
            await self.end()
        elif kind == "0" and len(packet) <= LONGEST:
            await self._knock(packet)
        elif packet == LEAVING and self.is_in:
            await self._step_out()
        elif kind != "3" or not self.is_in:  # an acknowledgement, which nobody asked for
            await self.end()
        await asyncio.sleep(0)  # others have their turn, however many packets are there

    async def _command(self, packet: str) -> None:
        frame, number = command_of(packet)
        await self.hear(frame)
        if number:
            self._put(f"3{number}[]")

    async def _knock(self, packet: str) -> None:
        namespace, auth = connect_of(packet)
        if namespace != OURS:
            self._refuse(_("Invalid namespace"), namespace)
        elif self._is_answered or self.visitor is None:
            await self.end()
        else:
            self._is_answered = True
            given = token_of(auth)
            await self._answer([given] if given else self.visitor.tokens, self.visitor.query)

    async def _answer(self, tokens: list[str], query: Query) -> None:
        try:
            await self.let_in(await handshake.token_among(tokens), query)
        except InvalidToken:
            await self._turn_away(_INVALID if tokens else _NO_TOKEN)
        except Refused as reason:
            await self._turn_away(str(reason))
        except (Busy, RedisError, TimeoutError) as error:
            logger.warning("a client of Socket.IO was not let in (%s)", type(error).__name__)
            await self.end()  # without a word: after one, clients do not try again
        else:
            await self._welcome()

    async def _turn_away(self, message: str | Promise) -> None:
        self._refuse(message)
        await super().leave()

    def _refuse(self, message: str | Promise, namespace: str = OURS) -> None:
        self._put(encoded(CONNECT_ERROR, {"message": str(message)}, namespace))

    async def _welcome(self) -> None:
        """Who went away meanwhile leaves nothing behind."""
        if not self._is_gone:
            if self.visitor and self.visitor.intake:
                self.visitor.intake.admit(self.user_id, settings.MAX_BODY_BYTES)
            self._leave_waiting_room()
            self.is_in = True
            self.deadline = NEVER
            self._put(encoded(CONNECT, {"sid": self.engine.server.generate_id()}))
            await self.join()
        if self._is_gone:
            await super().leave()

    async def _step_out(self) -> None:
        """Leaves the namespace, and may come in again by another CONNECT: until then it waits as
        whoever has just come.
        """
        self.is_in = self._is_answered = False
        await super().leave()
        if self._is_gone:  # meanwhile: nobody would let go of its place
            return
        self.reset()
        if self._came_as.enter():
            self.visitor = self._came_as
            self.deadline = time.monotonic() + waiting.SECONDS
        else:
            await self.end()

    def _put(self, packet: str) -> None:
        self._send(message_of(packet))

    def _send(self, packet: Packet) -> None:
        if self._backlog.is_full:
            self.dismiss(TOO_SLOW)
        else:
            self._backlog.put_nowait(packet)

    def _leave_waiting_room(self) -> None:
        if self.visitor:
            self.visitor.leave()
            self.visitor = None

    async def end(self) -> None:
        """At once; the engine then says that it is gone."""
        await self.engine.close(wait=False, abort=True)

    def has_closed(self) -> None:
        """By itself: its poll comes back with nothing, instead of being told to close."""
        self._goodbye = nothing()

    async def leave(self) -> None:
        self._is_gone = True
        self._backlog.finish(*(() if self.engine.upgraded else (self._goodbye,)))
        self._leave_waiting_room()
        self.drop_body()
        await super().leave()

    def drop_body(self) -> None:
        """What was read of it is let go, and its request is refused."""
        if self.body:
            self.body.reschedule(0)
            self.body = None


_NO_TOKEN = _("Unauthorized - No token provided")
_INVALID = _("Unauthorized - Invalid token")
