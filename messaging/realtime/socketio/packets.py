"""Frames of the contract as packets of Socket.IO, and back: the same JSON between other marks, so
that nothing is decoded or encoded once more.

    {"event":"newMessage","data":{…}}    as messaging/events.py writes it
    2["newMessage",{…}]                  which Engine.IO sends with a 4 before it
"""

import re
from typing import Any

from messaging.realtime.socketio.engine import CLOSE, MESSAGE, NOOP, Packet, SocketIOPacket

OURS = "/"  # the one namespace

_EVENT = len('{"event":')
_DATA = '","data":'
_COMMAND = re.compile(r'2(\d{0,9})\[\s*("[^"\\]{1,100}")\s*(?:,(.*))?\]\s*', re.DOTALL)
_PLAIN = re.compile(r"4[0-6]|[13]\Z")


def packet_of(frame: str) -> Packet:
    """One for all the receivers of a frame, which keeps what it is encoded to."""
    global _last
    if frame is not _last[0]:
        _last = (frame, Packet(MESSAGE, _event_of(frame)))
    return _last[1]


def _event_of(frame: str) -> str:
    end_of_name = frame.index(_DATA)
    name = frame[_EVENT : end_of_name + 1]
    return f"2[{name},{frame[end_of_name + len(_DATA) : -1]}]"


def command_of(packet: str) -> tuple[str, str]:
    """An event from a client as a frame, and the number by which it asks for an acknowledgement.

    Both are empty where there is none.
    """
    found = _COMMAND.fullmatch(packet)
    if found is None:
        return "", ""
    number, name, data = found.groups()
    return f'{{"event":{name},"data":{data or "{}"}}}', number


def is_plain(packet: object) -> bool:
    """A packet of Engine.IO that is a text, and such as clients of Socket.IO send, but for those of
    an upgrade. What is in a message is not looked at.
    """
    return isinstance(packet, str) and bool(_PLAIN.match(packet))


def connect_of(packet: str) -> tuple[str, Any]:
    """Namespace and `auth` of a CONNECT; no namespace where nothing can be read."""
    try:
        read = SocketIOPacket(encoded_packet=packet)
    except (ValueError, RecursionError):
        return "", None
    return read.namespace or OURS, read.data


def token_of(auth: Any) -> str:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) else ""


def encoded(kind: int, data: Any = None, namespace: str = OURS) -> str:
    """A packet of Socket.IO."""
    return str(SocketIOPacket(kind, data=data, namespace=namespace).encode())


def message_of(packet: str) -> Packet:
    return Packet(MESSAGE, packet)


def close() -> Packet:
    return Packet(CLOSE)


def nothing() -> Packet:
    """The response to a poll when there is nothing to send."""
    return Packet(NOOP)


_last: tuple[str, Packet] = ("", Packet(MESSAGE, ""))  # a frame goes to its receivers in a row
