"""Which sockets may be opened: for a host of this site, and not by pages of other sites."""

from collections.abc import Mapping
from typing import Any

from chatsite.fastpath.plain_request import is_ours
from chatsite.interfaces import Application, Receive, Scope, Send
from chatsite.security import origins

SCHEMES = {"ws": "http", "wss": "https"}


class HostAndOriginValidator:
    """As Channels' `AllowedHostsOriginValidator`, by the rules that hold for requests as well: an
    origin has its scheme and port, and CLIENT_URL lists others.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app if _is_valid(scope) else deny
        await app(scope, receive, send)


async def deny(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application that refuses a handshake, without a word."""
    await receive()
    await send({"type": "websocket.close"})


def _is_valid(scope: Scope) -> bool:
    return is_ours(header(scope, b"host") or "") and _is_own_origin(scope)


def _is_own_origin(scope: Scope) -> bool:
    """True without an Origin: browsers always send one."""
    origin = header(scope, b"origin")
    return origin is None or origins.is_own_origin(origin, **_own(scope))


def picture_origin(scope: Scope) -> str:
    """What a page of another origin needs before the paths of pictures."""
    origin = header(scope, b"origin")
    return origins.address_for(origin, **_own(scope)) if origin else ""


def _own(scope: Scope) -> dict[str, str]:
    """This site's scheme and host, as it was requested."""
    scheme: str = scope.get("scheme", "ws")
    return {"scheme": SCHEMES.get(scheme, scheme), "host": header(scope, b"host") or ""}


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    value = next((value for key, value in scope["headers"] if key.lower() == name), None)
    return None if value is None else value.decode("latin-1")
