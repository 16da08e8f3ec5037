"""Bytes that are no UTF-8, wherever a client can put them: refused, and nothing is stored."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from accounts.models import User
from accounts.tokens import issue_token
from chatsite.asgi import application
from messaging.models import Message
from tests.factories import make_pair, make_session

pytestmark = pytest.mark.django_db(transaction=True)

UNDECODABLE = [
    b"h\xe9",  # Latin-1
    b"\xe2\x82",  # truncated
    b"\xc0\xaf",  # overlong
    b"\xed\xa0\x80",  # half a surrogate pair
    b"\xf4\x90\x80\x80",  # beyond Unicode
    b"\x80",  # without a beginning
]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}
HEADERS = [
    *("Cookie", "Authorization", "Accept", "Accept-Encoding", "Accept-Language", "Content-Type"),
    *("Host", "Origin", "Referer", "User-Agent", "Range", "If-None-Match", "If-Modified-Since"),
    *("X-Expected-User", "X-Request-ID", "X-Forwarded-For", "HX-Request", "HX-Current-URL"),
]


@dataclass
class Client:
    http: httpx.AsyncClient
    peer: str

    async def status(self, method: str, path: str, content: bytes = b"", **headers: Any) -> int:
        """Whatever is refused is told in the site's own words."""
        path = path.format(peer=self.peer)
        response = await self.http.request(method, path, content=content, headers=headers)
        if response.status_code == 400:
            begins = '{"message":' if path.startswith("/api/") else "<!doctype html>"
            assert response.text.startswith(begins)
        return response.status_code


@pytest.fixture
async def client(transactional_db: None) -> AsyncIterator[Client]:
    ada, bo = await sync_to_async(make_pair)()
    token = issue_token(await sync_to_async(make_session)(ada))
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        http.headers["Cookie"] = f"jwt={token}"
        yield Client(http, bo.pk)


@sync_to_async
def everything() -> list[Any]:
    return [Message.objects.count(), *User.objects.order_by("pk").values("full_name", "email")]


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x--\r\n"


def part(name: bytes, content: bytes) -> bytes:
    disposition = b"Content-Disposition: form-data; " + name
    return b"--x\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n"


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "ordinary"])
async def test_the_json_of_a_message(client: Client, settings: Settings, fast: bool) -> None:
    settings.FAST = replace(settings.FAST, http=fast)
    for bad in UNDECODABLE:
        for body in (b'{"text": "%b"}', b'{"text": "Hi", "%b": 1}', b'{"text": "Hi"}%b'):
            assert (
                await client.status("POST", "/api/messages/send/{peer}", body % bad, **JSON) == 400
            )
    assert not await Message.objects.aexists()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "/api/auth/signup",
            b'{"fullName": "%b", "email": "a@b.org", "password": "123456"}',
        ),
        ("POST", "/api/auth/login", b'{"email": "%b", "password": "123456"}'),
        ("PUT", "/api/auth/update-profile", b'{"fullName": "%b"}'),
        ("PUT", "/api/messages/read/{peer}", b'{"seq": 1, "x": "%b"}'),
    ],
    ids=["sign-up", "log-in", "profile", "read mark"],
)
async def test_the_json_of_other_calls(client: Client, method: str, path: str, body: bytes) -> None:
    before = await everything()
    for bad in UNDECODABLE:
        assert await client.status(method, path, body % bad, **JSON) == 400
    assert await everything() == before


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/messages/send/{peer}", b"text"),
        ("PUT", "/api/auth/update-profile", b"fullName"),
    ],
    ids=["message", "profile"],
)
async def test_a_form_of_the_api(client: Client, method: str, path: str, name: bytes) -> None:
    before = await everything()
    for bad in UNDECODABLE:
        forms = (
            form(part(b'name="%b"' % name, bad)),
            form(part(b"name*=utf-8''%b" % bad, b"Hi")),
        )
        for body in forms:
            assert await client.status(method, path, body, **PARTS) == 400
    assert await everything() == before


async def test_a_form_of_the_api_in_utf_8(client: Client) -> None:
    """U+FFFD included, when somebody sends it."""
    text = "hé \ufffd \U0001f600"
    body = form(part(b'name="text"', text.encode()))
    assert await client.status("POST", "/api/messages/send/{peer}", body, **PARTS) == 201
    assert (await Message.objects.aget()).text == text


@pytest.mark.parametrize("path", ["/api/messages/send/{peer}", "/login"])
@pytest.mark.parametrize("codec", ["rot13", "zlib", "idna", "undefined", "nowhere"])
async def test_a_codec_that_a_header_makes_up(client: Client, path: str, codec: str) -> None:
    value = f"*={codec}''x%ff".encode()
    body = form(part(b"name" + value, b"Hi"))
    assert await client.status("POST", path, body, **PARTS) < 500
    for kind in (b"multipart/form-data; boundary=x; x", b"application/json; x", b"text/plain; x"):
        headers: Any = {"Content-Type": kind + value}
        assert await client.status("POST", path, body, **headers) < 500
        assert await client.status("GET", path, **headers) < 500


@pytest.mark.parametrize("path", ["/login", "/signup", "/reset", "/profile"])
async def test_a_form_of_a_page(client: Client, path: str) -> None:
    before = await everything()
    for bad in UNDECODABLE:
        quoted = quote_from_bytes(bad).encode()
        for body in (b"email=" + bad, b"email=" + quoted, quoted + b"=x"):
            assert await client.status("POST", path, body, **FORM) == 400
        body = form(part(b'name="email"', bad))
        assert await client.status("POST", path, body, **PARTS) == 400
    assert await everything() == before


@pytest.mark.parametrize("start", ["/", "/api/", "/api/messages/", "/media/", "/static/", "/chat/"])
async def test_a_path(client: Client, start: str) -> None:
    for bad in UNDECODABLE:
        assert await client.status("GET", start + quote_from_bytes(bad)) == 404


@pytest.mark.parametrize("call", ["{peer}", "contacts", "chats", "sync"])
async def test_a_query(client: Client, call: str) -> None:
    """Names that a call does not know are not read; a search finds nobody."""
    for bad in UNDECODABLE:
        for name in ("limit", "before", "cursor", "since", "search", "x"):
            path = f"/api/messages/{call}?{name}={quote_from_bytes(bad)}"
            assert await client.status("GET", path) in (200, 400)


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header(client: Client, name: str) -> None:
    before = {"Cookie": b"jwt=", "Authorization": b"Bearer "}.get(name, b"")
    for bad in UNDECODABLE:
        headers = {name: before + bad}
        assert await client.status("GET", "/api/messages/chats", **headers) < 500
        assert await client.status("GET", "/login", **headers) < 500
        body = b'{"text": "Hi"}'
        path = "/api/messages/send/{peer}"
        assert await client.status("POST", path, body, **{**JSON, **headers}) < 500


@pytest.mark.parametrize("name", ["csrftoken", "tz", "messages", "device", "__Host-jwt"])
async def test_a_cookie(client: Client, name: str) -> None:
    client.http.headers.pop("Cookie")
    for bad in UNDECODABLE:
        headers: Any = {**FORM, "Cookie": name.encode() + b"=" + bad}
        assert await client.status("POST", "/login", b"email=a@b.org&password=x", **headers) < 500
        assert await client.status("GET", "/login", **headers) == 200
