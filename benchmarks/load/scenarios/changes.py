"""A message, a reaction to it, an edit of it and a read mark: until the other's socket has each."""

import asyncio
import json
import time
from urllib.parse import quote

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.http import Response
from benchmarks.load.meters import warn_once
from benchmarks.load.sockets import Socket

PATIENCE = 10  # seconds
PAUSE = 0.02  # seconds between them
EMOJI = quote("👍")


class Conversation:
    """One thing after another, so that the times are the server's and not those of a queue."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        [(self.writer, self.other)] = generator.pairs(1)
        self._client = generator.client()
        self._awaited = b""
        self._received = asyncio.Event()
        self.seconds: dict[str, list[float]] = {}
        self.failed = 0
        generator.stats.on_message = self._on_message
        generator.stats.on_other = self._on_frame

    def _on_message(self, _socket: Socket, _number: int) -> None:
        self._on_frame(b'"newMessage"')

    def _on_frame(self, frame: bytes) -> None:
        if self._awaited in frame[:40]:
            self._received.set()

    async def round(self) -> None:
        text = self._generator.text(self._generator.number())
        me, other = self.writer.id, self.other.id
        response = await self._timed(
            "message", "newMessage", "POST", f"send/{other}", {"text": text}
        )
        key = json.loads(response.body)["_id"]
        reacted = f"{key}/reactions/{EMOJI}"
        await self._timed("reaction", "reactionChanged", "PUT", reacted)
        await self._timed("edit", "messageEdited", "PUT", key, {"text": f"{text}!"})
        request = self._generator.request(
            "POST", self._generator.dialect.send_path(me), self.other, {"text": text}
        )
        seq = json.loads((await self._client.send(request)).body)["seq"]
        await asyncio.sleep(PAUSE)
        await self._timed("read", "messagesRead", "PUT", f"read/{other}", {"seq": seq})

    async def _timed(
        self, kind: str, event: str, method: str, path: str, body: dict[str, object] | None = None
    ) -> Response:
        request = self._generator.request(method, f"/api/messages/{path}", self.writer, body)
        self._awaited = f'"{event}"'.encode()
        self._received.clear()
        began = time.perf_counter()
        pending = asyncio.ensure_future(self._client.send(request))
        try:
            await asyncio.wait_for(self._received.wait(), PATIENCE)
            self.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        except TimeoutError:
            self.failed += 1
        response = await pending
        if not response.is_good:
            warn_once(f"a {kind} was refused", repr(response.body))
        await asyncio.sleep(PAUSE)
        return response


async def run(generator: Generator) -> Figures:
    conversation = Conversation(generator)
    connected = await generator.connect_all([conversation.other])
    await generator.calm()
    end = time.perf_counter() + generator.size.warming
    while time.perf_counter() < end:
        await conversation.round()
    conversation.seconds.clear()
    for _ in range(10 * generator.size.repeats):
        await conversation.round()
    await generator.leave(connected.sockets)
    figures: Figures = {"errors": conversation.failed + connected.failed + generator.stats.lost}
    for kind, seconds in conversation.seconds.items():
        figures |= percentiles(kind, seconds)
        figures[f"{kind}_ratio"] = round(figures[f"{kind}_p50"] / figures["message_p50"], 2)
    return figures
