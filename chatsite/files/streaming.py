"""Bodies that a view reads while they arrive.

Django waits until a body is there as a whole, on disk, and drops it when the client goes away. Of a
large upload that would be a second copy, and the end of what had arrived.
"""

import asyncio
import io
from asyncio import run_coroutine_threadsafe
from collections.abc import Callable
from contextvars import ContextVar

from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from chatsite.errors import TIMED_OUT, DomainError
from chatsite.interfaces import Application, Message, Receive, Scope, Send
from chatsite.security.body_limit import END_OF_BODY

GATHERED = 2**18  # bytes that are handed to the view's thread at once
STALLED = 60  # seconds without a byte, after which a body is given up
# Each body takes a thread for as long as it lasts: what the site waits for its client may be this
# many seconds, and one more for so many bytes that came.
GRACE = 30
MIN_RATE = 2**14


class StreamedBodies:
    """Hands the requests that `is_streamed` picks by method and path to an application that reads
    their bodies itself, whatever their size, and all others to the next one.
    """

    def __init__(
        self, streamed: Application, app: Application, is_streamed: Callable[[str, str], bool]
    ) -> None:
        self.streamed = streamed
        self.app = app
        self.is_streamed = is_streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.is_streamed(scope["method"], scope["path"]):
            body = Body(receive)
            token = _current.set(body)
            try:
                await self.streamed(scope, body.receive, send)
            finally:
                _current.reset(token)
        else:
            await self.app(scope, receive, send)


class Body:
    """Read in the thread of a view, by `read(size)`.

    Once all is read that had arrived, raises UnreadablePostError when the client has gone away,
    DomainError 408 for one that is too slow, and what it has to give way with.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._begun = False
        self._cut: UnreadablePostError | DomainError | None = None
        self._patience: float = GRACE
        self._wait: asyncio.Timeout | None = None
        self._waiting = b""

    async def receive(self) -> Message:
        """For Django: at once that there is no body, later when the client goes. A client that goes
        while it sends is reported to the view, which keeps what has arrived.
        """
        if not self._begun:
            self._begun = True
            return END_OF_BODY
        await self._ended.wait()
        return await self._receive()

    def give_way(self, refusal: DomainError) -> None:
        """Ends the reading, from any thread."""
        self._loop.call_soon_threadsafe(self._give_way, refusal)

    def _give_way(self, refusal: DomainError) -> None:
        self._cut = self._cut or refusal
        if self._wait:
            self._wait.reschedule(self._loop.time())

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            raise io.UnsupportedOperation("bodies of any size are read in pieces")
        while not self._waiting and not self._ended.is_set():
            if self._cut:
                raise self._cut
            self._waiting = run_coroutine_threadsafe(self._gathered(), self._loop).result()
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    async def _gathered(self) -> bytes:
        pieces: list[bytes] = []
        while not self._cut and sum(map(len, pieces)) < GATHERED:
            waits_since = self._loop.time()
            try:
                async with asyncio.timeout(min(self._patience, STALLED)) as self._wait:
                    message = await self._receive()
            except TimeoutError:
                self._cut = self._cut or too_slow()
                break
            finally:
                self._wait = None
            if message["type"] != "http.request":
                self._cut = UnreadablePostError("the client went away")
                break
            pieces.append(message.get("body", b""))
            self._patience += len(pieces[-1]) / MIN_RATE - (self._loop.time() - waits_since)
            if not message.get("more_body"):
                self._ended.set()
                break
        return b"".join(pieces)


def too_slow() -> DomainError:
    message = _("The upload is too slow: send the rest of it later.")
    return DomainError(message, TIMED_OUT, code="slow")


_current: ContextVar[Body | None] = ContextVar("body", default=None)


def current() -> Body | None:
    """Of the request at hand; None for one whose body Django has read."""
    return _current.get()
