"""WebSockets that carry a session of Engine.IO: from its beginning, or after polls."""

from contextlib import suppress

from django.conf import settings

from chatsite.interfaces import Receive, Scope, Send
from messaging.realtime import handshake
from messaging.realtime.intake import Intake
from messaging.realtime.socketio.engine import Engine
from messaging.realtime.socketio.server import VISITOR, Server, server
from messaging.realtime.socketio.visitor import LONGEST, query_of, visitor_of
from messaging.realtime.unknown import refuse


async def socketio_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application. What is refused is so without a word: no browser could read it."""
    query = query_of(scope)
    if not handshake.is_for_us(scope) or query.get("transport") != ["websocket"]:
        await refuse(scope, receive, send)
    elif sid := query.get("sid"):
        await _upgrade(server(), sid[0], scope, receive, send)
    elif query.get("EIO") == ["4"]:
        await _open(server(), scope, receive, send)
    else:
        await refuse(scope, receive, send)


async def _open(server: Server, scope: Scope, receive: Receive, send: Send) -> None:
    visitor = visitor_of(scope, server.waiting_room)
    if server.is_ending or not visitor.enter():
        await refuse(scope, receive, send)
        return
    visitor.intake = Intake(scope, receive, LONGEST)
    scope[VISITOR] = visitor
    try:
        await _run(server.eio, scope, visitor.intake, send)
    finally:
        if VISITOR in scope:  # it did not come to a session
            visitor.leave()


async def _upgrade(server: Server, sid: str, scope: Scope, receive: Receive, send: Send) -> None:
    client = server.client_of(sid, scope)
    session = client.engine if client else None
    if client is None or session is None or session.upgrading or session.upgraded:
        await refuse(scope, receive, send)
        return
    intake = Intake(scope, receive, LONGEST)
    if client.visitor:
        client.visitor.intake = intake
    else:
        intake.admit(client.user_id, settings.MAX_BODY_BYTES)
    session.upgrading = True  # the engine would say so only with the first packet
    try:
        await _run(server.eio, scope, intake, send)
    finally:
        session.upgrading = False


async def _run(engine: Engine, scope: Scope, intake: Intake, send: Send) -> None:
    try:
        with suppress(OSError):  # broken, or ended for a wrong packet
            await engine.handle_request(scope, intake.receive, send)
    finally:
        intake.stop()
    with suppress(OSError, RuntimeError):  # closed already
        await send({"type": "websocket.close"})
