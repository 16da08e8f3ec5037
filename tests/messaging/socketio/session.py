"""A session of Engine.IO by hand: what no client of theirs would send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from tests.services import PATIENCE

PATH = "/socket.io/"
OPENING = {"EIO": "4", "transport": "polling"}
BETWEEN = "\x1e"


class Session:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.key = ""
        self._waiting: list[str] = []  # packets that came with others

    async def open(self) -> None:
        answer = await self.client.get(PATH, params=OPENING)
        assert answer.status_code == 200, answer.text
        self.key = msgspec.json.decode(answer.text.removeprefix("0"))["sid"]

    async def connect(self) -> str:
        """The packet that answers."""
        assert (await self.post("40")).text == "ok"
        return await self.packets_until("4")

    async def post(
        self, body: str | bytes | AsyncIterator[bytes], **headers: str
    ) -> httpx.Response:
        return await self.client.post(PATH, params=self.params, content=body, headers=headers)

    async def poll(self) -> httpx.Response:
        return await self.client.get(PATH, params=self.params)

    async def packets_until(self, beginning: str) -> str:
        """The next packet that begins so."""
        while True:
            while self._waiting:
                if (packet := self._waiting.pop(0)).startswith(beginning):
                    return packet
            answer = await self.poll()
            assert answer.status_code == 200, answer.text
            self._waiting = answer.text.split(BETWEEN)

    async def is_over(self) -> bool:
        return (await self.post("3")).status_code == 400

    @property
    def params(self) -> dict[str, str]:
        return {**OPENING, "sid": self.key}


@asynccontextmanager
async def opened(url: str, token: str = "", **options: Any) -> AsyncIterator[Session]:
    cookies = {"jwt": token} if token else {}
    limits = httpx.Limits(keepalive_expiry=2)  # before the server closes what is idle
    async with httpx.AsyncClient(
        base_url=url, cookies=cookies, limits=limits, timeout=PATIENCE, **options
    ) as client:
        session = Session(client)
        await session.open()
        yield session


@asynccontextmanager
async def joined(url: str, token: str, **options: Any) -> AsyncIterator[Session]:
    async with opened(url, token, **options) as session:
        assert (await session.connect()).startswith('40{"sid":')
        yield session
        await session.post("1")
