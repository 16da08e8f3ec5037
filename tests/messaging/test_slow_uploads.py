"""Uploads that keep the site waiting."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site

from accounts.tokens import issue_token
from chatsite.asgi import application
from chatsite.files import streaming
from messaging.models import Attachment
from messaging.services import uploads
from tests.factories import make_session, make_user
from tests.files import OFFSET_TYPE, PDF, TUS

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = "The upload is too slow: send the rest of it later."


async def new_token() -> str:
    return issue_token(await sync_to_async(lambda: make_session(make_user()))())


@pytest.fixture
async def client(transactional_db: None) -> AsyncIterator[httpx.AsyncClient]:
    token = await new_token()
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "GRACE", 0.3)


def kept_files() -> set[Path]:
    return set(Path(site.MEDIA_ROOT, "attachments").rglob("*/*"))


async def trickling(data: bytes, ends: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """Never too long without a byte, and not done before it is told to."""
    yield data
    while not (ends and ends.is_set()):
        await asyncio.sleep(0.01)
        yield b""


async def begun(client: httpx.AsyncClient, **headers: str) -> str:
    headers |= {**TUS, "Upload-Length": str(len(PDF))}
    return str((await client.post("/api/uploads", headers=headers)).headers["Location"])


async def test_one_that_is_too_slow_is_cut_off_and_goes_on_later(client: httpx.AsyncClient) -> None:
    location = await begun(client)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": OFFSET_TYPE}
    refused = await client.patch(location, content=trickling(PDF[:90]), headers=headers)
    assert (refused.status_code, refused.json()) == (408, {"message": SLOW})
    assert refused.headers["Connection"] == "close"
    assert (await client.head(location, headers=TUS)).headers["Upload-Offset"] == "90"
    headers["Upload-Offset"] = "90"
    assert (await client.patch(location, content=PDF[90:], headers=headers)).status_code == 204
    sums = {"Upload-Checksum": "sha1 aaaa"}  # of which nothing is kept
    location = await begun(client)
    headers["Upload-Offset"] = "0"
    refused = await client.patch(location, content=trickling(PDF), headers=headers | sums)
    assert refused.status_code == 408
    assert (await client.head(location, headers=TUS)).headers["Upload-Offset"] == "0"


async def test_when_all_threads_are_taken_who_has_most_gives_one_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "GRACE", 20)
    monkeypatch.setattr(uploads, "MAX_CONCURRENT", 2)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": OFFSET_TYPE}
    running: list[asyncio.Task[httpx.Response]] = []
    ends = asyncio.Event()
    for number in range(2):
        location = await begun(client)
        body = trickling(PDF[:90], ends)
        running.append(asyncio.create_task(client.patch(location, content=body, headers=headers)))
        while sum(map(len, uploads._receiving.values())) <= number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    other = {"Authorization": f"Bearer {await new_token()}"}
    location = await begun(client, **other)
    sent = await client.patch(location, content=PDF, headers=headers | other)
    assert sent.status_code == 204
    refused = await running[0]
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert not running[1].done()
    ends.set()
    assert (await running[1]).status_code == 204


async def test_of_a_form_that_is_too_slow_nothing_is_kept(client: httpx.AsyncClient) -> None:
    before = kept_files()
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "1000"}
    refused = await client.post("/api/attachments", content=trickling(part), headers=headers)
    assert (refused.status_code, refused.json()) == (408, {"message": SLOW})
    assert not await Attachment.objects.aexists()
    assert kept_files() == before


async def test_one_that_is_fast_enough_may_take_longer(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MIN_RATE", 1)
    location = await begun(client)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(PDF), 50):
            yield PDF[at : at + 50]
            await asyncio.sleep(0.1)

    headers = {**TUS, "Upload-Offset": "0", "Content-Type": OFFSET_TYPE}
    assert (await client.patch(location, content=pieces(), headers=headers)).status_code == 204
