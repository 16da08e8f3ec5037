"""While too many pictures are at work, the next one is 503 with a time to come back; nothing of it
is kept, and it may be sent again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from chatsite.pictures import turns
from chatsite.pictures.turns import turn
from messaging.models import Message
from tests.factories import ApiFor, make_pair
from tests.pictures import data_uri, picture

pytestmark = pytest.mark.django_db

SENTENCE = "Many pictures are being uploaded right now. Please try again in a moment."


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(turns, "PATIENCE", 0)
    return tmp_path


def assert_busy(answer: Any) -> None:
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {"message": SENTENCE}


def test_over_the_api(api_for: ApiFor, folder: Path) -> None:
    ada, bo = make_pair()
    client, address = api_for(ada), f"/api/messages/send/{bo.pk}"
    message = {"image": data_uri(picture()), "clientMessageId": "a"}
    with turn(), turn():
        assert_busy(client.post(address, message))
        assert client.post(address, {"text": "words"}).status_code == 201
    assert Message.objects.count() == 1
    assert list(folder.iterdir()) == []
    assert client.post(address, message).status_code == 201


def test_of_a_profile(api_for: ApiFor, page_for: Callable[[User], Client]) -> None:
    ada = make_pair()[0]
    with turn(), turn():
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
    with turn(), turn():
        page = page_for(ada).post(f"/chat/{bo.pk}", {"text": "Look", "image": file})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert SENTENCE in page.content.decode()
    assert "Look" in page.content.decode()
    assert not Message.objects.exists()
