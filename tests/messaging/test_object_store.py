"""Files of messages in an object store: a server that speaks S3."""

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from django.conf import settings as site
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from chatsite.conf import attachments
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.files import storage
from chatsite.pictures.images import Picture
from chatsite.pictures.storage import save
from messaging.models import Attachment
from messaging.services import tidying, uploads
from messaging.services.forwarding import forward_messages
from messaging.services.messages import send_message
from tests.contract.shapes import assert_refused
from tests.factories import PASSWORD, ApiFor, make_pair, make_user
from tests.files import MP4, PDF, TUS, make_upload, upload
from tests.pictures import data_uri, opened, picture
from tests.production import PATIENCE, Server
from tests.s3_server import BUCKET, S3Server, s3_server

pytestmark = pytest.mark.django_db

LATER = "Files cannot be stored at the moment. Please try again later."


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def s3(
    server: S3Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[S3Server]:
    monkeypatch.setenv("S3_URL", server.url)
    options = attachments.read().objects
    assert options
    quick = Config(read_timeout=3, retries={"max_attempts": 0})
    options["client_config"] = options["client_config"].merge(quick)
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "attachments": backend}
    settings.ATTACHMENT_STORE = "s3"
    settings.MEDIA_ROOT = tmp_path
    server.mood = "well"
    server.wakes.clear()
    yield server
    server.mood = "well"
    server.wakes.set()
    for name in server.names():
        server.client.delete_object(Bucket=BUCKET, Key=f"a/folder/{name}")


def here() -> list[Path]:
    return [path for path in Path(site.MEDIA_ROOT, "attachments").rglob("*") if path.is_file()]


def address(sender: User, receiver: User, data: bytes = PDF, name: str = "minutes.pdf") -> str:
    sent = send_message(
        sender=sender, peer=receiver.pk, attachments=[make_upload(sender, data, name).pk]
    )
    assert sent.record.attachments
    return sent.record.attachments[0].url


def command(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().strip()


def test_what_is_complete_is_there_and_no_longer_here(s3: S3Server, api_for: ApiFor) -> None:
    ada, bo = make_pair()
    url = address(ada, bo, picture(), "p.png")
    kept = Attachment.objects.get()
    assert sorted(s3.names()) == sorted([kept.stored, kept.thumbnail])
    assert here() == []
    response = api_for(bo).get(url)
    assert response.getvalue() == picture()
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert api_for(bo).get(f"{url}?thumbnail=true").status_code == 200
    assert_refused(api_for(make_user()).get(url), 404)
    head = api_for(ada).head(f"/api/uploads/{make_upload(ada).pk}", headers=TUS)
    assert head.headers["Upload-Offset"] == str(len(PDF))
    s3.client.delete_object(Bucket=BUCKET, Key=f"a/folder/{kept.stored}")
    assert_refused(api_for(bo).get(url), 404)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-0", 206, MP4[:1]),
        ("bytes=10-", 206, MP4[10:]),
        ("bytes=-5", 206, MP4[-5:]),
        (f"bytes={len(MP4)}-", 416, b""),
        ("bytes=" + ",".join(["0-"] * 500), 200, MP4),
    ],
)
def test_parts(s3: S3Server, api_for: ApiFor, asked: str, status: int, part: bytes) -> None:
    ada, bo = make_pair()
    url = address(ada, bo, MP4)
    s3.parts.clear()
    response = api_for(bo).get(url, headers={"Range": asked})
    assert (response.status_code, response.getvalue()) == (status, part)
    # The store is asked for no more than that.
    parts = [part.removeprefix("bytes=").split("-") for part in s3.parts]
    assert [MP4[int(begin) : int(end) + 1] for begin, end in parts] == [part] * bool(part)


