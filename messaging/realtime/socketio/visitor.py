"""Who opens a session of Engine.IO, as far as its request tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from accounts.tokens import InvalidToken, read_claims
from chatsite.guard.counting import network_of
from chatsite.interfaces import Scope
from messaging.realtime import handshake
from messaging.realtime.intake import Intake
from messaging.realtime.socketio.waiting import WaitingRoom

LONGEST = 8192  # characters of a packet from somebody who is not in


@dataclass(slots=True)
class Visitor:
    """`who`: a person, by a token that is signed right, else an address."""

    token: str  # from the cookie or a bearer header
    query: Mapping[str, list[str]]
    who: str
    is_known: bool
    room: WaitingRoom
    intake: Intake | None = None  # of its WebSocket

    @property
    def token_hash(self) -> int:
        return hash(self.token)

    def enter(self) -> bool:
        return self.room.lets_in(self.who, is_known=self.is_known)

    def leave(self) -> None:
        self.room.leave(self.who, is_known=self.is_known)


def visitor_of(scope: Scope, room: WaitingRoom) -> Visitor:
    token = handshake.token(scope)
    query = query_of(scope)
    try:
        return Visitor(token, query, read_claims(token).user_id, True, room)
    except InvalidToken:
        return Visitor(token, query, network_of(scope["client"][0]), False, room)


def query_of(scope: Scope) -> Mapping[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))
