"""Sessions of Engine.IO over requests: one that opens them, polls, and bodies with packets."""

import asyncio
import re
from contextlib import suppress

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.disconnect import DisconnectMiddleware
from chatsite.errors import Busy, DomainError
from chatsite.fastpath.plain_request import is_ours
from chatsite.interfaces import Application, Message, Receive, Scope, Send
from chatsite.monitoring.trace import set_route
from chatsite.security.body_limit import BodyLimit, first, why_without_body
from chatsite.security.handshakes import header
from chatsite.security.origins import is_foreign
from messaging.realtime.receive_budget import Allocation
from messaging.realtime.socketio.client import Client
from messaging.realtime.socketio.engine import PACKETS, EngineIOError
from messaging.realtime.socketio.handshake import MAX_PACKET_LENGTH, handshake_of, query_of
from messaging.realtime.socketio.packets import is_plain
from messaging.realtime.socketio.responses import Responses
from messaging.realtime.socketio.server import HANDSHAKE, Server, server

PATH = re.compile(r"/*socket\.io/?")
ROUTE = "socket.io/"
METHODS = ("GET", "POST")
BETWEEN = "\x1e"  # packets of a body
CLIENT = "chatsite.client"  # in the scope of a request with a body
NO_BODY: Message = {"type": "http.request", "body": b"", "more_body": False}


class Polling:
    """In front of the application that responds to everything else, preflights among it."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not PATH.fullmatch(scope["path"]) or not _is_for_us(scope):
            await self.app(scope, receive, send)
            return
        set_route(ROUTE)
        responses = Responses(scope, send)
        try:
            await _respond(server(), scope, receive, responses)
        except DomainError as error:
            await responses.refuse(error)


def _is_for_us(scope: Scope) -> bool:
    """The rest is responded to as at any other path."""
    is_plain_http = settings.SECURE_SSL_REDIRECT and scope["scheme"] != "https"
    host = header(scope, b"host") or ""
    return scope["method"] in METHODS and not is_plain_http and is_ours(host)


async def _respond(server: Server, scope: Scope, receive: Receive, responses: Responses) -> None:
    query = query_of(scope)
    if _is_foreign(scope):
        raise DomainError(_("Requests from another site are refused."), 403)
    if query.get("transport") != ["polling"] or "j" in query:
        raise DomainError(_("This transport is not offered."))
    if "sid" in query:
        client = server.client_of(query["sid"][0], scope)
        if client is None:
            raise DomainError(_("There is no such session, or it has ended."))
        work = _poll if scope["method"] == "GET" else _post
        await work(client, scope, receive, responses)
    elif scope["method"] == "GET" and query.get("EIO") == ["4"]:
        await _open(server, scope, receive, responses)
    else:
        raise DomainError(_("Only version 4 of Engine.IO is supported."))


def _is_foreign(scope: Scope) -> bool:
    host = header(scope, b"host") or ""
    return is_foreign(lambda name: header(scope, name.encode()), scheme=scope["scheme"], host=host)


async def _open(server: Server, scope: Scope, receive: Receive, responses: Responses) -> None:
    handshake = handshake_of(scope, server.pending)
    if server.is_shutting_down or not handshake.begin():
        raise Busy
    scope[HANDSHAKE] = handshake
    try:
        await server.engine.handle_request(scope, receive, responses.send)
    finally:
        if HANDSHAKE in scope:  # it did not come to a session
            handshake.end()


async def _poll(client: Client, scope: Scope, receive: Receive, responses: Responses) -> None:
    """Whoever goes away while it waits is gone, as with a socket."""
    if client.is_polling:
        await client.close_session()
        raise DomainError(_("This session already has a poll waiting."))
    client.is_polling = True
    await receive()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            client.is_polling = False  # the next one comes as soon as the response is there
            if client.is_closed:
                await client.last_packet_fetched()
        await responses.send(message)

    engine = server().engine
    polling = asyncio.ensure_future(engine.handle_request(scope, first(NO_BODY, receive), send))
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((polling, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        polling.cancel()
        leaving.cancel()
    with suppress(asyncio.CancelledError):
        await polling


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _post(client: Client, scope: Scope, receive: Receive, responses: Responses) -> None:
    if client.is_receiving:
        await client.close_session()
        raise DomainError(_("This session is already sending a request with a body."))
    client.is_receiving = True
    read = _of_members if client.is_admitted else _of_strangers
    await read({**scope, CLIENT: client}, receive, responses.send)


async def _read(scope: Scope, receive: Receive, send: Send) -> None:
    client: Client = scope[CLIENT]
    if why_without_body():
        await client.close_session()
        raise DomainError(_("The request is too large."), 413)
    allocation = Allocation(client.drop_body, client.user_id)
    try:
        body = await _body_for(client, receive, allocation)
        if body is None:
            await client.close_session()
            return
        await _handle(client, body)
    except Busy:
        await client.close_session()
        raise
    finally:
        allocation.release()
    client.is_receiving = False  # the next one comes as soon as the response is there
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"ok"})


async def _handle(client: Client, body: bytes) -> None:
    packets = _packets(body)
    if packets is None:
        await client.close_session()
        raise DomainError(_("These are not Socket.IO packets."))
    with suppress(EngineIOError):  # it ended meanwhile
        for packet in packets:
            await client.session.receive(packet)


_of_members = BodyLimit(DisconnectMiddleware(_read), settings.MAX_BODY_BYTES)
_of_strangers = BodyLimit(_read, MAX_PACKET_LENGTH)


async def _body_for(client: Client, receive: Receive, allocation: Allocation) -> bytes | None:
    """What came of it is let go when the session ends meanwhile: others might follow.

    Raises Busy above the budget, or when it was stalled, or gave way to somebody else's.
    """
    try:
        async with asyncio.timeout(None) as client.body:
            return await _body(receive, allocation)
    except TimeoutError:
        if not client.is_closed:
            raise Busy from None
        raise DomainError(_("There is no such session, or it has ended.")) from None
    finally:
        client.body = None


async def _body(receive: Receive, allocation: Allocation) -> bytes | None:
    """None when it does not come whole, or is too large. Raises Busy above the budget."""
    body, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body.append(message.get("body", b""))
        size += len(body[-1])
        is_whole = not message.get("more_body")
        if not allocation.resize(size, 0 if is_whole else size):
            raise Busy
        if is_whole:
            return b"".join(body)


def _packets(body: bytes) -> list[str] | None:
    """None for what no client sends."""
    try:
        packets = body.decode().split(BETWEEN)
    except UnicodeDecodeError:
        return None
    return packets if len(packets) <= PACKETS and all(map(is_plain, packets)) else None
