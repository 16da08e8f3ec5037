"""A client of Socket.IO: one session of Engine.IO, over polls or a WebSocket, and whose it is."""

import asyncio
import logging
import time
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts.tokens import InvalidToken
from chatsite.errors import Busy
from chatsite.language import read_in
from messaging.realtime import aliases
from messaging.realtime.close_codes import MISSED_EVENTS, SESSION_ENDED, TOO_MANY_FRAMES
from messaging.realtime.connection import AdmissionRefused, Connection, Query
from messaging.realtime.handshake import token_among
from messaging.realtime.socketio import pending
from messaging.realtime.socketio.engine import (
    CONNECT,
    CONNECT_ERROR,
    DISCONNECT,
    EngineSession,
    Packet,
)
from messaging.realtime.socketio.handshake import MAX_PACKET_LENGTH, OWN_MESSAGES, Handshake
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

logger = logging.getLogger(__name__)
FOR_GOOD = {SESSION_ENDED, TOO_MANY_FRAMES}  # clients that are disconnected do not come back
LEAVING = "1"  # the namespace
CLOSE_TIMEOUT = 10  # seconds to fetch the last packet
NEVER = float("inf")


class Client(Connection):
    """`deadline`: the moment (time.monotonic) after which it has nothing left to wait for.
    `body`: while one is read.
    """

    __slots__ = (
        "_has_responded",
        "_is_gone",
        "_last_packet",
        "_opened_by",
        "_sent_disconnect",
        "body",
        "deadline",
        "fingerprint",
        "handshake",
        "is_admitted",
        "is_polling",
        "is_receiving",
        "session",
        "wants_own",
    )

    def __init__(self, session: EngineSession, handshake: Handshake) -> None:
        super().__init__()
        self.session = session
        self.accepted_language = handshake.language
        self.picture_origin = handshake.picture_origin
        self.fingerprint = handshake.fingerprint
        self.deadline = time.monotonic() + pending.TIMEOUT
        self.is_admitted = False
        self.is_polling = False
        self.is_receiving = False
        self.body: asyncio.Timeout | None = None
        self._has_responded = False
        self._is_gone = False
        self._sent_disconnect = False
        self._last_packet = close()
        self._opened_by = handshake
        self.handshake: Handshake | None = handshake  # until it is admitted
        self.wants_own = handshake.query.get(OWN_MESSAGES) == ["true"]

    @property
    def is_closed(self) -> bool:
        return self.session.queue.is_closed

    def is_receiver(self, message: dict[str, Any]) -> bool:
        """The original sent to the receiver alone, and its front ends show by themselves what they
        sent.
        """
        is_own = message.get("author") == self.user_id  # a worker of an older version names none
        return super().is_receiver(message) and (self.wants_own or not is_own)

    def relay(self, message: dict[str, Any]) -> None:
        group = message.get("group")
        if group and message["author"] != self.user_id:
            message = {**message, "frame": aliases.by_group(message["frame"], group)}
        super().relay(message)

    def send_frame(self, frame: str) -> None:
        self._send(packet_of(self.addressed(frame)))
        if other := aliases.also(frame):
            self._send(packet_of(other))

    def close(self, code: int) -> None:
        if self.is_closed:
            return
        self._sent_disconnect = code in FOR_GOOD
        last_packet = message_of(encoded(DISCONNECT)) if self._sent_disconnect else close()
        self.session.queue.close(last_packet)
        self.deadline = time.monotonic() + CLOSE_TIMEOUT

    async def last_packet_fetched(self) -> None:
        """By a poll, and nothing comes any more. A client that was disconnected polls once more,
        while it reads that.
        """
        if self._sent_disconnect:
            self._sent_disconnect = False
            self.session.queue.close(close())
        else:
            await self.close_session()

    async def receive_packet(self, packet: str) -> None:
        """Of Socket.IO. What no client sends ends the session, and so do too many of the rest."""
        kind = packet[:1]
        if kind == "2" and self.is_admitted:
            await self._command(packet)
        elif self.throttle.take(len(packet)):
            await self.close_session()
        elif kind == "0" and len(packet) <= MAX_PACKET_LENGTH:
            await self._connect(packet)
        elif packet == LEAVING and self.is_admitted:
            await self._disconnect()
        elif kind != "3" or not self.is_admitted:  # an acknowledgement that was not requested
            await self.close_session()
        await asyncio.sleep(0)  # others have their turn, however many packets are there

    async def _command(self, packet: str) -> None:
        frame, number = command_of(packet)
        await self.receive_frame(frame)
        if number:
            self._put(f"3{number}[]")

    async def _connect(self, packet: str) -> None:
        namespace, auth = connect_of(packet)
        if namespace != OURS:
            self._refuse(_("Invalid namespace"), namespace)
        elif self._has_responded or self.handshake is None:
            await self.close_session()
        else:
            self._has_responded = True
            given = token_of(auth)
            tokens = [given] if given else self.handshake.tokens
            await self._authenticate(tokens, self.handshake.query)

    async def _authenticate(self, tokens: list[str], query: Query) -> None:
        try:
            await self.admit(await token_among(tokens), query)
        except InvalidToken:
            await self._reject(_INVALID if tokens else _NO_TOKEN)
        except AdmissionRefused as reason:
            await self._reject(reason.message)
        except (Busy, RedisError, TimeoutError) as error:
            logger.warning("a client of Socket.IO was not admitted (%s)", type(error).__name__)
            await self.close_session()  # without a word: after one, clients do not try again
        else:
            await self._accept()

    async def _reject(self, message: str | Promise) -> None:
        self._refuse(message)
        await super().leave()

    def _refuse(self, message: str | Promise, namespace: str = OURS) -> None:
        with read_in(self.language or self.accepted_language):
            self._put(encoded(CONNECT_ERROR, {"message": str(message)}, namespace))

    async def _accept(self) -> None:
        """Who went away meanwhile leaves nothing behind."""
        if not self._is_gone:
            if self.handshake and self.handshake.receiver:
                self.handshake.receiver.assign_to(self.user_id, settings.MAX_BODY_BYTES)
            self._end_handshake()
            self.is_admitted = True
            self.deadline = NEVER
            self._put(encoded(CONNECT, {"sid": self.session.new_id()}))
            await self.join()
        if self._is_gone:
            await super().leave()

    async def _disconnect(self) -> None:
        """From the namespace, and may connect again: until then it is as when it was opened."""
        self.is_admitted = self._has_responded = False
        await super().leave()
        if self._is_gone:  # meanwhile: nobody would count it out again
            return
        self.reset()
        if self._opened_by.begin():
            self.handshake = self._opened_by
            self.deadline = time.monotonic() + pending.TIMEOUT
        else:
            await self.close_session()

    def _put(self, packet: str) -> None:
        self._send(message_of(packet))

    def _send(self, packet: Packet) -> None:
        if self.session.queue.is_full:
            self.terminate(MISSED_EVENTS)
        else:
            self.session.queue.put_nowait(packet)

    def _end_handshake(self) -> None:
        if self.handshake:
            self.handshake.end()
            self.handshake = None

    async def close_session(self) -> None:
        """At once; the engine then says that it is gone."""
        await self.session.close()

    def has_closed(self) -> None:
        """By itself: its poll comes back with nothing, instead of a close packet."""
        self._last_packet = nothing()

    async def leave(self) -> None:
        self._is_gone = True
        self.session.queue.close(*(() if self.session.is_upgraded else (self._last_packet,)))
        self._end_handshake()
        self.drop_body()
        await super().leave()

    def drop_body(self) -> None:
        """What was read of it is let go, and its request is refused."""
        if self.body:
            self.body.reschedule(0)
            self.body = None


_NO_TOKEN = _("Unauthorized - No token provided")
_INVALID = _("Unauthorized - Invalid token")
