"""The live events as an AsyncAPI 3 document, from the same typed payloads as the calls."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from chatsite.schema import overview
from chatsite.schema.components import Schema, components, reference_to, schema_of
from chatsite.security.credentials import COOKIE
from chatsite.wire import Key
from messaging.realtime import aliases
from messaging.realtime.catalogue import CLOSE_CODES, FROM_CLIENT, FROM_SERVER, Event

DESCRIPTION = """\
Frames both ways are JSON text: `{"event": "<name>", "data": <payload>}`.

The handshake is refused without a valid token (the cookie, or a bearer header; never the address,
which lands in logs), from a page of another site, and to who has too many sockets open. A browser
cannot read the status of a refused handshake: ask `/api/auth/check` after one.

Clients of Socket.IO 4 find the same events at `/socket.io/`, with the cookie or `auth: {token}`:
`socket.on("<name>", payload => …)` and `socket.emit("<name>", payload)`. There `newMessage` goes to
the sender's own sockets only if they connect with `?ownMessages=true`, and what has an alias
(`x-alias`) is told by both names. Commands are heard by either name at every socket.

Delivery is at most once. A client that connects again, or sees a hole in `seq`, calls
`/api/messages/sync` and applies the answer by `_id`: that makes it lossless.
"""
CHANNEL = "#/channels/chat"
SECURITY = "#/components/securitySchemes"


@cache
def document() -> Schema:
    return {
        "asyncapi": "3.1.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"site": _server()},
        "channels": {"chat": _channel()},
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": components(event.payload for event in [*FROM_SERVER, *FROM_CLIENT]),
            "securitySchemes": _security_schemes(),
        },
    }


def _info() -> Schema:
    settings_of_calls: dict[str, Any] = overview.SPECTACULAR_SETTINGS
    return {
        "title": f"{settings_of_calls['TITLE']}, live",
        "version": settings_of_calls["VERSION"],
        "description": DESCRIPTION,
        "license": {"name": "MIT"},
    }


def _server() -> Schema:
    url = urlsplit(settings.PUBLIC_URL or f"http://localhost:{settings.ENV.port}")
    return {
        "host": url.netloc,
        "protocol": "wss" if url.scheme == "https" else "ws",
        "security": [{"$ref": f"{SECURITY}/cookie"}, {"$ref": f"{SECURITY}/bearer"}],
    }


def _channel() -> Schema:
    codes = "\n".join(f"- {code}: {meaning}" for code, meaning in CLOSE_CODES.items())
    query = {
        "presence": {"enum": ["delta"], "description": "Changes in place of the whole list."},
        "user": schema_of(Key)
        | {"description": "Whom the page belongs to: refused when somebody else signed in since."},
    }
    return {
        "address": "/ws/chat/",
        "description": f"The server closes with these codes:\n\n{codes}\n",
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in _messages()},
        "bindings": {"ws": {"query": {"type": "object", "properties": query}}},
        "x-close-codes": {str(code): meaning for code, meaning in CLOSE_CODES.items()},
    }


def _operations() -> Schema:
    """Seen from the server: it sends events, and receives commands."""
    sent = {f"send.{event.name}": _operation("send", event.name) for event in FROM_SERVER}
    received = {
        f"receive.{event.name}": _operation("receive", command_key(event))
        | {"reply": {"channel": {"$ref": CHANNEL}, "messages": _on_channel(*event.responses)}}
        for event in FROM_CLIENT
    }
    return sent | received


def _operation(action: str, key: str) -> Schema:
    return {"action": action, "channel": {"$ref": CHANNEL}, "messages": _on_channel(key)}


def _on_channel(*keys: str) -> list[Schema]:
    return [{"$ref": f"{CHANNEL}/messages/{key}"} for key in keys]


def _messages() -> Schema:
    return {event.name: _message(event) for event in FROM_SERVER} | {
        command_key(event): _message(event) for event in FROM_CLIENT
    }


def command_key(event: Event) -> str:
    """Apart from the event of the same name that the server sends."""
    return f"{event.name}.command"


def _message(event: Event) -> Schema:
    frame = {
        "type": "object",
        "properties": {"event": {"const": event.name}, "data": reference_to(event.payload)},
        "required": ["event", "data"],
    }
    return {
        "name": event.name,
        "summary": event.summary,
        "payload": frame,
        **_other_names(event),
    }


def _other_names(event: Event) -> Schema:
    names = aliases.EVENTS if event in FROM_SERVER else _COMMANDS_BY_NAME
    return {"x-alias": names[event.name]} if event.name in names else {}


_COMMANDS_BY_NAME = {name: alias for alias, name in aliases.COMMANDS.items()}


def _security_schemes() -> Schema:
    return {
        "cookie": {"type": "httpApiKey", "in": "cookie", "name": COOKIE},
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
