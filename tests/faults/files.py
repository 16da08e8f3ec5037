"""Files as people send them while servers fail: what an upload that goes on needs, and what has to
be there afterwards.
"""

import asyncio
import random
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from uuid import uuid4

import httpx

TUS = {"Tus-Resumable": "1.0.0"}
PIECE, PIECES = 2**15, 50  # bytes that are sent at once; of large ones so many at most
PAUSE = 0.1  # seconds between two of them, so that much fails in the middle of a body
SIZES = (1, 400_000)
# 409 and 423: a request that was cut off may still be writing, and what it wrote counts.
AGAIN = {408, 409, 423}


@dataclass(frozen=True)
class File:
    name: str  # of no other
    data: bytes

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()


class Asking(Protocol):
    async def __call__(
        self, method: str, path: str, *, again: Collection[int] = ..., **options: Any
    ) -> httpx.Response:
        """Raises `httpx.HTTPError` where it is to be tried again."""


def some_file(chance: random.Random) -> File:
    return File(f"{uuid4().hex}.bin", chance.randbytes(chance.randint(*SIZES)))


async def _slow(data: bytes) -> AsyncIterator[bytes]:
    size = max(PIECE, len(data) // PIECES)
    for start in range(0, len(data), size):
        if start:
            await asyncio.sleep(PAUSE)
        yield data[start : start + size]


class Upload:
    """Gets there, however often `go_on` fails."""

    def __init__(self, file: File, ask: Asking, resumed: Callable[[], None]) -> None:
        self._file = file
        self._ask = ask
        self._resumed = resumed
        self._path = ""

    async def go_on(self) -> str:
        """The key of the attachment, once all of it is there."""
        if not self._path:
            begun = await self._ask("POST", "/api/uploads", headers=TUS | self._description())
            self._path = begun.headers["Location"]
            offset = 0
        else:
            found = await self._ask("HEAD", self._path, headers=TUS, again=AGAIN)
            offset = int(found.headers["Upload-Offset"])
            self._resumed()
        if rest := self._file.data[offset:]:
            headers = {
                **TUS,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(len(rest)),
            }
            await self._ask("PATCH", self._path, headers=headers, content=_slow(rest), again=AGAIN)
        return self._path.rpartition("/")[2]

    def _description(self) -> dict[str, str]:
        name = b64encode(self._file.name.encode()).decode()
        return {"Upload-Length": str(len(self._file.data)), "Upload-Metadata": f"filename {name}"}
