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

OWN_MESSAGES = "ownMessages"
HEEDED = ("user", "presence", OWN_MESSAGES)  # in the query of the handshake
LONGEST = 8192  # characters of a packet from somebody who is not in


@dataclass(slots=True)
class Visitor:
    """`who`: a person, by a token that is signed right, else an address."""

    tokens: list[str]  # from the cookies or a bearer header
    address: str  # for pictures, on a page of another origin
    query: Mapping[str, list[str]]
    proof: int
    who: str
    is_known: bool
    room: WaitingRoom
    intake: Intake | None = None  # of its WebSocket

    def enter(self) -> bool:
        return self.room.lets_in(self.who, is_known=self.is_known)

    def leave(self) -> None:
        self.room.leave(self.who, is_known=self.is_known)


def visitor_of(scope: Scope, room: WaitingRoom) -> Visitor:
    tokens = handshake.tokens(scope)
    person = next(filter(None, map(_signer, tokens)), "")
    return Visitor(
        tokens=tokens,
        address=handshake.address_for(scope),
        query={name: values for name, values in query_of(scope).items() if name in HEEDED},
        proof=proof_of(scope),
        who=person or _network(scope),
        is_known=bool(person),
        room=room,
    )


def _signer(token: str) -> str:
    try:
        return read_claims(token).user_id
    except InvalidToken:
        return ""


def proof_of(scope: Scope) -> int:
    """What each request of a session has to come with: the tokens in its headers, or, where the
    client hands its token over as `auth.token`, the address of the first.
    """
    return hash(tuple(handshake.tokens(scope)) or _network(scope))


def _network(scope: Scope) -> str:
    return network_of(scope["client"][0])


def query_of(scope: Scope) -> Mapping[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))
