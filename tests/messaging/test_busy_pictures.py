"""While too many pictures are at work, the next one is 503 with a time to come back; nothing of it
is kept, and it may be sent again. Who goes away makes room for it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from chatsite.asgi import application
from chatsite.pictures import decoder_pool, decoding
from chatsite.pictures.decoder_pool import pooled_decoder
from messaging.models import Message
from tests.factories import ApiFor, make_pair
from tests.hostile_pictures import many_scans
from tests.messaging.realtime.sockets import token_for
from tests.pictures import data_uri, decoders_free, picture

pytestmark = pytest.mark.django_db
Communicator: Any = ApplicationCommunicator  # asgiref does not annotate it

SENTENCE = "Many pictures are being uploaded right now. Please try again in a moment."


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(decoder_pool, "PATIENCE", 0)
    monkeypatch.setattr(decoding, "MAX_SCANS", 1_000_000)
    return tmp_path


def assert_busy(answer: Any) -> None:
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {"message": SENTENCE}


def test_over_the_api(api_for: ApiFor, folder: Path) -> None:
    ada, bo = make_pair()
    client, address = api_for(ada), f"/api/messages/send/{bo.pk}"
    message = {"image": data_uri(picture()), "clientMessageId": "a"}
    with pooled_decoder(), pooled_decoder():
        assert_busy(client.post(address, message))
        assert client.post(address, {"text": "words"}).status_code == 201
    assert Message.objects.count() == 1
    assert list(folder.iterdir()) == []
    assert client.post(address, message).status_code == 201


def test_of_a_profile(api_for: ApiFor, page_for: Callable[[User], Client]) -> None:
    ada = make_pair()[0]
    with pooled_decoder(), pooled_decoder():
        change = {"profilePic": data_uri(picture())}
        assert_busy(api_for(ada).put("/api/auth/update-profile", change))
        file = SimpleUploadedFile("me.png", picture(), "image/png")
        page = page_for(ada).post("/profile", {"full_name": "Ada", "picture": file})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert SENTENCE in page.content.decode()
    ada.refresh_from_db()
    assert ada.picture == ""


def test_on_the_page(page_for: Callable[[User], Client]) -> None:
    ada, bo = make_pair()
    file = SimpleUploadedFile("me.png", picture(), "image/png")
    with pooled_decoder(), pooled_decoder():
        page = page_for(ada).post(f"/chat/{bo.pk}", {"text": "Look", "image": file})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert SENTENCE in page.content.decode()
    assert "Look" in page.content.decode()
    assert not Message.objects.exists()


def upload(token: str, body: bytes) -> Any:
    headers = [
        (b"host", b"testserver"),
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    path = "/api/auth/update-profile"
    scope = {"type": "http", "method": "PUT", "scheme": "http", "path": path, "query_string": b""}
    return Communicator(application, {**scope, "headers": headers, "http_version": "1.1"})


@pytest.mark.django_db(transaction=True)
async def test_who_goes_away_makes_room(api_for: ApiFor) -> None:
    """Both pictures would take minutes."""
    ada, bo = await sync_to_async(make_pair)()
    token = await sync_to_async(token_for)(ada)
    body = json.dumps({"profilePic": data_uri(many_scans(5_000), "jpeg")}).encode()
    uploads = [upload(token, body) for _upload in range(decoder_pool.MAX_CONCURRENT)]
    for each in uploads:
        await each.send_input({"type": "http.request", "body": body})
    await decoders_free(0)
    for each in uploads:
        await each.send_input({"type": "http.disconnect"})
    await decoders_free(decoder_pool.MAX_CONCURRENT)
    change = {"profilePic": data_uri(picture())}
    client = await sync_to_async(api_for)(bo)
    answer = await sync_to_async(client.put)("/api/auth/update-profile", change)
    assert answer.status_code == 200
    for each in uploads:
        await each.wait(20)
    await sync_to_async(ada.refresh_from_db)()
    assert ada.picture == ""
