"""Bodies as a server hands them on: counted while they are read, and always UTF-8."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator

from accounts.models import User
from accounts.tokens import issue_token
from chatsite.asgi import application
from messaging.models import Message
from tests.contract.shapes import MESSAGE
from tests.disks import small_disk
from tests.factories import make_pair, make_session

Communicator: Any = ApplicationCommunicator  # asgiref does not annotate it

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 10_485_760
NO_ROOM = "There is no room for uploads at the moment. Please try again later."
CODECS = ["rot13", "zlib", "bz2", "base64", "hex", "undefined", "idna", "punycode", "utf-16"]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Straight to the application, with the body in the pieces it is given in."""
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def talk(http: httpx.AsyncClient) -> str:
    """Signs somebody in, and returns the address to which they send messages."""
    ada, peer = await sync_to_async(_signed_in)()
    http.headers["Authorization"] = f"Bearer {ada}"
    return f"/api/messages/send/{peer}"


def _signed_in() -> tuple[str, str]:
    ada, bo = make_pair()
    return issue_token(make_session(ada)), bo.pk


def body_of(size: int) -> bytes:
    start, end = b'{"text": "Hi", "padding": "', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


ways = pytest.mark.parametrize("sent", [lambda body: body, in_pieces], ids=["whole", "chunked"])


@ways
class TestSize:
    async def test_a_byte_too_many_is_413(
        self, http: httpx.AsyncClient, talk: str, sent: Callable[[bytes], Any]
    ) -> None:
        json = {"Content-Type": "application/json"}
        response = await http.post(talk, content=sent(body_of(LIMIT + 1)), headers=json)
        assert response.status_code == 413
        assert response.headers["Content-Type"] == "application/json"
        assert set(response.json()) == {"message"}
        assert not await Message.objects.aexists()

    async def test_the_limit_itself_is_taken(
        self, http: httpx.AsyncClient, talk: str, sent: Callable[[bytes], Any]
    ) -> None:
        json = {"Content-Type": "application/json"}
        response = await http.post(talk, content=sent(body_of(LIMIT)), headers=json)
        assert response.status_code == 201
        assert set(response.json()) == MESSAGE


@ways
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # Django's, let go of
class TestFullDisk:
    """Large bodies wait there: who is refused is told so, and small ones pass."""

    @pytest.fixture(autouse=True)
    def disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "small"))
        with small_disk(tmp_path / "small", size="1500k"):
            yield

    @pytest.mark.parametrize("size", [1_600_000, LIMIT])
    async def test_large_ones(
        self, http: httpx.AsyncClient, talk: str, sent: Callable[[bytes], Any], size: int
    ) -> None:
        json = {"Content-Type": "application/json"}
        response = await http.post(talk, content=sent(body_of(size)), headers=json)
        assert (response.status_code, response.json()) == (507, {"message": NO_ROOM})
        assert response.headers["Connection"] == "close"
        assert not await Message.objects.aexists()
        assert shutil.disk_usage(tempfile.gettempdir()).used == 0
        response = await http.post(talk, content=sent(body_of(1_000_000)), headers=json)
        assert response.status_code == 201

    async def test_of_a_page(self, http: httpx.AsyncClient, sent: Callable[[bytes], Any]) -> None:
        response = await http.post("/login", content=sent(body_of(LIMIT)))
        assert response.status_code == 507
        assert "There is not enough space for that" in response.text


async def test_an_endless_body_is_cut_off() -> None:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/auth/signup",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }
    server = Communicator(application, scope)
    for _piece in range(11):
        await server.send_input(
            {"type": "http.request", "body": b"x" * 1_048_576, "more_body": True}
        )
    assert (await server.receive_output())["status"] == 413
    await server.receive_output()
    await server.wait()
    assert not await User.objects.aexists()


async def test_a_length_that_lies_helps_nobody(http: httpx.AsyncClient, talk: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "2"}
    response = await http.post(talk, content=in_pieces(body_of(LIMIT + 1)), headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize("codec", CODECS)
async def test_a_claimed_charset_is_no_codec_to_look_up(
    http: httpx.AsyncClient, talk: str, codec: str
) -> None:
    headers = {"Content-Type": f"application/json; charset={codec}"}
    body = '{"text": "Grüße"}'.encode()
    response = await http.post(f"{talk}?search=%ff", content=body, headers=headers)
    assert response.status_code == 201
    assert response.json()["text"] == "Grüße"
