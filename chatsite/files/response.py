"""A file in an answer, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import StreamingHttpResponse

PIECE = 2**18  # bytes in memory at once


class StoredFile(StreamingHttpResponse):
    """Under ASGI Django would read the whole of a FileResponse into memory. Raises OSError."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        size = path.stat().st_size
        self.headers["Content-Length"] = str(size)
        self._path = path
        self.cut(0, size)

    def cut(self, start: int, end: int) -> None:
        """Sends that part alone."""
        self._start, self._left = start, end - start

    def __iter__(self) -> Iterator[bytes]:
        with self._opened() as file:
            while piece := self._piece(file):
                yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._opened() as file:
            while piece := await asyncio.to_thread(self._piece, file):
                yield piece

    def getvalue(self) -> bytes:
        return b"".join(self)

    def _opened(self) -> BinaryIO:
        file = self._path.open("rb")
        file.seek(self._start)
        return file

    def _piece(self, file: BinaryIO) -> bytes:
        piece = file.read(min(PIECE, self._left))
        self._left -= len(piece)
        return piece
