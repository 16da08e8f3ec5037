"""One connection of somebody's, whichever door it came by: let in, told what concerns its person,
and its frames turned into commands.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.caller import Caller, live_caller
from accounts.events import session_group
from accounts.tokens import read_claims
from chatsite.fastpath.threads import read
from chatsite.live.broadcast import subscribe, unsubscribe
from chatsite.live.registry import LOST
from chatsite.monitoring import metrics
from chatsite.wire import with_address
from messaging import audience, events
from messaging.realtime import commands, crowd
from messaging.realtime.flood import Flood
from messaging.realtime.hub import hub
from messaging.realtime.outbox import TOO_SLOW

FLOODING = 4429
EARLY = 1000  # messages that wait for the end of a handshake

Query = Mapping[str, list[str]]


class Refused(Exception):
    """Says why, for those whom a door tells."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)


class ChatConsumer(ABC):
    """A door calls `let_in`, `join` once the client knows that it is in, `hear` with each frame,
    and at the end `leave`, whatever happened before.
    """

    __slots__ = (
        "_early",
        "address",
        "caller",
        "channel_name",
        "flood",
        "session_id",
        "user_id",
        "wants_delta",
    )
    caller: Caller

    def __init__(self, address: str) -> None:
        """`address` goes in front of pictures' paths, for pages of other origins."""
        self.address = address
        self.flood = Flood(settings.SOCKET_FRAMES_PER_SECOND)
        self.reset()

    def reset(self) -> None:
        """As it was before it was let in."""
        self.user_id = ""
        self.session_id = ""
        self.channel_name = secrets.token_hex(8)
        self.wants_delta = False
        self._early: list[dict[str, Any]] | None = []  # None once it was told who is online

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Nothing more is sent or wanted."""

    @abstractmethod
    def tell(self, frame: str) -> None:
        """Sends it, after those before it. Nobody waits for a slow client."""

    @abstractmethod
    def close(self, code: int) -> None:
        """At once: what still waits is dropped."""

    async def let_in(self, token: str, query: Query) -> None:
        """Raises InvalidToken, Refused, Busy, RedisError."""
        claims = read_claims(token)
        # First listen for the session's end, then look whether it lives: no gap in between.
        self.session_id = claims.session_id
        await subscribe(session_group(claims.session_id), self.deliver)
        self.caller = await read(lambda: live_caller(claims), about=claims.user_id)
        self.user_id = self.caller.pk
        if query.get("user", [self.user_id]) != [self.user_id]:
            # an old page of somebody else's, on a browser that changed hands
            raise Refused(_("Someone else has signed in here since."))
        if not crowd.lets_in(self.user_id, self):
            raise Refused(_("You have too many connections open."))
        self.wants_delta = query.get("presence") == ["delta"]
        await subscribe(audience.user_group(self.user_id), self.deliver)

    async def join(self) -> None:
        """What came during the handshake comes after the list of who is online."""
        await hub().join(self)
        early, self._early = self._early or [], None
        for message in early:
            self.deliver(message)

    async def leave(self) -> None:
        crowd.leave(self.user_id, self)
        hub().leave(self)
        unsubscribe(self.deliver)

    async def hear(self, text: str | None) -> None:
        """A frame from the client. Nothing that is in it may raise."""
        if self.is_closed:
            return
        wait = self.flood.refuses(len(text or ""))
        if self.flood.is_over:
            self.dismiss(FLOODING)
        elif wait:
            self.answer(events.ERROR, commands.too_many(wait))
        else:
            await commands.handle(self, text)

    def addressed(self, frame: str) -> str:
        return with_address(frame, self.address) if self.address else frame

    def answer(self, event: str, data: object) -> None:
        self.tell(events.frame(event, data))

    def deliver(self, message: dict[str, Any]) -> None:
        """A live event; services publish it."""
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

    def wants(self, message: dict[str, Any]) -> bool:
        """Not what it was answered already."""
        return bool(message["origin"] != self.channel_name)

    def _relay(self, message: dict[str, Any]) -> None:
        if self.wants(message):
            self.tell(message["frame"])
            if committed_at := message.get("committed_at"):
                metrics.note_delivery(committed_at)

    def dismiss(self, code: int) -> None:
        """Gone for the others at once, however long the client takes to close."""
        hub().leave(self)
        self.close(code)