@pytest.mark.parametrize(("mood", "status"), [("down", 503), ("full", 507), ("silent", 503)])
def test_a_store_that_fails_loses_nothing(
    s3: S3Server, api_for: ApiFor, mood: Any, status: int
) -> None:
    ada, bo = make_pair()
    client = api_for(ada)
    begun = uploads.begin_upload(owner=ada, size=len(PDF), name="minutes.pdf")
    s3.mood = mood
    pieces = iter([PDF])
    with pytest.raises(DomainError) as refused:
        uploads.receive(begun, offset=0, read=lambda _size: next(pieces, b""))
    assert refused.value.status == status
    assert_refused(upload(client), status)
    body = {"attachments": [begun.pk]}
    assert_refused(client.post(f"/api/messages/send/{bo.pk}", body), 400)
    s3.mood = "well"
    asked = client.head(f"/api/uploads/{begun.pk}", headers=TUS)
    assert asked.headers["Upload-Offset"] == str(len(PDF))
    sent = client.post(f"/api/messages/send/{bo.pk}", body)
    assert sent.status_code == 201
    url = sent.json()["attachments"][0]["url"]
    assert api_for(bo).get(url).getvalue() == PDF
    assert here() == []
    s3.mood = "down"
    answer = api_for(bo).get(url)
    assert_refused(answer, 503, "Files cannot be opened at the moment. Please try again later.")
    assert answer.headers["Retry-After"] == "10"


