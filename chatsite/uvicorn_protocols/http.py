"""HTTP that cuts off a client that takes nothing any more: `uvicorn --http` names this class.

Whoever requests a large file and then stops to read would keep a thread, a file and a place among
the downloads for as long as they like: uvicorn waits, and ASGI has no word for it. Here it is told
by asyncio itself when a connection takes no more (`pause_writing`). Of uvicorn's protocol it needs
`loop` and `transport`, and that it waits from `pause_writing` to `resume_writing`.
"""

import fcntl
import struct
import termios
from asyncio import TimerHandle
from contextlib import suppress

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

STALLED = 60  # seconds without a byte, as nginx's `send_timeout`


class HttpProtocol(HttpToolsProtocol):
    _timer: TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        if self._timer:
            self._timer.cancel()
        super().resume_writing()

    def look(self, before: int) -> None:
        """Ends a connection that has taken nothing since so much was left."""
        # One that was upgraded is another protocol's.
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self.left() < before:
            self._look_later()
        else:
            self.transport.abort()  # the application learns of it as of any client that is gone

    def left(self) -> int:
        """Bytes that it has not taken: also the kernel's, which reports when many are gone."""
        return int(self.transport.get_write_buffer_size()) + self._in_kernel()

    def _in_kernel(self) -> int:
        with suppress(OSError):
            line = self.transport.get_extra_info("socket").fileno()
            (left,) = struct.unpack("i", fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4)))
            return int(left)
        return 0

    def _look_later(self) -> None:
        self._timer = self.loop.call_later(STALLED, self.look, self.left())
