"""WebSockets that carry a session of Engine.IO: from its beginning, or after polls."""

from contextlib import suppress

from django.conf import settings

from chatsite.interfaces import Receive, Scope, Send
from chatsite.security.handshakes import deny
from messaging.realtime.receive_budget import Receiver
from messaging.realtime.socketio.engine import Engine
from messaging.realtime.socketio.handshake import MAX_PACKET_LENGTH, handshake_of, query_of
from messaging.realtime.socketio.server import HANDSHAKE, Server, server


async def socketio_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application. What is refused is so without a word: no browser could read it."""
    query = query_of(scope)
    if query.get("transport") != ["websocket"]:
        await deny(scope, receive, send)
    elif sid := query.get("sid"):
        await _upgrade(server(), sid[0], scope, receive, send)
    elif query.get("EIO") == ["4"]:
        await _open(server(), scope, receive, send)
    else:
        await deny(scope, receive, send)


async def _open(server: Server, scope: Scope, receive: Receive, send: Send) -> None:
    handshake = handshake_of(scope, server.pending)
    if server.is_shutting_down or not handshake.begin():
        await deny(scope, receive, send)
        return
    handshake.receiver = Receiver(scope, receive, MAX_PACKET_LENGTH)
    scope[HANDSHAKE] = handshake
    try:
        await _run(server.engine, scope, handshake.receiver, send)
    finally:
        if HANDSHAKE in scope:  # it did not come to a session
            handshake.end()


async def _upgrade(server: Server, sid: str, scope: Scope, receive: Receive, send: Send) -> None:
    client = server.client_of(sid, scope)
    session = client.session if client else None
    if client is None or session is None or session.is_upgrading or session.is_upgraded:
        await deny(scope, receive, send)
        return
    receiver = Receiver(scope, receive, MAX_PACKET_LENGTH)
    if client.handshake:
        client.handshake.receiver = receiver
    else:
        receiver.assign_to(client.user_id, settings.MAX_BODY_BYTES)
    session.is_upgrading = True  # the engine would say so only with the first packet
    try:
        await _run(server.engine, scope, receiver, send)
    finally:
        session.is_upgrading = False


async def _run(engine: Engine, scope: Scope, receiver: Receiver, send: Send) -> None:
    try:
        with suppress(OSError):  # broken, or ended for a wrong packet
            await engine.handle_request(scope, receiver, send)
    finally:
        receiver.stop()
    with suppress(OSError, RuntimeError):  # closed already
        await send({"type": "websocket.close"})
