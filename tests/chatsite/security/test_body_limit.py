"""Bodies without a length: measured without being held in memory, and handed on in pieces."""

from typing import Any

from chatsite.interfaces import Message, Receive, Scope, Send
from chatsite.security.body_limit import BodyLimit

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
