"""Where the servers and their doors differ on the wire; the calls of the original are the same."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from benchmarks.load.sockets import RUN, OurSocket, PeerSocket, Socket

ROOM = "bench"


@dataclass(frozen=True)
class Person:
    id: str
    token: str


@dataclass(frozen=True)
class Crowd:
    """Those whom one message reaches, and how it is sent."""

    sender: Person
    receivers: list[Person]  # a socket each
    room: str
    path: str


class Dialect(ABC):
    socket: type[Socket]

    @abstractmethod
    def socket_path(self, room: str) -> str: ...

    @abstractmethod
    def message(self, number: int, text: str) -> dict[str, Any]: ...

    @abstractmethod
    def crowd(self, people: list[Person], size: int) -> Crowd: ...

    def send_path(self, receiver: str) -> str:
        return f"/api/messages/send/{receiver}"

    def history_path(self, peer: str) -> str:
        return f"/api/messages/{peer}"


class Ours(Dialect):
    socket = OurSocket

    def socket_path(self, room: str) -> str:
        return "/ws/chat/?presence=delta"

    def message(self, number: int, text: str) -> dict[str, Any]:
        return {"text": text, "clientMessageId": f"{RUN}-{number}"}

    def crowd(self, people: list[Person], size: int) -> Crowd:
        """One person with many sockets: groups are measured by themselves."""
        receiver = people[1]
        return Crowd(people[0], [receiver] * size, "", self.send_path(receiver.id))


class OursBySocketIO(Ours):
    """Its second door: all but the sockets is the same."""

    socket = PeerSocket

    def socket_path(self, room: str) -> str:
        return "/socket.io/?EIO=4&transport=websocket&presence=delta"


class Peer(Dialect):
    socket = PeerSocket

    def socket_path(self, room: str) -> str:
        path = "/socket.io/?EIO=4&transport=websocket"
        return f"{path}&group={room}" if room else path

    def message(self, number: int, text: str) -> dict[str, Any]:
        return {"text": text}

    def crowd(self, people: list[Person], size: int) -> Crowd:
        """One socket knows one person here, so many of one are not possible: a room of many."""
        return Crowd(people[0], people[1 : size + 1], ROOM, f"/api/groups/{ROOM}/send")


DIALECTS = {"ours": Ours(), "ours by Socket.IO": OursBySocketIO(), "peer": Peer()}
