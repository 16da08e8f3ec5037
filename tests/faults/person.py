"""A client as the contract wants it: an outbox that tries again until there is an answer, a store
by key, and `sync` after every connection and every hole.
"""

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.faults.files import File, Upload

Message = dict[str, Any]
Line = tuple[int, str, str | None, bool]  # seq, key, text unless the system wrote it, deleted
KEY = re.compile(r'"([0-9a-f]{24})"')
PATIENCE = 8  # seconds for one answer
TOO_MUCH = 50  # refusals that should not have been
BROKEN = (OSError, TimeoutError, httpx.HTTPError, WebSocketException, InvalidHandshake, EOFError)


@dataclass(frozen=True)
class Scheduled:
    """A message that is sent later."""

    peer: str
    send_at: float  # seconds since 1970
    is_sure: bool  # otherwise the answer was lost, and asking again told that it is too late


class Refused(Exception):
    """By a group, of who is not in it."""


def is_group(peer: str) -> bool:
    return peer.startswith("f")


@dataclass
class Counts:
    sent: int = 0
    refused: int = 0
    tries: int = 0
    acknowledged: int = 0
    files: int = 0  # of messages that were acknowledged
    resumed: int = 0  # how often an upload went on after it had failed
    deleted: int = 0
    frames: int = 0
    repeated: int = 0  # frames with a message that was known already: allowed, and applied once
    reconnects: int = 0
    synced: int = 0
    closes: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Person:
    def __init__(self, key: str, token: str, port: int, chance: random.Random) -> None:
        self.key = key
        self.port = port
        self.messages: dict[str, Message] = {}
        self.acknowledged: dict[str, str] = {}  # client message id → key
        self.files: dict[str, File] = {}  # client message id → what came with it
        self.scheduled: dict[str, Scheduled] = {}  # by text
        self.arrived: dict[str, float] = {}  # text → when it was first here
        self.heard: set[str] = set()  # every key in all that came from the server
        self.owns = ""  # a group
        self.marks: dict[str, int] = {}  # peer → how far we said that we have read
        self.peer_marks: dict[str, int] = {}
        self.unread: dict[str, int] = {}
        self.online: set[str] = set()
        self.counts = Counts()
        self._chance = chance
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=self._headers, timeout=PATIENCE
        )
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._cursor = ""
        self._highest: Counter[str] = Counter()
        self._syncing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._life: asyncio.Task[None] | None = None
        self._is_up = asyncio.Event()
        self._returns = True

    async def arrive(self) -> None:
        """From now on the socket is kept open, whatever happens to it."""
        if not self._cursor:
            await self.sync()  # what comes before there is a cursor, none would find
        self._life = asyncio.create_task(self._live())
        async with asyncio.timeout(60):
            await self._is_up.wait()

    async def leave(self) -> None:
        if self._life:
            self._life.cancel()
            await asyncio.gather(self._life, *self._tasks, return_exceptions=True)
        self._is_up.clear()
        if self._socket:
            with suppress(*BROKEN):
                await self._socket.close()
            self._socket = None

    def vanish(self) -> None:
        """Does not come back when the connection breaks."""
        self._returns = False

    async def close(self) -> None:
        await self.leave()
        await self._http.aclose()

    async def say(self, peer: str, text: str, file: File | None = None) -> None:
        """Returns once the server has the message, however long that takes, or once a group has
        refused it.
        """
        self.counts.sent += 1
        client_id = uuid4().hex
        body: Message = {"text": text, "clientMessageId": client_id}
        if file:
            body["attachments"] = [await self.upload(file)]
        try:
            message = await self._insist(lambda: self._send(peer, body))
        except Refused as refusal:
            self.counts.refused += 1
            if not is_group(peer):
                self._complain(f"to {peer}: {refusal}")
            return
        self.counts.acknowledged += 1
        self.acknowledged[client_id] = message["_id"]
        if file:
            self.counts.files += 1
            self.files[client_id] = file
        self._apply(message)

    async def schedule(self, peer: str, text: str, send_at: datetime) -> None:
        body = {"text": text, "sendAt": send_at.isoformat(), "clientMessageId": uuid4().hex}
        path = f"/api/messages/schedule/{peer}"
        answer = await self.insist("POST", path, known={400, 409}, json=body)
        self.scheduled[text] = Scheduled(peer, send_at.timestamp(), answer.is_success)

    async def upload(self, file: File) -> str:
        """The key of the attachment, however long that takes."""
        return str(await self._insist(Upload(file, self._answer, self._note_resumed).go_on))

    def _note_resumed(self) -> None:
        self.counts.resumed += 1

    async def fetch(self, url: str) -> bytes:
        return (await self.insist("GET", url)).content

    async def insist(
        self, method: str, path: str, *, known: Collection[int] = (), **options: Any
    ) -> httpx.Response:
        """The answer, however long that takes: a success, or one that is `known`."""
        answer = partial(self._answer, method, path, known=known, **options)
        response: httpx.Response = await self._insist(answer)
        return response

    async def delete(self, message: Message) -> None:
        path = f"/api/messages/{message['_id']}"
        await self._insist(lambda: self._ask("DELETE", path))
        self.counts.deleted += 1

    async def read(self, peer: str) -> None:
        """Everything that is here of that conversation."""
        seq = self._highest[peer]
        if not seq:
            return
        path = f"/api/messages/read/{peer}"
        answer = await self._insist(lambda: self._ask("PUT", path, {"seq": seq}))
        self.marks[peer] = max(self.marks.get(peer, 0), answer["seq"])

    async def make_group(self, people: list[str], *, shows_history: bool) -> None:
        fields = {"name": f"Of {self.key}", "clientGroupId": uuid4().hex, "people": people}
        body = {**fields, "showsHistory": shows_history}
        group = await self._insist(lambda: self._ask("POST", "/api/groups", body))
        self.owns = group["_id"]

    async def add(self, person: str, group: str) -> None:
        """Nothing happens to who is in it already."""
        path = f"/api/groups/{group}/members"
        await self._insist(lambda: self._ask("POST", path, {"people": [person]}))

    async def remove(self, person: str, group: str) -> None:
        """Oneself is to leave. Nothing happens to who is not in it."""
        with suppress(Refused):  # who never was
            path = f"/api/groups/{group}/members/{person}"
            await self._insist(lambda: self._ask("DELETE", path))

    def conversation(self, peer: str) -> list[Line]:
        """What is on this person's screen, in order."""
        return sorted(_line(m) for m in self.messages.values() if self._peer_of(m) == peer)

    async def history(self, peer: str) -> list[Line]:
        """All of it, asked for anew; nothing of a group that they never were in."""
        lines: list[Line] = []
        path = f"/api/messages/{peer}"
        with suppress(Refused):
            while page := await self._insist(partial(self._ask, "GET", path)):
                lines[:0] = map(_line, page)
                path = f"/api/messages/{peer}?before={page[0]['seq']}"
        return lines

    async def _send(self, peer: str, body: Message) -> Message:
        if self._socket and self._chance.random() < 0.5:
            return await self._send_by_socket(self._socket, {**body, "receiverId": peer})
        answer: Message = await self._ask("POST", f"/api/messages/send/{peer}", body)
        return answer

    async def _send_by_socket(self, socket: ClientConnection, data: Message) -> Message:
        client_id = data["clientMessageId"]
        future = self._waiting.setdefault(client_id, asyncio.get_running_loop().create_future())
        try:
            await socket.send(json.dumps({"event": "sendMessage", "data": data}))
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(future)
        finally:
            self._waiting.pop(client_id, None)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return (await self._answer(method, path, json=body)).json()

    async def _answer(
        self,
        method: str,
        path: str,
        *,
        again: Collection[int] = (),
        known: Collection[int] = (),
        **options: Any,
    ) -> httpx.Response:
        """Raises Refused, and one of BROKEN for what may be tried again, but for no error that is
        `known`.
        """
        response = await self._http.request(method, path, **options)
        self.counts.answers[response.status_code] += 1
        if response.headers.get("Content-Type", "").startswith("application/json"):
            self.heard.update(KEY.findall(response.text))
        if response.status_code in known:
            return response
        if response.status_code in {429, *again} or response.status_code >= 500:
            raise httpx.HTTPError(f"{response.status_code}")
        if response.status_code in (403, 404):
            raise Refused(f"{method} {path}: {response.text}")
        if response.is_error:
            self._complain(f"{method} {path}: {response.status_code} {response.text}")
            raise httpx.HTTPError(f"{response.status_code}")
        return response

    def _complain(self, what: str) -> None:
        self.counts.wrong.append(what)
        if len(self.counts.wrong) > TOO_MUCH:
            raise RuntimeError(f"nothing works: {what}")

    async def _insist(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        pause = 0.1
        while True:
            self.counts.tries += 1
            try:
                return await attempt()
            except BROKEN:
                await asyncio.sleep(pause * self._chance.uniform(0.5, 1))
                pause = min(2 * pause, 2)

    async def _live(self) -> None:
        pause = 0.1
        while self._returns:
            try:
                await self._connected()
                pause = 0.1
            except BROKEN:
                pause = min(2 * pause, 2)
            self._is_up.clear()
            self.counts.reconnects += 1
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1))

    async def _connected(self) -> None:
        address = f"ws://127.0.0.1:{self.port}/ws/chat/?presence=delta"
        async with connect(
            address, additional_headers=self._headers, proxy=None, open_timeout=PATIENCE
        ) as socket:
            self._socket = socket
            self._soon(self.sync)
            self._is_up.set()
            try:
                async for frame in socket:
                    self.heard.update(KEY.findall(str(frame)))
                    self._receive(json.loads(frame))
            finally:
                self._socket = None
                self.counts.closes[socket.close_code or 0] += 1

    def _receive(self, frame: dict[str, Any]) -> None:
        self.counts.frames += 1
        handlers: dict[str, Callable[[Any], None]] = {
            "newMessage": self._take_in,
            "messageSent": self._acknowledge,
            "error": self._refuse,
            "messageDeleted": self._bury,
            "messagesRead": self._note_read,
            "getOnlineUsers": self._meet,
            "presenceChanged": self._meet_some,
        }
        if frame["event"] in handlers:
            handlers[frame["event"]](frame["data"])

    def _take_in(self, message: Message) -> None:
        self.counts.repeated += message["_id"] in self.messages
        if message["seq"] > self._highest[self._peer_of(message)] + 1:
            self._soon(self.sync)
        self._apply(message)

    def _acknowledge(self, data: dict[str, Any]) -> None:
        if waiting := self._waiting.get(data["clientMessageId"]):
            waiting.set_result(data["message"])

    def _refuse(self, data: dict[str, Any]) -> None:
        client_id, status = data.get("clientMessageId"), data["status"]
        is_passing = status == 429 or status >= 500
        if not client_id or not (is_passing or status in (403, 404)):
            self._complain(f"error frame: {data}")
        elif waiting := self._waiting.get(client_id):
            # Else it came too late: the next try has its own.
            waiting.set_exception((OSError if is_passing else Refused)(data["message"]))

    def _note_read(self, data: dict[str, Any]) -> None:
        self._note_mark(data["readerId"], data["peerId"], data["seq"])

    def _meet(self, online: list[str]) -> None:
        self.online = set(online)

    def _meet_some(self, change: dict[str, list[str]]) -> None:
        self.online = (self.online | set(change["online"])) - set(change["offline"])

    def _peer_of(self, message: Message) -> str:
        if is_group(message["receiverId"]):
            return str(message["receiverId"])
        if self.key not in (message["senderId"], message["receiverId"]):
            self._complain(f"somebody else's message: {message}")
        other = message["receiverId"] if message["senderId"] == self.key else message["senderId"]
        return str(other)

    def _apply(self, message: Message) -> None:
        """By key; of two states the later one, and a deleted message stays deleted."""
        known = self.messages.get(message["_id"])
        if known and (known["deleted"] or known["updatedAt"] > message["updatedAt"]):
            return
        self.messages[message["_id"]] = message
        self.arrived.setdefault(message["text"] or "", time.time())
        peer = self._peer_of(message)
        self._highest[peer] = max(self._highest[peer], message["seq"])

    def _bury(self, data: dict[str, Any]) -> None:
        known = self.messages.get(data["messageId"])
        if known:
            self.messages[data["messageId"]] = {**known, "deleted": True, "text": None}
        else:
            self._soon(self.sync)

    def _note_mark(self, reader: str, peer: str, seq: int) -> None:
        if reader != self.key and peer == self.key:
            self.peer_marks[reader] = max(self.peer_marks.get(reader, 0), seq)

    def _soon(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sync(self) -> None:
        """All that changed since the last time, page by page."""
        async with self._syncing:
            more = True
            while more:
                path = "/api/messages/sync" + (f"?since={self._cursor}" if self._cursor else "")
                answer = await self._insist(lambda path=path: self._ask("GET", path))  # type: ignore[misc]
                for message in answer["messages"]:
                    self.counts.synced += message["_id"] not in self.messages
                    self._apply(message)
                for chat in answer["chats"]:
                    self.unread[chat["_id"]] = chat["unreadCount"]
                    self._note_mark(chat["_id"], self.key, chat["peerReadSeq"])
                self._cursor = answer["cursor"]
                more = answer["more"]


def _line(message: Message) -> Line:
    text = None if "system" in message else message["text"]
    return message["seq"], message["_id"], text, message["deleted"]
