"""One client's connection, whichever transport carries it: who is admitted, what they are sent, and
their frames run as commands.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.events import session_group
from accounts.principal import Principal, live_principal
from accounts.tokens import Claims, read_claims
from chatsite.fastpath.threads import read
from chatsite.language import read_in
from chatsite.live.broadcast import subscribe, unsubscribe
from chatsite.live.registry import LOST
from chatsite.wire import with_address
from messaging import events, recipients
from messaging.queries.privacy import rules
from messaging.realtime import commands, connection_limits
from messaging.realtime.close_codes import MISSED_EVENTS, TOO_MANY_FRAMES
from messaging.realtime.presence.broadcaster import broadcaster
from messaging.realtime.token_bucket import TokenBucket

MAX_PENDING = 1000  # messages that wait for the end of a handshake

Query = Mapping[str, list[str]]


class AdmissionRefused(Exception):
    """With the reason, which some transports send."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


def _admitted(claims: Claims) -> Principal:
    rules()  # loads them for the event loop, which cannot
    return live_principal(claims)


class Connection(ABC):
    """A transport calls `admit`, `join` once the client knows that it is admitted, `receive_frame`
    with each frame, and at the end `leave`, whatever happened before.
    """

    __slots__ = (
        "_pending",
        "accepted_language",
        "channel_name",
        "claims",
        "language",
        "picture_origin",
        "principal",
        "session_id",
        "throttle",
        "user_id",
        "wants_delta",
    )
    claims: Claims  # of the token that it was opened by
    principal: Principal

    def __init__(self) -> None:
        self.accepted_language = settings.LANGUAGE_CODE  # by the browser
        self.picture_origin = ""  # goes before pictures' paths, for pages of other origins
        self.throttle = TokenBucket(settings.SOCKET_FRAMES_PER_SECOND)
        self.reset()

    def reset(self) -> None:
        """As it was before it was admitted."""
        self.user_id = ""
        self.session_id = ""
        self.channel_name = secrets.token_hex(8)
        self.wants_delta = False
        self.language = ""  # of what it is refused by; "" is the site's own
        # Live events; None once the client was sent who is online.
        self._pending: list[dict[str, Any]] | None = []

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Nothing more is sent or received."""

    @abstractmethod
    def send_frame(self, frame: str) -> None:
        """After those before it. Returns at once, however slow the client is."""

    @abstractmethod
    def close(self, code: int) -> None:
        """At once: what still waits is dropped."""

    async def admit(self, token: str, query: Query) -> None:
        """Raises InvalidToken, AdmissionRefused, Busy, RedisError."""
        claims = self.claims = read_claims(token)
        # First subscribe to the session's end, then look whether it lives: no gap in between.
        self.session_id = claims.session_id
        await subscribe(session_group(claims.session_id), self.deliver)
        self.principal = await read(lambda: _admitted(claims), key=claims.user_id)
        self.user_id = self.principal.pk
        self.choose(self.principal.language)
        if query.get("user", [self.user_id]) != [self.user_id]:
            # an old page of somebody else's, on a browser that changed hands
            raise AdmissionRefused(_("Someone else has signed in here since."))
        if not connection_limits.add(self.user_id, self):
            raise AdmissionRefused(_("You have too many connections open."))
        self.wants_delta = query.get("presence") == ["delta"]
        await subscribe(recipients.user_group(self.user_id), self.deliver)

    def choose(self, language: str) -> None:
        """Of the person; "" is the browser's."""
        chosen = language or self.accepted_language
        self.language = "" if chosen == settings.LANGUAGE_CODE else chosen

    async def join(self) -> None:
        """What came during the handshake comes after the list of who is online."""
        await broadcaster().join(self)
        pending, self._pending = self._pending or [], None
        for message in pending:
            self.deliver(message)

    async def leave(self) -> None:
        connection_limits.remove(self.user_id, self)
        broadcaster().leave(self)
        unsubscribe(self.deliver)

    async def receive_frame(self, text: str | None) -> None:
        """From the client. Nothing that is in it may raise."""
        if self.is_closed:
            return
        wait = self.throttle.take(len(text or ""))
        if self.throttle.is_ignored:
            self.terminate(TOO_MANY_FRAMES)
            return
        with read_in(self.language):
            if wait:
                self.send_event(events.ERROR, commands.too_many(wait))
            else:
                await commands.handle(self, text)

    def send_event(self, event: str, data: object) -> None:
        self.send_frame(events.frame(event, data))

    def addressed(self, frame: str) -> str:
        """With the addresses of pictures as this client needs them."""
        return with_address(frame, self.picture_origin) if self.picture_origin else frame

    def deliver(self, message: dict[str, Any]) -> None:
        """A live event, to the handler that its type names: at once, in the order in which they are
        sent.
        """
        if self._pending is not None:
            self._keep(self._pending, message)
        elif message["type"] == "relay":
            self.relay(message)
        elif message["type"] == "end":
            self.end(message)
        elif message["type"] == LOST:
            self.terminate(MISSED_EVENTS)

    def _keep(self, pending: list[dict[str, Any]], message: dict[str, Any]) -> None:
        if len(pending) < MAX_PENDING:
            pending.append(message)
        else:
            pending[-1] = {"type": LOST}

    def relay(self, message: dict[str, Any]) -> None:
        if "language" in message:
            self.choose(message["language"])
        if self.is_receiver(message):
            self.send_frame(message["frame"])

    def is_receiver(self, message: dict[str, Any]) -> bool:
        """Not of what it got as the response to a frame of its own."""
        return bool(message["origin"] != self.channel_name)

    def end(self, message: dict[str, Any]) -> None:
        """Of its session."""
        self.terminate(message["code"])

    def terminate(self, code: int) -> None:
        """Gone for the others at once, however long the client takes to close."""
        broadcaster().leave(self)
        self.close(code)
