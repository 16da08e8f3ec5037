"""Bodies without a length: measured without being held in memory, and handed on in pieces."""

import asyncio
import errno
from contextlib import suppress
from typing import Any

import pytest

from chatsite.interfaces import Message, Receive, Scope, Send
from chatsite.monitoring.trace import begin
from chatsite.security import body_limit
from chatsite.security.body_limit import BodyLimit, why_without_body

SCOPE = {"type": "http", "headers": [(b"host", b"localhost")]}
GONE = {"type": "http.disconnect"}


class Application:
    """Reads a body, and then whatever comes."""

    def __init__(self) -> None:
        self.length = b""
        self.pieces: list[bytes] = []
        self.after: Message = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.length = dict(scope["headers"]).get(b"content-length", b"")
        message = await receive()
        while message["type"] == "http.request":
            self.pieces.append(message["body"])
            if not message["more_body"]:
                self.after = await receive()
                return
            message = await receive()


async def sent(*pieces: bytes, limit: int = 10_000_000, is_whole: bool = True) -> Application:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    messages += [{"type": "http.request"}] if is_whole else []
    waiting = iter([*messages, GONE])

    async def receive() -> Message:
        return next(waiting)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    app = Application()
    await BodyLimit(app, limit)(SCOPE, receive, send)
    return app


async def test_a_large_one_comes_in_small_pieces() -> None:
    body = bytes(range(256)) * 12_000
    app = await sent(body[:1_000_000], body[1_000_000:])
    assert b"".join(app.pieces) == body
    assert app.length == str(len(body)).encode()
    assert max(map(len, app.pieces)) <= 65_536
    assert app.after == GONE


async def test_none_has_the_length_0() -> None:
    app = await sent()
    assert (app.length, app.pieces, app.after) == (b"0", [b""], GONE)


async def test_one_that_breaks_off_is_a_client_that_went_away() -> None:
    app = await sent(b"half", is_whole=False)
    assert (app.length, app.pieces) == (b"", [])


MORE = {"type": "http.request", "body": b"x", "more_body": True}
END = {"type": "http.request", "body": b"x", "more_body": False}
ANNOUNCED = {**SCOPE, "headers": [(b"content-length", b"3")]}


class Refusal:
    """Of whatever is too large for 2 bytes: what happened, in order."""

    def __init__(self, *pieces: Message) -> None:
        self.happened: list[str] = []
        self.is_waited_for = asyncio.Event()  # what does not come
        self._pieces = iter(pieces)
        self.limit = BodyLimit(self._app, 2)

    async def response(self, scope: Scope) -> list[str]:
        await self.limit(scope, self._receive, self._send)
        return self.happened

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not why_without_body():
            while (await receive()).get("more_body"):
                """There is more."""
            return
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body", "body": b"Too large"})
        self.happened.append("done")

    async def _receive(self) -> Message:
        if message := next(self._pieces, None):
            self.happened.append("read")
            return message
        self.is_waited_for.set()
        return await asyncio.Future()

    async def _send(self, message: Message) -> None:
        name = str(message["type"]).removeprefix("http.response.")
        self.happened.append("more" if message.get("more_body") else name)


async def test_of_one_that_is_too_large_the_rest_is_dropped_before_the_connection_ends() -> None:
    """Browsers read the answer only then, and clients that do not wait have it before. The
    application is done by then: no thread is held.
    """
    happened = await Refusal(MORE, MORE, END).response(ANNOUNCED)
    assert happened == ["start", "more", "done", "read", "read", "read", "body"]


async def test_so_is_that_of_one_that_grows_too_large() -> None:
    happened = await Refusal(MORE, MORE, MORE, MORE, END).response(SCOPE)
    assert happened == ["read"] * 3 + ["start", "more", "done", "read", "read", "body"]


async def test_of_one_that_is_there_nothing_more_is_waited_for() -> None:
    happened = await Refusal(MORE, MORE, END).response(SCOPE)
    assert happened == ["read"] * 3 + ["start", "more", "done", "body"]


async def test_the_rest_is_dropped_too_where_there_is_no_room_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(body: object, receive: Receive) -> Message:
        await receive()
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(body_limit, "_read_into", fail)
    happened = await Refusal(MORE, END).response(SCOPE)
    assert happened == ["read", "start", "more", "done", "read", "body"]


async def test_who_sends_no_more_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "LINGER", 0)
    assert await Refusal().response(ANNOUNCED) == ["start", "more", "done", "body"]


async def test_only_so_many_are_waited_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "LINGERING", 1)
    refusal = Refusal()
    first = asyncio.create_task(refusal.response(ANNOUNCED))
    await refusal.is_waited_for.wait()
    refusal.is_waited_for.clear()
    assert refusal.happened == ["start", "more", "done"]
    await refusal.response(ANNOUNCED)
    assert refusal.happened == ["start", "more", "done"] * 2 + ["body"]
    assert not refusal.is_waited_for.is_set()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    third = asyncio.create_task(refusal.response(ANNOUNCED))  # in the place of the first
    await refusal.is_waited_for.wait()
    third.cancel()


async def test_its_access_line_ends_with_its_answer() -> None:
    refusal = Refusal()
    with begin() as trace:
        lingering = asyncio.create_task(refusal.response(ANNOUNCED))
        await refusal.is_waited_for.wait()
        assert trace.responded
    lingering.cancel()