def test_files_move_there_and_back_and_go_on_after_a_stop(
    s3: S3Server, settings: Settings, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ATTACHMENT_STORE = "local"
    ada, bo = make_pair()
    urls = [address(ada, bo, data) for data in (PDF, MP4, bytes(1000))]
    begun = uploads.begin_upload(owner=ada, size=10)

    def read() -> list[bytes]:
        return [api_for(bo).get(url).getvalue() for url in urls]

    assert (len(here()), s3.names()) == (4, [])
    with pytest.raises(CommandError, match="ATTACHMENT_STORE"):
        command("move_files", "--to", "s3")
    settings.ATTACHMENT_STORE = "s3"
    with monkeypatch.context() as patch:
        put, done = storage.store.objects.put, []  # type: ignore[union-attr]

        def fail_second(name: str, path: Path) -> None:
            done.append(name)
            if len(done) == 2:
                s3.mood = "down"
            put(name, path)

        patch.setattr(storage.store.objects, "put", fail_second)
        with pytest.raises(CommandError, match=f"1 files moved. Then: {LATER}"):
            command("move_files", "--to", "s3")
    s3.mood = "well"
    assert (len(here()), len(s3.names())) == (3, 1)
    assert read() == [PDF, MP4, bytes(1000)]
    assert command("move_files", "--to", "s3") == "2 files moved"
    assert [path.name for path in here()] == [begun.stored]
    assert read() == [PDF, MP4, bytes(1000)]
    settings.ATTACHMENT_STORE = "local"
    assert command("move_files", "--to", "local") == "3 files moved"
    assert (len(here()), s3.names()) == (4, [])
    assert read() == [PDF, MP4, bytes(1000)]
    assert command("move_files", "--to", "local") == "0 files moved"


def test_pictures_are_there_too_and_move_with_the_files(
    s3: S3Server, settings: Settings, api_for: ApiFor
) -> None:
    ada, bo = make_pair()
    settings.ATTACHMENT_STORE = "local"
    before = send_message(sender=ada, peer=bo.pk, image=picture(900, 450)).record
    assert s3.names() == []
    settings.ATTACHMENT_STORE = "s3"
    after = send_message(sender=ada, peer=bo.pk, image=picture(900, 450)).record
    profile = save("profiles", Picture(picture(), 1, 1))
    assert len(s3.names()) == 3
    ada.picture = profile
    ada.save(update_fields=["picture"])

    def check() -> None:
        for record in (before, after):
            for url in map(str, (record.image, record.thumbnail)):
                answer = api_for(bo).get(url)
                assert answer.headers["Content-Type"] == "image/webp"
                assert opened(answer.getvalue()).format == "WEBP"
                again = {"If-None-Match": answer.headers["ETag"]}
                assert api_for(bo).get(url, headers=again).status_code == 304
                assert api_for(make_user()).get(url).status_code == 404
        assert api_for(bo).get(f"/media/profiles/{profile}").getvalue() == picture()
        assert command("tidy_pictures").startswith("S3_URL: 5 kept, 0 removed")

    check()
    s3.mood = "down"
    assert api_for(bo).get(str(before.image)).status_code == 200
    answer = api_for(bo).get(str(after.image))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert_refused(
        api_for(ada).post(f"/api/messages/send/{bo.pk}", {"image": data_uri(picture())}), 503
    )
    with pytest.raises(CommandError, match=r"0 files moved\. Then: Files cannot be opened"):
        command("move_files", "--to", "s3")
    s3.mood = "well"
    assert command("move_files", "--to", "s3") == "2 files moved"
    assert len(s3.names()) == 5
    check()
    settings.ATTACHMENT_STORE = "local"
    assert command("move_files", "--to", "local") == "5 files moved"
    assert s3.names() == []
    check()


def test_pictures_that_nobody_refers_to_are_removed_there(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = save("profiles", Picture(picture(), 1, 1))
    make_user(picture=kept)
    save("profiles", Picture(picture(), 1, 1))
    assert command("tidy_pictures").startswith("S3_URL: 2 kept, 0 removed")
    monkeypatch.setattr(tidying, "GRACE_PERIOD", timedelta(hours=-1))
    assert command("tidy_pictures").startswith("S3_URL: 1 kept, 1 removed")
    assert s3.names() == [f"pictures/profiles/{kept}"]
    save("profiles", Picture(picture(), 1, 1))
    save("previews", Picture(picture(), 1, 1))
    tidying.remove_previews()
    assert {name.split("/")[1] for name in s3.names()} == {"profiles"}
    assert len(s3.names()) == 2


def test_a_file_that_comes_back_cut_short_stays_there(
    s3: S3Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if not self.tell():
                return super().read(10)
            raise ReadTimeoutError(endpoint_url="")

    address(*make_pair())
    settings.ATTACHMENT_STORE = "local"
    with monkeypatch.context() as patch:
        patch.setattr(storage.store.objects, "_opened", lambda _name, _start, _size: Cut(PDF))
        with pytest.raises(CommandError, match=r"0 files moved\. Then: Files cannot be opened"):
            command("move_files", "--to", "local")
    assert (here(), len(s3.names())) == ([], 1)


def test_what_the_store_does_not_remove_is_not_counted(
    s3: S3Server, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada = make_user()
    kept = make_upload(ada)
    location = f"/api/uploads/{kept.pk}"
    s3.mood = "down"
    assert api_for(ada).delete(location, headers=TUS).status_code == 204  # the tidying finds it
    s3.mood = "well"
    assert s3.names() == [kept.stored]
    refused = {"Errors": [{"Key": kept.stored, "Code": "AccessDenied"}]}
    client = storage.store.objects._client  # type: ignore[union-attr]
    with monkeypatch.context() as patch:
        patch.setattr(client, "delete_objects", lambda **_asked: refused)
        assert storage.store.remove([kept.stored]) == 0
    assert "AccessDenied" in caplog.text
    assert storage.store.remove([kept.stored]) == 1
    assert s3.names() == []


def test_behind_a_real_server(s3: S3Server, tmp_path: Path) -> None:
    data = os.urandom(2**20) * 12
    site = Server(tmp_path, S3_URL=s3.url)
    site.migrate()
    with site.running(), httpx.Client(base_url=site.url, timeout=PATIENCE) as client:
        signed_up = site.sign_up("Ada", "ada@example.org", PASSWORD).raise_for_status()
        client.headers["Authorization"] = f"Bearer {signed_up.cookies['jwt']}"
        told = client.post("/api/attachments", files={"file": ("large.bin", data)})
        url = told.raise_for_status().json()["url"]
        assert client.get(url).content == data
        part = client.get(url, headers={"Range": "bytes=5000000-"})
        assert (part.status_code, part.content) == (206, data[5_000_000:])
        with client.stream("GET", url) as left:  # whoever goes away in the middle holds nothing up
            next(left.iter_bytes(1000))
        tag = part.headers["ETag"]
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
        s3.mood = "down"
        assert client.get(url).status_code == 503


def test_tidying_there(s3: S3Server) -> None:
    ada, bo = make_pair()
    sent = send_message(sender=ada, peer=bo.pk, attachments=[make_upload(ada).pk]).record
    forward_messages(user=bo, message_ids=[sent.id], to=[make_user().pk], client_message_id="copy")
    expired = make_upload(ada)
    Attachment.objects.filter(pk=expired.pk).update(updated_at=now() - timedelta(days=2))
    ada.delete()
    told = command("tidy_attachments")
    assert told == "1 uploads expired, files of 0 deleted messages, 0 files removed"
    [copied] = Attachment.objects.all()
    assert s3.names() == [copied.stored]
    s3.mood = "down"
    with pytest.raises(CommandError, match="cannot be opened"):
        command("tidy_attachments")
