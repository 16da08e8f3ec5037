"""socket.io-client from npm, in a process of Node, as a front end uses it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.environment import ROOT
from tests.npm import packages
from tests.services import PATIENCE, find

SOURCE = Path(__file__).parent / "client"
NAME = "socketio-client"
PACKAGES = ROOT / "var" / NAME / "node_modules"


def installed() -> Path:
    """The client's script, whose packages are there; skips where that cannot be."""
    packages(SOURCE, NAME)
    return SOURCE / "client.js"


class NodeClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def emit(self, event: str, data: Any, *, asks: bool = False) -> None:
        """`asks` for an acknowledgement."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps([event, data, asks])}\n".encode())
        await self._process.stdin.drain()

    async def next(self) -> tuple[str, Any]:
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        assert line, "the client ended"
        event, *data = json.loads(line)
        return event, data[0] if data else None

    async def all_of(self, *events: str) -> dict[str, Any]:
        """The data of each, once all have come, in whatever order."""
        seen: dict[str, Any] = {}
        while not set(events) <= set(seen):
            event, data = await self.next()
            seen.setdefault(event, data)
        return seen

    async def until(self, event: str) -> Any:
        """The data of the next such event; others before it are skipped."""
        name, data = await self.next()
        while name != event:
            name, data = await self.next()
        return data


@asynccontextmanager
async def node_client(url: str, token: str = "", **options: Any) -> AsyncIterator[NodeClient]:
    """Signed in by the cookie, as far as there is a token."""
    cookie = {"extraHeaders": {"Cookie": f"jwt={token}"}} if token else {}
    process = await asyncio.create_subprocess_exec(
        find("node"),
        str(installed()),
        url,
        json.dumps({**cookie, **options}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(PACKAGES)},
        limit=2**24,
    )
    try:
        yield NodeClient(process)
    finally:
        assert process.stdin
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
