"""python-socketio's server, one for each event loop, over our own engine.

Who is let in, and who is told what, is not its own affair here: its rooms and namespaces would be
kept beside the groups of the channel layer, and hear of an event a second time. So its packets come
to a `Client`, the same consumer of the channel layer as a native socket.
"""

import asyncio
import time
from typing import Any
from weakref import WeakKeyDictionary

import socketio

from chatsite import ending
from chatsite.interfaces import Scope
from chatsite.monitoring.trace import detached
from messaging.realtime.catalogue import RESTART
from messaging.realtime.socketio.client import Client
from messaging.realtime.socketio.engine import Engine
from messaging.realtime.socketio.visitor import proof_of
from messaging.realtime.socketio.waiting import WaitingRoom

ROUND = 2  # seconds between two looks at who went away
VISITOR = "chatsite.visitor"  # in the scope of a request that opens a session


class Server(socketio.AsyncServer):
    eio: Engine

    def __init__(self) -> None:
        super().__init__(async_mode="asgi")
        self.clients: dict[str, Client] = {}  # by the key of their session
        self.waiting_room = WaitingRoom()
        self.is_ending = False
        self._task: asyncio.Task[None] | None = None
        ending.at_end(self._end_polls)

    def client_of(self, sid: str, scope: Scope) -> Client | None:
        """For whoever brings what it began with alone: its key is no secret that opens anything."""
        client = self.clients.get(sid)
        if client is None or client.engine.closed:
            return None
        return client if proof_of(scope) == client.proof else None

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, sid: str, environ: dict[str, Any]) -> None:
        visitor = environ["asgi.scope"].pop(VISITOR)
        self.clients[sid] = Client(self.eio.sockets[sid], visitor)
        if self._task is None:
            self._task = asyncio.create_task(self._look_after(), context=detached())

    async def _handle_eio_message(self, sid: str, data: str) -> None:
        if client := self.clients.get(sid):
            await client.take(data)

    async def _handle_eio_disconnect(self, sid: str, reason: str) -> None:
        self.eio.sockets.pop(sid, None)
        if client := self.clients.pop(sid, None):
            if reason == self.reason.CLIENT_DISCONNECT:
                client.has_closed()
            await client.leave()

    async def _look_after(self) -> None:
        try:
            while self.clients:
                await asyncio.sleep(ROUND)
                for client in [*self.clients.values()]:
                    await _look_at(client)
        finally:
            self._task = None

    def _end_polls(self) -> None:
        """The server says it to WebSockets; polls would keep it from its end."""
        self.is_ending = True
        for client in self.clients.values():
            if not client.engine.upgraded:
                client.dismiss(RESTART)


async def _look_at(client: Client) -> None:
    if client.deadline < time.monotonic():
        await client.end()
    elif not client.engine.closed:
        await client.engine.check_ping_timeout()


_servers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Server]" = WeakKeyDictionary()


def server() -> Server:
    loop = asyncio.get_running_loop()
    if loop not in _servers:
        _servers[loop] = Server()
    return _servers[loop]
