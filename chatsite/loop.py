"""uvloop's event loop for people who come in crowds, such as all of them after a restart:
uvicorn's `--loop chatsite.loop:Loop`.

uvloop takes on one connection in a round, however many wait. So each has a round to itself, and
wakes threads and clients for itself alone, which takes nearly as long as all else that it needs.
Here the same sockets are listened to `LISTENERS` times.
"""

import os
import socket
from asyncio import AbstractServer
from collections.abc import Sequence
from typing import Any

import uvloop

LISTENERS = 8  # connections in a round; each more costs a lone connection a microsecond
OF_ADDRESS = {"sock", "family", "flags", "reuse_address", "reuse_port"}


class Loop(uvloop.Loop):
    async def create_server(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """As that of asyncio."""
        first: Any = await super().create_server(protocol_factory, host, port, **options)
        rest = {name: value for name, value in options.items() if name not in OF_ADDRESS}
        servers: list[Any] = [first]
        for listener in list(first.sockets) * (LISTENERS - 1):
            same = socket.socket(fileno=os.dup(listener.fileno()))
            servers.append(await super().create_server(protocol_factory, sock=same, **rest))
        return Servers(servers)


class Servers(AbstractServer):
    """Several that listen to the same sockets."""

    def __init__(self, servers: Sequence[Any]) -> None:
        self._servers = servers

    @property
    def sockets(self) -> Any:
        return self._servers[0].sockets

    def get_loop(self) -> Any:
        return self._servers[0].get_loop()

    def is_serving(self) -> bool:
        return bool(self._servers[0].is_serving())

    async def start_serving(self) -> None:
        for server in self._servers:
            await server.start_serving()

    async def serve_forever(self) -> None:
        await self.start_serving()
        await self._servers[0].serve_forever()

    def close(self) -> None:
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        for server in self._servers:
            await server.wait_closed()
