"""Whom a request comes from: the proxies that TRUSTED_PROXIES names are believed, nobody else."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chatsite.interfaces import Application, Receive, Scope, Send

HERE = "127.0.0.1"
NOBODY = "0.0.0.0"  # noqa: S104  # an address to be seen under, not to listen on


class TrustedProxies:
    """Makes `client` and `scheme` those of the browser's end, for HTTP and sockets.

    `client` holds an address in its plain form whatever was forwarded: rate limits go by it.
    """

    def __init__(self, app: Application, trusted: list[str]) -> None:
        self.app = app
        # Typed for uvicorn's own kinds of scope.
        self._forwarded: Any = ProxyHeadersMiddleware(self._pass_on, trusted)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        # Only a Unix socket has no client; who comes by it is on this machine.
        scope["client"] = _plain(scope.get("client") or (HERE, 0))
        await self._forwarded(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = _plain(scope["client"])
        await self.app(scope, receive, send)


def _plain(client: tuple[str, int]) -> tuple[str, int]:
    host, port = client
    plain = _plain_host(host)
    return plain, 0 if plain == NOBODY else port


@lru_cache(maxsize=1000)
def _plain_host(host: str) -> str:
    """One spelling an address, at most 39 characters; what is none counts as one and the same."""
    try:
        address = ip_address(host)
    except ValueError:
        return NOBODY
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return str(address).partition("%")[0]
