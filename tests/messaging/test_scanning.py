"""Files that a virus scanner looks at before they can be sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from messaging.models import Attachment
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_user
from tests.files import OFFSET_TYPE, PDF, TUS, upload
from tests.services import EICAR, Server, clamd

pytestmark = pytest.mark.django_db

INFECTED = "A virus was found in this file."
AWAY = "Files cannot be checked for viruses at the moment. Please try again later."


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with clamd() as server:
        yield server


@pytest.fixture(autouse=True)
def scanner(server: Server, settings: Settings, tmp_path: Path) -> None:
    settings.CLAMD_URL = server.url
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture
def client(ada: User, api_for: ApiFor) -> APIClient:
    return api_for(ada)


def kept() -> list[Path]:
    return [path for path in Path(site.MEDIA_ROOT).rglob("*") if path.is_file()]


def begun(client: APIClient, size: int) -> str:
    headers = {**TUS, "Upload-Length": str(size)}
    return str(client.post("/api/uploads", headers=headers, format=None).headers["Location"])


def sent(client: APIClient, location: str, data: bytes, offset: int = 0) -> Any:
    headers = {**TUS, "Upload-Offset": str(offset)}
    body: Any = data  # which the type stubs take for a text
    return client.generic("PATCH", location, body, OFFSET_TYPE, headers=headers)


@pytest.mark.parametrize("by", ["tcp", "unix"])
def test_what_is_clean_is_taken_and_nothing_else(
    by: str, server: Server, settings: Settings, client: APIClient
) -> None:
    if by == "unix":
        settings.CLAMD_URL = f"unix://{server.folder}/socket"
    assert upload(client, PDF).status_code == 201
    assert_refused(upload(client, EICAR), 400, INFECTED)
    location = begun(client, len(EICAR))
    sent(client, location, EICAR[:10])
    assert_refused(sent(client, location, EICAR[10:], 10), 400, INFECTED)
    assert client.head(location, headers=TUS).status_code == 404
    large = upload(client, bytes(2_000_000))
    assert_refused(large, 413, "The file is too large to be checked for viruses.")
    assert Attachment.objects.count() == len(kept()) == 1


def test_nothing_is_sent_unchecked_nor_lost_while_the_scanner_is_away(
    client: APIClient, settings: Settings
) -> None:
    there, settings.CLAMD_URL = settings.CLAMD_URL, "unix:///nowhere"
    location = begun(client, len(PDF))
    assert_refused(sent(client, location, PDF), 503, AWAY)
    assert_refused(upload(client), 503, AWAY)
    body = {"text": "Hi", "attachments": [location.rpartition("/")[2]]}
    path = f"/api/messages/send/{make_user().pk}"
    assert_refused(client.post(path, body), 400)
    assert client.head(location, headers=TUS).status_code == 503
    settings.CLAMD_URL = there
    assert client.head(location, headers=TUS).headers["Upload-Offset"] == str(len(PDF))
    assert client.post(path, body).status_code == 201
