"""Hostile pictures over the API: 400 with the reason, and nothing of them is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from messaging.models import Message
from tests.factories import ApiFor, make_pair
from tests.hostile_pictures import BAD_DATA_URIS, REFUSED, SCRIPT, SVG
from tests.pictures import data_uri

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.LIMITS = replace(settings.LIMITS, uploads=1000, sends=1000, writes=1000)
    return tmp_path


def test_as_data_uris(api_for: ApiFor, folder: Path) -> None:
    ada, bo = make_pair()
    client, address = api_for(ada), f"/api/messages/send/{bo.pk}"
    for name, (data, sentence) in REFUSED.items():
        answer = client.post(address, {"text": "Look", "image": data_uri(data)})
        assert answer.status_code == 400, name
        assert answer.json() == {"message": sentence, "errors": {"image": [sentence]}}, name
    for name, uri in BAD_DATA_URIS.items():
        assert client.post(address, {"image": uri}).status_code == 400, name
    assert Message.objects.count() == 0
    assert list(folder.iterdir()) == []


def test_as_files(api_for: ApiFor, folder: Path) -> None:
    ada, bo = make_pair()
    client, address = api_for(ada), f"/api/messages/send/{bo.pk}"
    for name, (data, sentence) in REFUSED.items():
        if not data:
            continue
        file = SimpleUploadedFile("picture.png", data, "image/png")
        answer = client.post(address, {"image": file}, format="multipart")
        assert (answer.status_code, answer.json()["message"]) == (400, sentence), name
    assert Message.objects.count() == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["png", "svg+xml"])
def test_as_profile_pictures(api_for: ApiFor, folder: Path, kind: str) -> None:
    client = api_for(make_pair()[0])
    for data in (SVG, b"GIF89a" + SCRIPT):
        answer = client.put("/api/auth/update-profile", {"profilePic": data_uri(data, kind)})
        assert answer.status_code == 400
    assert list(folder.iterdir()) == []
