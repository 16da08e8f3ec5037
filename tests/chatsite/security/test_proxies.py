"""Whom a request comes from: trusted proxies are believed, others only speak for themselves."""

from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import Session
from accounts.tokens import issue_token
from chatsite.asgi import application
from chatsite.security.proxies import TrustedProxies
from tests.factories import PASSWORD, make_session, make_user

Headers = list[tuple[bytes, bytes]]
TRUSTED = ["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8"]
PROXY, CDN, CLIENT = "127.0.0.1", "10.1.2.3", "203.0.113.9"


def seen(client: Any, *headers: tuple[str, str], kind: str = "http") -> tuple[str, str]:
    """The address and the scheme under which the application sees a request."""
    scopes: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        scopes.append(scope)

    scope = {
        "type": kind,
        "scheme": "http" if kind == "http" else "ws",
        "client": client,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    async_to_sync(TrustedProxies(app, TRUSTED))(scope, None, None)  # type: ignore[arg-type]
    return scopes[0]["client"][0], scopes[0]["scheme"]


def forwarded(*values: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", value) for value in values]


@pytest.mark.parametrize("kind", ["http", "websocket"])
class TestTrust:
    def test_a_proxy_is_believed(self, kind: str) -> None:
        https = ("X-Forwarded-Proto", "https")
        address, scheme = seen((PROXY, 1), *forwarded(CLIENT), https, kind=kind)
        assert address == CLIENT
        assert scheme == ("https" if kind == "http" else "wss")

    @pytest.mark.parametrize("client", [CLIENT, "192.168.0.1", "11.0.0.1", "2001:db8::1"])
    def test_others_are_not(self, kind: str, client: str) -> None:
        https = ("X-Forwarded-Proto", "https")
        address, scheme = seen((client, 1), *forwarded("198.51.100.7"), https, kind=kind)
        assert address == client
        assert scheme == ("http" if kind == "http" else "ws")

    def test_a_unix_socket_is_on_this_machine(self, kind: str) -> None:
        assert seen(None, kind=kind)[0] == "127.0.0.1"
        assert seen(None, *forwarded(CLIENT), kind=kind)[0] == CLIENT


@pytest.mark.parametrize(
    "values",
    [
        [f"{CLIENT}, {CDN}"],
        [f"198.51.100.7, {CLIENT}, {CDN}"],
        ["198.51.100.7", CLIENT, CDN],
        [f"127.0.0.1, ::1, {CLIENT}, {CDN}, {PROXY}"],
        [f"unknown,,, {'9' * 10_000}, {CLIENT}"],
        [f"{CLIENT}:50123"],
        [f"[::ffff:{CLIENT}]:50123"],
    ],
    ids=["chain", "forged", "several", "like proxies", "nonsense before", "port", "mapped"],
)
def test_the_last_one_that_is_no_proxy_asks(values: list[str]) -> None:
    assert seen((PROXY, 1), *forwarded(*values))[0] == CLIENT


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("[2001:DB8:0:0::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%" + "x" * 5000, "fe80::1"),
        ("", PROXY),
        ("unknown", "0.0.0.0"),
        ("1.2.3", "0.0.0.0"),
        ("[::1", "0.0.0.0"),
        ("x" * 60_000, "0.0.0.0"),
        ("\x00\u00ff", "0.0.0.0"),
    ],
    ids=["brackets", "bare", "zone", "empty", "word", "short", "half", "long", "bytes"],
)
def test_whatever_is_forwarded_becomes_a_plain_address(value: str, address: str) -> None:
    assert seen((PROXY, 1), *forwarded(value))[0] == address


@pytest.mark.parametrize("value", ["", "gopher", "https, http", "x" * 60_000])
def test_a_scheme_that_is_none_changes_nothing(value: str) -> None:
    assert seen((PROXY, 1), ("X-Forwarded-Proto", value))[1] == "http"


@pytest.mark.parametrize("client", ["::ffff:127.0.0.1", "0:0::1"])
def test_a_proxy_is_known_by_any_spelling(client: str) -> None:
    assert seen((client, 1), *forwarded(CLIENT))[0] == CLIENT


def test_the_start_of_the_server_passes() -> None:
    started = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        started.append(scope)

    async_to_sync(TrustedProxies(app, TRUSTED))({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert started == [{"type": "lifespan"}]


@pytest.mark.django_db(transaction=True)
class TestSite:
    @pytest.mark.parametrize(
        ("client", "kept"), [((PROXY, 1), "198.51.100.7"), ((CLIENT, 1), CLIENT)]
    )
    async def test_a_session_keeps_the_address(self, client: tuple[str, int], kept: str) -> None:
        await sync_to_async(make_user)(email="ada@example.org")
        transport = httpx.ASGITransport(application, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            body = {"email": "ada@example.org", "password": PASSWORD}
            forged = {"X-Forwarded-For": "198.51.100.7"}
            response = await http.post("/api/auth/login", json=body, headers=forged)
        assert response.status_code == 200
        assert (await Session.objects.aget()).address == kept

    @pytest.mark.parametrize(
        ("client", "is_let_in"), [([PROXY, 1], True), (None, True), ([CLIENT, 1], False)]
    )
    async def test_a_socket_is_of_the_site_that_the_proxy_serves(
        self, client: list[Any] | None, is_let_in: bool
    ) -> None:
        token = issue_token(await sync_to_async(make_session)(await sync_to_async(make_user)()))
        headers = [
            (b"host", b"chat.example.org"),
            (b"origin", b"https://chat.example.org"),
            (b"x-forwarded-proto", b"https"),
            (b"authorization", f"Bearer {token}".encode()),
        ]
        socket: Any = WebsocketCommunicator(application, "/ws/chat/", headers=headers)
        socket.scope["client"] = client
        connected, _code = await socket.connect()
        assert connected is is_let_in
        await socket.disconnect()
