"""Bodies without a length: measured without being held in memory, and handed on in pieces."""

import asyncio
from typing import Any

import pytest

from chatsite.interfaces import Message, Receive, Scope, Send
from chatsite.security import body_limit
from chatsite.security.body_limit import TOO_LARGE, BodyLimit

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


async def test_of_one_that_is_too_large_the_rest_is_dropped_before_the_connection_ends() -> None:
    """Browsers read the answer only then, and clients that do not wait have it before."""
    happened: list[str] = []
    pieces = iter([{"type": "http.request", "body": b"x", "more_body": each} for each in (1, 1, 0)])

    async def receive() -> Message:
        happened.append("read")
        return next(pieces)

    async def send(message: Message) -> None:
        happened.append("more" if message.get("more_body") else message["type"])

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        assert TOO_LARGE in scope
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body", "body": b"Too large"})

    scope = {**SCOPE, "headers": [(b"content-length", b"3")]}
    await BodyLimit(refuse, 2)(scope, receive, send)
    start, end = "http.response.start", "http.response.body"
    assert happened == [start, "more", "read", "read", "read", end]


async def test_who_sends_no_more_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "LINGER", 0)
    sent: list[Message] = []

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": b"Too large"})

    scope = {**SCOPE, "headers": [(b"content-length", b"3")]}
    await BodyLimit(refuse, 2)(scope, receive, send)
    assert [message.get("more_body", False) for message in sent] == [True, False]
