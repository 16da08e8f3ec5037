"""Sockets of many people, in the two dialects that are spoken over them."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport

MARK = b'"~'  # a text of ours is "~<number>~…"
RUN = secrets.token_hex(6)


def _ignore(*_: Any) -> None:
    pass


@dataclass
class SocketStats:
    """What all sockets received, and the callbacks for it."""

    frames: int = 0
    size: int = 0  # bytes
    lost: int = 0  # sockets that closed before we closed them
    on_message: Callable[["Socket", int], None] = _ignore  # gets the message's number
    on_other: Callable[[bytes], None] = _ignore


class Socket(WSListener):
    def __init__(self, stats: SocketStats, owner: str, *, is_sender: bool) -> None:
        self.stats = stats
        self.owner = owner  # a person's key
        self.is_sender = is_sender  # receives messages, too, but only receivers count
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: WSTransport | None = None
        self.is_ours_to_close = False
        self._waiting: dict[int, asyncio.Future[None]] = {}

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport = None
        if not self.is_ours_to_close:
            self.stats.lost += 1
        for waiting in (self.ready, *self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(ConnectionError("closed"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.read(frame.get_payload_as_bytes())

    def read(self, payload: bytes) -> None:
        raise NotImplementedError

    def send_message(self, number: int, receiver: str, text: str) -> asyncio.Future[None]:
        """Done once the server acknowledged it."""
        raise NotImplementedError

    def write(self, payload: str) -> None:
        if self.transport is None:
            raise ConnectionError("closed")
        self.transport.send(WSMsgType.TEXT, payload.encode())

    def close(self) -> None:
        self.is_ours_to_close = True
        if self.transport:
            self.transport.disconnect()

    def receive(self, payload: bytes) -> None:
        self.stats.frames += 1
        self.stats.size += len(payload)
        if payload.find(b"newMessage", 0, 40) < 0:
            self.stats.on_other(payload)
        elif not self.is_sender and (start := payload.find(MARK)) > 0:
            start += len(MARK)
            self.stats.on_message(self, int(payload[start : payload.index(b"~", start)]))

    def welcome(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def expect(self, number: int) -> asyncio.Future[None]:
        acknowledged = asyncio.get_running_loop().create_future()
        self._waiting[number] = acknowledged
        return acknowledged

    def acknowledge(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting and not waiting.done():
            waiting.set_result(None)


class OurSocket(Socket):
    """Frames are `{"event": …, "data": …}`; the first one means that the socket is accepted."""

    def read(self, payload: bytes) -> None:
        if payload.find(b'"messageSent"', 0, 28) > 0:
            sent = json.loads(payload)["data"]["clientMessageId"]
            self.acknowledge(int(sent.rpartition("-")[2]))
        else:
            self.receive(payload)
            self.welcome()

    def send_message(self, number: int, receiver: str, text: str) -> asyncio.Future[None]:
        data = {"receiverId": receiver, "text": text, "clientMessageId": f"{RUN}-{number}"}
        self.send("sendMessage", data)
        return self.expect(number)

    def send(self, event: str, data: dict[str, Any]) -> None:
        self.write(json.dumps({"event": event, "data": data}))


class PeerSocket(Socket):
    """Socket.IO 4 over Engine.IO 4, as far as it is spoken here."""

    def read(self, payload: bytes) -> None:
        kind = payload[:2]
        if kind == b"42":
            self.receive(payload)
        elif kind == b"43":
            self.acknowledge(int(payload[2 : payload.index(b"[")]))
        elif kind == b"40":
            self.welcome()
        elif kind[:1] == b"0":
            self.write("40")
        elif kind == b"2":
            self.write("3")

    def send_message(self, number: int, receiver: str, text: str) -> asyncio.Future[None]:
        data = json.dumps({"to": receiver, "text": text})
        self.write(f'42{number}["sendMessage",{data}]')
        return self.expect(number)
