"""A file in a response, piece by piece, wherever it is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.http import StreamingHttpResponse

PIECE = 2**18  # bytes in memory at once
# Apart from asyncio's own, which a slow store would hold up for everybody.
_readers = ThreadPoolExecutor(16, "files")


class ReadableFile(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file whose bytes never change under this name."""

    name: str
    size: int
    opened: Callable[[int, int], ReadableFile]  # from that byte on, so many


def file_source(path: Path) -> FileSource:
    """Raises OSError."""

    def opened(start: int, _size: int) -> ReadableFile:
        file = path.open("rb")
        file.seek(start)
        return file

    return FileSource(path.name, path.stat().st_size, opened)


class StoredFile(StreamingHttpResponse):
    """Under ASGI Django would read the whole of a FileResponse into memory."""

    def __init__(self, source: FileSource) -> None:
        super().__init__()
        self.headers["Content-Length"] = str(source.size)
        self._source = source
        self._ends = ExitStack()
        self.cut(0, source.size)

    def when_closed(self, end: Callable[[], object]) -> None:
        self._ends.callback(end)

    def close(self) -> None:
        with self._ends:
            super().close()

    def cut(self, start: int, end: int) -> None:
        """Sends that part alone."""
        self._start, self._left = start, end - start

    def __iter__(self) -> Iterator[bytes]:
        if self._left:
            with closing(self._source.opened(self._start, self._left)) as file:
                while piece := self._piece(file):
                    yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._left:
            run = asyncio.get_running_loop().run_in_executor
            with closing(await run(_readers, self._source.opened, self._start, self._left)) as file:
                while piece := await run(_readers, self._piece, file):
                    yield piece

    def getvalue(self) -> bytes:
        return b"".join(self)

    def _piece(self, file: ReadableFile) -> bytes:
        piece = file.read(min(PIECE, self._left))
        self._left -= len(piece)
        return piece
