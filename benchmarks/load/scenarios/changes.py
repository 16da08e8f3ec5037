"""A message, a reaction to it, an edit of it and a read mark: until the other's socket has each."""

import asyncio
import json
import time
from urllib.parse import quote

from benchmarks.load.figures import Figures, percentiles
from benchmarks.load.generator import Generator
from benchmarks.load.http import Answer
from benchmarks.load.meters import complain
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
        self._heard = asyncio.Event()
        self.seconds: dict[str, list[float]] = {}
        self.failed = 0
        generator.ears.on_message = self._note_message
        generator.ears.on_other = self._note

    def _note_message(self, _socket: Socket, _number: int) -> None:
        self._note(b'"newMessage"')

    def _note(self, frame: bytes) -> None:
        if self._awaited in frame[:40]:
            self._heard.set()

    async def round(self) -> None:
        text = self._generator.text(self._generator.number())
        me, other = self.writer.id, self.other.id
        answer = await self._told("message", "newMessage", "POST", f"send/{other}", {"text": text})
        key = json.loads(answer.body)["_id"]
        reacted = f"{key}/reactions/{EMOJI}"
        await self._told("reaction", "reactionChanged", "PUT", reacted)
        await self._told("edit", "messageEdited", "PUT", key, {"text": f"{text}!"})
        request = self._generator.request(
            "POST", self._generator.dialect.send_path(me), self.other, {"text": text}
        )
        seq = json.loads((await self._client.ask(request)).body)["seq"]
        await asyncio.sleep(PAUSE)
        await self._told("read", "messagesRead", "PUT", f"read/{other}", {"seq": seq})

    async def _told(
        self, kind: str, event: str, method: str, path: str, body: dict[str, object] | None = None
    ) -> Answer:
        request = self._generator.request(method, f"/api/messages/{path}", self.writer, body)
        self._awaited = f'"{event}"'.encode()
        self._heard.clear()
        began = time.perf_counter()
        answering = asyncio.ensure_future(self._client.ask(request))
        try:
            await asyncio.wait_for(self._heard.wait(), PATIENCE)
            self.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        except TimeoutError:
            self.failed += 1
        answer = await answering
        if not answer.is_good:
            complain(f"a {kind} was refused", repr(answer.body))
        await asyncio.sleep(PAUSE)
        return answer


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
    figures: Figures = {"errors": conversation.failed + connected.failed + generator.ears.lost}
    for kind, seconds in conversation.seconds.items():
        figures |= percentiles(kind, seconds)
        figures[f"{kind}_ratio"] = round(figures[f"{kind}_p50"] / figures["message_p50"], 2)
    return figures
