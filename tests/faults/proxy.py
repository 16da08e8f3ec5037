"""A TCP proxy in front of the workers: balances new connections, and fails them on purpose."""

import asyncio
import itertools
from contextlib import suppress

PIECE = 2**16


class Proxy:
    """Every connection goes to the next worker that takes it, as behind a real balancer."""

    def __init__(self, targets: list[int]) -> None:
        self._targets = itertools.cycle(targets)
        self._count = len(targets)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0  # seconds that each piece waits on its way
        self.port = 0
        self.dropped = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.drop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def drop(self) -> None:
        """Cuts every connection in the middle of whatever it carries."""
        for writer in list(self._open):
            self.dropped += 1
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        try:
            await self._serve(reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        worker = await self._connect()
        if worker is None:
            return
        from_worker, to_worker = worker
        there = asyncio.create_task(self._pass_on(reader, to_worker))
        back = asyncio.create_task(self._pass_on(from_worker, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            # What the worker had still to say gets through; the other way nobody listens.
            await asyncio.wait({back}, timeout=1)
        finally:
            there.cancel()
            back.cancel()
            to_worker.transport.abort()
            with suppress(OSError):
                await writer.drain()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _try in range(self._count):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", next(self._targets))
        return None

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                target.write(piece)
                await target.drain()
