"""Socket.IO over Engine.IO, one server for each event loop.

python-socketio's own server would keep rooms and namespaces beside the groups of the channel layer,
and send each event a second time. So packets come to a `Client`, which is a connection like that of
a native socket.
"""

import asyncio
import time
from typing import Any
from weakref import WeakKeyDictionary

from chatsite import shutdown
from chatsite.interfaces import Scope
from chatsite.monitoring.trace import detached
from messaging.realtime.close_codes import SERVICE_RESTART
from messaging.realtime.socketio.client import Client
from messaging.realtime.socketio.engine import Engine
from messaging.realtime.socketio.handshake import fingerprint_of
from messaging.realtime.socketio.packet_queue import PacketQueue
from messaging.realtime.socketio.pending import PendingSessions
from messaging.realtime.socketio.transport import WebSocket

ROUND = 2  # seconds between two looks at who went away
HANDSHAKE = "chatsite.handshake"  # in the scope of a request that opens a session


class Server:
    def __init__(self) -> None:
        self.engine = Engine(
            PacketQueue,
            WebSocket,
            connected=self._connected,
            received=self._received,
            disconnected=self._disconnected,
        )
        self.clients: dict[str, Client] = {}  # by the key of their session
        self.pending = PendingSessions()
        self.is_shutting_down = False
        self._task: asyncio.Task[None] | None = None
        shutdown.on_shutdown(self._end_polls)

    def client_of(self, sid: str, scope: Scope) -> Client | None:
        """For whoever brings what it began with alone: its key is no secret that opens anything."""
        client = self.clients.get(sid)
        if client is None or client.session.is_closed:
            return None
        return client if fingerprint_of(scope) == client.fingerprint else None

    async def _connected(self, sid: str, environ: dict[str, Any]) -> None:
        handshake = environ["asgi.scope"].pop(HANDSHAKE)
        self.clients[sid] = Client(self.engine.session_of(sid), handshake)
        if self._task is None:
            self._task = asyncio.create_task(self._look_after(), context=detached())

    async def _received(self, sid: str, data: str) -> None:
        if client := self.clients.get(sid):
            await client.receive_packet(data)

    async def _disconnected(self, sid: str, reason: str) -> None:
        self.engine.forget(sid)
        if client := self.clients.pop(sid, None):
            if reason == self.engine.reason.CLIENT_DISCONNECT:
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
        """The web server closes WebSockets by itself; polls would delay its shutdown."""
        self.is_shutting_down = True
        for client in self.clients.values():
            if not client.session.is_upgraded:
                client.terminate(SERVICE_RESTART)


async def _look_at(client: Client) -> None:
    if client.deadline < time.monotonic():
        await client.close_session()
    elif not client.session.is_closed:
        await client.session.check_ping()


_servers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Server]" = WeakKeyDictionary()


def server() -> Server:
    loop = asyncio.get_running_loop()
    if loop not in _servers:
        _servers[loop] = Server()
    return _servers[loop]
