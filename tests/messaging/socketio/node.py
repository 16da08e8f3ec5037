"""socket.io-client from npm, in a process of Node, as a front end uses it."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.environment import ROOT
from tests.services import PATIENCE, find

SOURCE = Path(__file__).parent / "client"
FOLDER = ROOT / "var" / "socketio-client"
PACKAGES = FOLDER / "node_modules"
INSTALL = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def installed() -> Path:
    """The client's script with its packages beside it, fetched once; skips where that cannot be."""
    npm = find("npm")
    find("node")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not _is_current():
            _install(npm)
    return SOURCE / "client.js"


def _is_current() -> bool:
    lock = FOLDER / "package-lock.json"
    is_same = lock.exists() and lock.read_bytes() == (SOURCE / lock.name).read_bytes()
    return is_same and (PACKAGES / ".package-lock.json").exists()


def _install(npm: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCE / name, FOLDER / name)
    done = subprocess.run([npm, *INSTALL], cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"npm could not fetch socket.io-client: {done.stderr.strip()[-300:]}"
        raise (pytest.fail if os.environ.get("CI") == "true" else pytest.skip).Exception(reason)


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
