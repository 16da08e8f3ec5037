"""What is read from the request that opens a session of Engine.IO."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from accounts.tokens import InvalidToken, read_claims
from chatsite.interfaces import Scope
from chatsite.security.handshakes import picture_origin
from chatsite.security.request_limits import client_network
from messaging.realtime.handshake import language_of, tokens
from messaging.realtime.receive_budget import Receiver
from messaging.realtime.socketio.pending import PendingSessions

OWN_MESSAGES = "ownMessages"
HEEDED = ("user", "presence", OWN_MESSAGES)  # in the query
MAX_PACKET_LENGTH = 8192  # characters of a packet from somebody who is not admitted


@dataclass(slots=True)
class Handshake:
    """`who`: a person, by a token that is signed right, else an address."""

    tokens: list[str]  # from the cookies or a bearer header
    picture_origin: str
    query: Mapping[str, list[str]]
    fingerprint: int
    language: str  # the browser's
    who: str
    is_identified: bool
    pending: PendingSessions
    receiver: Receiver | None = None  # of its WebSocket

    def begin(self) -> bool:
        """False when too many wait already."""
        return self.pending.add(self.who, is_identified=self.is_identified)

    def end(self) -> None:
        self.pending.remove(self.who, is_identified=self.is_identified)


def handshake_of(scope: Scope, pending: PendingSessions) -> Handshake:
    given = tokens(scope)
    person = next(filter(None, map(_signer, given)), "")
    return Handshake(
        tokens=given,
        picture_origin=picture_origin(scope),
        query={name: values for name, values in query_of(scope).items() if name in HEEDED},
        fingerprint=fingerprint_of(scope),
        language=language_of(scope),
        who=person or _network(scope),
        is_identified=bool(person),
        pending=pending,
    )


def _signer(token: str) -> str:
    try:
        return read_claims(token).user_id
    except InvalidToken:
        return ""


def fingerprint_of(scope: Scope) -> int:
    """What each request of a session has to come with: the tokens in its headers, of which a later
    one is as good, or, where the client hands its token over as `auth.token`, the address of the
    first.
    """
    return hash(tuple(map(_meant, tokens(scope))) or _network(scope))


def _meant(token: str) -> str:
    """The session that it opens, if it is signed right."""
    try:
        return read_claims(token).session_id
    except InvalidToken:
        return token


def _network(scope: Scope) -> str:
    return client_network(scope["client"][0])


def query_of(scope: Scope) -> Mapping[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))
