"""Uploads: in one piece, and by the tus protocol."""

import base64
import hashlib
import io
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.http import UnreadablePostError
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.files import storage
from chatsite.files.names import clean_name
from messaging.models import Attachment, Message
from messaging.queries.attachments import attachments_of, used_by, used_by_all
from messaging.services import uploads
from messaging.services.forwarding import forward_messages
from messaging.services.messages import remove, restore, send_message
from messaging.shapes.record import record_of
from tests.concurrency import at_once
from tests.contract.shapes import assert_refused
from tests.disks import small_disk
from tests.factories import ApiFor, make_user
from tests.files import HTML, MP4, OFFSET_TYPE, PDF, SVG, TUS, WEBM, archive, make_upload, upload
from tests.pictures import data_uri, encoded, opened, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("Ada")


@pytest.fixture
def client(ada: User, api_for: ApiFor) -> APIClient:
    return api_for(ada)


def kept_files() -> list[Path]:
    return [path for path in Path(site.MEDIA_ROOT, "attachments").rglob("*") if path.is_file()]


@pytest.fixture
def before() -> set[Path]:
    """The files that were there before."""
    return set(kept_files())


class TestInOnePiece:
    def test_is_told_and_kept_byte_for_byte(self, client: APIClient) -> None:
        response = upload(client, PDF)
        assert response.status_code == 201
        told = response.json()
        key = told["id"]
        assert told == {
            "id": key,
            "kind": "file",
            "name": "minutes.pdf",
            "type": "application/pdf",
            "size": len(PDF),
            "url": f"/api/attachments/{key}/minutes.pdf",
        }
        assert client.get(told["url"]).getvalue() == PDF

    def test_nobody_without_a_token(self) -> None:
        assert_refused(upload(APIClient()), 401)

    @pytest.mark.parametrize(
        ("data", "said", "kind", "content_type"),
        [
            (picture(form="JPEG"), "text/html", "picture", "image/jpeg"),
            (MP4, "application/pdf", "video", "video/mp4"),
            (MP4, "audio/mp4", "audio", "audio/mp4"),
            (MP4[:8] + b"iso5" + MP4[12:], "", "video", "video/mp4"),
            (b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead", "audio/ogg", "audio", "audio/ogg"),
            (archive(), "image/png", "file", "application/zip"),
            (HTML, "image/png", "file", "application/octet-stream"),
            (SVG, "image/svg+xml", "file", "application/octet-stream"),
            (b"hello", "video/mp4", "file", "application/octet-stream"),
        ],
    )
    def test_its_content_says_what_it_is(
        self, client: APIClient, data: bytes, said: str, kind: str, content_type: str
    ) -> None:
        told = upload(client, data, "holiday.jpg", content_type=said).json()
        assert (told["kind"], told["type"]) == (kind, content_type)

    def test_a_picture_gets_a_small_one_and_stays_as_it_is(self, client: APIClient) -> None:
        data = picture(1600, 800, form="JPEG")
        told = upload(client, data, "p.jpg").json()
        assert (told["width"], told["height"]) == (1600, 800)
        small = client.get(told["thumbnail"])
        assert small.headers["Content-Type"] == "image/webp"
        assert opened(small.getvalue()).size == (720, 360)
        assert client.get(told["url"]).getvalue() == data

    def test_a_picture_that_lies_on_its_side_is_told_upright(self, client: APIClient) -> None:
        from PIL import Image

        image = Image.new("RGB", (60, 20))
        exif = image.getexif()
        exif[0x0112] = 6
        told = upload(client, encoded(image, "JPEG", exif=exif), "p.jpg").json()
        assert (told["width"], told["height"]) == (20, 60)

    def test_a_picture_that_cannot_be_decoded_is_kept_all_the_same(self, client: APIClient) -> None:
        told = upload(client, b"\x89PNG\r\n\x1a\n" + b"no picture", "p.png").json()
        assert told["kind"] == "picture"
        assert not {"width", "thumbnail"} & set(told)

    def test_one_that_is_too_large_leaves_nothing(
        self, client: APIClient, settings: Settings, before: set[Path]
    ) -> None:
        settings.ATTACHMENT_MAX_BYTES = 100
        assert_refused(upload(client, bytes(101)), 413)
        assert upload(client, b"x" * 100).status_code == 201
        assert Attachment.objects.count() == len(set(kept_files()) - before) == 1

    def test_announced_too_large_it_is_not_even_read(
        self, client: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ATTACHMENT_MAX_BYTES = 100
        monkeypatch.setattr("rest_framework.request.Request._parse", None)
        assert_refused(upload(client, bytes(2**17)), 413)

    @pytest.mark.parametrize("body", [{}, {"file": "text"}, {"other": "text"}])
    def test_a_form_without_a_file(
        self, client: APIClient, body: dict[str, str], before: set[Path]
    ) -> None:
        response = client.post("/api/attachments", body, format="multipart")
        assert_refused(response, 400)
        assert not Attachment.objects.exists()
        assert set(kept_files()) == before

    def test_a_form_with_more_files_than_any_has(
        self, client: APIClient, before: set[Path]
    ) -> None:
        part = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\nx\r\n'
        body = b"".join(part % name for name in [b"file", *[b"other"] * 200]) + b"--b--\r\n"
        kind = "multipart/form-data; boundary=b"
        assert_refused(client.post("/api/attachments", body, content_type=kind), 400)
        assert not Attachment.objects.exists()
        assert set(kept_files()) == before

    def test_texts_beside_it_that_nobody_could_mean_are_no_error_of_ours(
        self, client: APIClient, before: set[Path], caplog: pytest.LogCaptureFixture
    ) -> None:
        for texts, status in (
            ({"text": "x" * 11_000_000}, 413),
            (dict.fromkeys(map(str, range(1100)), "x"), 400),
        ):
            body = {**texts, "file": SimpleUploadedFile("x", PDF)}
            assert_refused(client.post("/api/attachments", body, format="multipart"), status)
        assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
        assert set(kept_files()) == before

    def test_an_empty_file(self, client: APIClient) -> None:
        assert_refused(upload(client, b""), 400)

    def test_something_else_than_a_form(self, client: APIClient) -> None:
        assert_refused(client.post("/api/attachments", {"file": "x"}, format="json"), 415)

    def test_a_client_that_goes_away_leaves_nothing(
        self, client: APIClient, before: set[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut(*_args: Any) -> None:
            raise UnreadablePostError

        monkeypatch.setattr(storage.Uploading, "write", cut)
        assert_refused(upload(client), 400, "The upload ended before it was complete.")
        assert not Attachment.objects.exists()
        assert set(kept_files()) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("minutes.pdf", "minutes.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plan.txt", "plan.txt"),
        ("a\0b\r\n.txt", "ab .txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("", "file"),
        (" ", "file"),
        ("..", "file"),
        ("\u2800", "file"),
        ("\u200b.\u3164", "file"),
        ("dir/", "file"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("Протокол встречи.pdf", "Протокол встречи.pdf"),
        ("lone\ud800.txt", "lone.txt"),
        ("n" * 300 + ".tar", "n" * 251 + ".tar"),
        ("ü" * 300, "ü" * 127),
        (".bashrc", ".bashrc"),
    ],
)
def test_names_are_made_harmless(name: str, kept: str) -> None:
    assert clean_name(name) == kept
    assert len(kept.encode()) <= 255


def test_a_name_in_any_script_comes_whole(client: APIClient) -> None:
    told = upload(client, name="“Протокол” 会議.pdf").json()
    assert told["name"] == "“Протокол” 会議.pdf"
    assert client.get(told["url"]).status_code == 200


class TestRoom:
    def test_is_told_to_oneself(self, client: APIClient, ada: User, settings: Settings) -> None:
        make_upload(ada)
        make_upload(make_user())
        assert client.get("/api/attachments/usage").json() == {
            "used": len(PDF),
            "quota": settings.ATTACHMENT_QUOTA,
            "maxBytes": settings.ATTACHMENT_MAX_BYTES,
        }
        assert_refused(APIClient().get("/api/attachments/usage"), 401)

    def test_of_one_person_ends(self, client: APIClient, ada: User, settings: Settings) -> None:
        settings.ATTACHMENT_QUOTA = 1000
        make_upload(ada, bytes(600))
        assert_refused(begin(client, 401), 413)
        assert begin(client, 400).status_code == 201
        make_upload(make_user(), bytes(600))

    def test_of_the_site_ends(self, client: APIClient, settings: Settings) -> None:
        settings.ATTACHMENT_SITE_QUOTA = 1000
        make_upload(make_user(), bytes(600))
        assert_refused(begin(client, 401), 507)
        assert Attachment.objects.count() == 1

    def test_of_the_site_is_not_held_by_what_never_comes(
        self, client: APIClient, settings: Settings
    ) -> None:
        settings.ATTACHMENT_SITE_QUOTA = 1000
        location = begin(client, 600).headers["Location"]
        assert patch(client, location, bytes(10)).status_code == 204
        assert_refused(begin(client, 401), 507)
        stalled = Attachment.objects.all()
        stalled.update(updated_at=(long_ago := now() - timedelta(hours=2)))
        make_upload(make_user(), bytes(600))
        assert_refused(patch(client, location, bytes(590), offset=10), 507)
        assert stalled.filter(updated_at=long_ago).count() == 1  # and is not held by trying
        settings.ATTACHMENT_SITE_QUOTA = 1200
        assert patch(client, location, b"", offset=10).status_code == 204
        assert stalled.filter(updated_at=long_ago).count() == 1
        assert patch(client, location, bytes(590), offset=10).status_code == 204
        assert_refused(begin(client, 1), 507)

    def test_of_the_disk_is_left_to_others(
        self, client: APIClient, settings: Settings, tmp_path: Path
    ) -> None:
        with small_disk(tmp_path / "full", "4m") as folder:
            settings.MEDIA_ROOT = folder
            location = begin(client, 2**23).headers["Location"]
            assert_refused(patch(client, location, bytes(2**23)), 507)
            free = shutil.disk_usage(folder).free
            assert 0 < free <= 2**22 // 10

    def test_of_the_disk_ends(self, client: APIClient, settings: Settings, tmp_path: Path) -> None:
        with small_disk(tmp_path / "full", "256k") as folder:
            settings.MEDIA_ROOT = folder
            assert_refused(upload(client, bytes(2**19)), 507)
            assert not Attachment.objects.exists()
            location = begin(client, 2**19).headers["Location"]
            assert_refused(patch(client, location, bytes(2**19)), 507)
            offset = int(head(client, location).headers["Upload-Offset"])
            assert 0 < offset < 2**19
            assert client.delete(location, headers=TUS).status_code == 204
            assert upload(client).status_code == 201


def begin(client: APIClient, size: int, **headers: str) -> Any:
    return client.post(
        "/api/uploads", headers={**TUS, "Upload-Length": str(size), **headers}, format=None
    )


def patch(
    client: APIClient, location: str, data: bytes, offset: object = 0, checksum: str = ""
) -> Any:
    headers = {**TUS, "Upload-Offset": str(offset), "Upload-Checksum": checksum}
    body: Any = data  # which the type stubs take for a text
    return client.generic("PATCH", location, body, OFFSET_TYPE, headers=headers)


def head(client: APIClient, location: str) -> Any:
    return client.head(location, headers=TUS)


def of(location: str) -> Attachment:
    return Attachment.objects.get(pk=location.rpartition("/")[2])


@pytest.fixture
def location(client: APIClient) -> str:
    """Of an upload that was begun."""
    said = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in {"filename": "Протокол.pdf", "filetype": "application/pdf"}.items()
    )
    response = begin(client, len(PDF), **{"Upload-Metadata": said})
    assert response.status_code == 201
    return str(response.headers["Location"])


class TestTus:
    def test_says_what_it_can(self, client: APIClient) -> None:
        for path in ("/api/uploads", "/api/uploads/65a5b1d0c0ffee0000000001"):
            response = client.options(path)
            assert response.status_code == 204
            assert response.headers["Tus-Version"] == response.headers["Tus-Resumable"] == "1.0.0"
            assert response.headers["Tus-Extension"] == "creation,expiration,checksum,termination"
            assert response.headers["Tus-Max-Size"] == str(100 * 2**20)
            assert response.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"

    def test_goes_on_piece_by_piece(self, client: APIClient, location: str) -> None:
        first = patch(client, location, PDF[:100])
        assert (first.status_code, first.headers["Upload-Offset"]) == (204, "100")
        assert first.headers["Upload-Expires"].endswith("GMT")
        asked = head(client, location)
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["Upload-Offset"] == "100"
        assert asked.headers["Upload-Length"] == str(len(PDF))
        assert asked.headers["Cache-Control"] == "no-store"
        last = patch(client, location, PDF[100:], 100)
        assert last.headers["Upload-Offset"] == str(len(PDF))
        done = of(location)
        assert (done.state, done.name, done.kind) == ("ready", "Протокол.pdf", "file")
        assert storage.head_of(done.stored, 10_000) == PDF
        assert head(client, location).headers["Upload-Offset"] == str(len(PDF))
        assert_refused(patch(client, location, b"", len(PDF)), 409)

    def test_keeps_what_came_before_the_line_broke(self, client: APIClient, location: str) -> None:
        upload, pieces = of(location), iter([PDF[:60], PDF[60:90]])

        def read(_size: int) -> bytes:
            if (piece := next(pieces, None)) is None:
                raise UnreadablePostError("the client went away")
            return piece

        with pytest.raises(DomainError):
            uploads.receive(upload, offset=0, read=read, announced=len(PDF))
        assert head(client, location).headers["Upload-Offset"] == "90"
        assert patch(client, location, PDF[90:], 90).status_code == 204
        assert storage.head_of(upload.stored, 10_000) == PDF

    @pytest.mark.parametrize("version", ["", "0.2.2"])
    def test_another_version(self, client: APIClient, location: str, version: str) -> None:
        for method, path in [("POST", "/api/uploads"), ("PATCH", location), ("DELETE", location)]:
            response = client.generic(method, path, headers={"Tus-Resumable": version})
            assert_refused(response, 412)
            assert response.headers["Tus-Version"] == "1.0.0"
        assert client.head(location).status_code == 412

    def test_somewhere_else_than_it_ended(self, client: APIClient, location: str) -> None:
        patch(client, location, PDF[:10])
        for offset in (0, 9, 11):
            assert_refused(patch(client, location, PDF[offset:], offset), 409)
        assert head(client, location).headers["Upload-Offset"] == "10"

    def test_more_than_it_was_to_have(
        self, client: APIClient, location: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert_refused(patch(client, location, PDF + b"!"), 413)
        monkeypatch.setattr(
            "messaging.api.attachments._length", lambda _request: 0
        )  # not announced
        assert_refused(patch(client, location, PDF + b"!"), 413)
        assert head(client, location).headers["Upload-Offset"] == "0"

    def test_another_type_of_body(self, client: APIClient, location: str) -> None:
        headers = {**TUS, "Upload-Offset": "0"}
        response = client.patch(location, {"file": "x"}, format="multipart", headers=headers)
        assert_refused(response, 415)

    @pytest.mark.parametrize("offset", ["", "-1", "ten", "1" * 16])
    def test_an_offset_that_is_none(self, client: APIClient, location: str, offset: str) -> None:
        assert_refused(patch(client, location, PDF, offset), 400)

    @pytest.mark.parametrize("length", ["", "-1", "ten", "0"])
    def test_a_length_that_is_none(self, client: APIClient, length: str) -> None:
        assert_refused(begin(client, 1, **{"Upload-Length": length}), 400)

    def test_a_file_that_is_too_large(self, client: APIClient) -> None:
        assert_refused(begin(client, 100 * 2**20 + 1), 413)

    def test_what_is_to_be_imported_may_be_larger_and_is_not_sent(
        self, client: APIClient, ada: User, settings: Settings
    ) -> None:
        settings.ATTACHMENT_MAX_BYTES, settings.IMPORT_MAX_BYTES = 10, len(PDF)
        said = {"Upload-Metadata": f"purpose {base64.b64encode(b'import').decode()}"}
        assert_refused(begin(client, len(PDF)), 413)
        assert_refused(begin(client, len(PDF) + 1, **said), 413)
        location = begin(client, len(PDF), **said).headers["Location"]
        assert patch(client, location, PDF).status_code == 204
        with pytest.raises(DomainError):
            send_message(sender=ada, peer=make_user().pk, attachments=[of(location).pk])
        assert client.post("/api/import", {"upload": of(location).pk}).status_code == 202

    @pytest.mark.parametrize(
        "said", ["filename ?", "filename YQ==,filename YQ==", " ,", "naïve YQ=="]
    )
    def test_metadata_that_are_none(self, client: APIClient, said: str) -> None:
        assert_refused(begin(client, 1, **{"Upload-Metadata": said}), 400)

    @pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
    def test_a_checksum_is_held_to(self, client: APIClient, location: str, algorithm: str) -> None:
        digest = hashlib.new(algorithm, PDF[:50]).digest()
        said = f"{algorithm} {base64.b64encode(digest).decode()}"
        assert_refused(patch(client, location, PDF[1:51], checksum=said), 460)
        assert head(client, location).headers["Upload-Offset"] == "0"
        assert patch(client, location, PDF[:50], checksum=said).status_code == 204

    @pytest.mark.parametrize("said", ["md5 YQ==", "sha1", "sha1 ?"])
    def test_a_checksum_that_is_none(self, client: APIClient, location: str, said: str) -> None:
        assert_refused(patch(client, location, PDF, checksum=said), 400)

    def test_ends_when_it_is_told_to(
        self, client: APIClient, location: str, before: set[Path]
    ) -> None:
        stored = of(location).stored
        patch(client, location, PDF[:10])
        assert client.delete(location, headers=TUS).status_code == 204
        assert storage.size_of(stored) is None
        assert head(client, location).status_code == 404
        assert_refused(client.delete(location, headers=TUS), 404)

    def test_expires(self, client: APIClient, location: str) -> None:
        Attachment.objects.update(updated_at=now() - timedelta(days=1, seconds=1))
        assert head(client, location).status_code == 404
        assert_refused(patch(client, location, PDF), 404)

    def test_is_nobody_elses(self, location: str, api_for: ApiFor) -> None:
        for other, status in ((api_for(make_user()), 404), (APIClient(), 401)):
            assert head(other, location).status_code == status
            assert_refused(patch(other, location, PDF), status)
            assert_refused(other.delete(location, headers=TUS), status)

    @pytest.mark.parametrize("key", ["%00", "nokey", "f" * 5000])
    def test_what_can_be_no_key_is_none(self, client: APIClient, key: str) -> None:
        address = f"/api/uploads/{key}"
        assert head(client, address).status_code == 404
        assert_refused(patch(client, address, PDF), 404)
        assert_refused(client.delete(address, headers=TUS), 404)

    def test_two_at_once_do_not_mix(self, client: APIClient, location: str) -> None:
        upload = of(location)
        with storage.uploading(upload.stored):
            assert_refused(patch(client, location, PDF), 423)
            assert head(client, location).headers["Upload-Offset"] == "0"
        assert patch(client, location, PDF).status_code == 204

    def test_what_was_completed_meanwhile_takes_no_more(
        self, client: APIClient, location: str
    ) -> None:
        before = of(location)  # as a request has it that was on its way
        patch(client, location, PDF)
        with storage.uploading(before.stored) as uploading:
            uploading.cut_back(3)
        with pytest.raises(DomainError) as refused:
            uploads.receive(before, offset=3, read=lambda _size: b"more")
        assert refused.value.status == 409

    def test_what_is_complete_is_looked_at_by_one_request(
        self, client: APIClient, location: str
    ) -> None:
        with storage.uploading(of(location).stored) as uploading:
            uploading.write(PDF)
            assert head(client, location).status_code == 423
        assert head(client, location).headers["Upload-Offset"] == str(len(PDF))
        assert of(location).state == "ready"

    def test_a_picture_for_which_nobody_had_time_is_looked_at_later(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chatsite.pictures import images
        from chatsite.pictures.decoder_pool import busy

        def too_busy(_data: bytes) -> None:
            raise busy()

        data = picture()
        location = begin(client, len(data)).headers["Location"]
        with monkeypatch.context() as patched:
            patched.setattr(images, "size_and_thumbnail", too_busy)
            assert_refused(patch(client, location, data), 503)
            assert head(client, location).status_code == 503
        assert head(client, location).headers["Upload-Offset"] == str(len(data))
        assert (of(location).state, of(location).width) == ("ready", 40)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_write_at_once_one_wins(ada: User) -> None:
    data = bytes(range(256)) * 400
    begun = uploads.begin_upload(owner=ada, size=len(data))
    gate = threading.Barrier(4, timeout=20)

    def write() -> int:
        pieces: Iterator[bytes] = iter([data[:1000], data[1000:]])
        upload = Attachment.objects.get(pk=begun.pk)
        gate.wait()
        try:
            return uploads.receive(upload, offset=0, read=lambda _size: next(pieces, b""))
        except DomainError as error:
            return error.status

    outcomes = at_once([write] * 4)
    assert outcomes.count(len(data)) == 1
    assert set(outcomes) <= {len(data), 409, 423}
    assert storage.head_of(begun.stored, 10**6) == data
    assert Attachment.objects.get(pk=begun.pk).state == "ready"


def test_one_person_does_not_take_all_threads(client: APIClient, ada: User, location: str) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for _number in range(uploads.MAX_CONCURRENT_PER_PERSON):
            stack.enter_context(uploads.receiving(ada.pk))
        response = patch(client, location, PDF)
        assert_refused(response, 503)
        assert response.headers["Retry-After"] == "5"
        with uploads.receiving(make_user().pk):
            pass
    assert patch(client, location, PDF).status_code == 204


def test_uploads_are_counted(client: APIClient, set_limits: Any) -> None:
    set_limits(uploads=2)
    assert upload(client).status_code == 201
    assert begin(client, 5).status_code == 201
    assert_refused(upload(client), 429)
    assert_refused(begin(client, 5), 429)


class TestTidying:
    @staticmethod
    def tidied(*arguments: str) -> str:
        output = io.StringIO()
        call_command("tidy_attachments", *arguments, stdout=output)
        return output.getvalue().strip()

    def test_what_was_not_sent_for_a_day_goes(self, ada: User, before: set[Path]) -> None:
        bo = make_user()
        old = [make_upload(ada, picture(), "p.png"), uploads.begin_upload(owner=ada, size=5)]
        sent = make_upload(ada)
        send_message(sender=ada, peer=bo.pk, attachments=[sent.pk])
        Attachment.objects.update(updated_at=now() - timedelta(days=2))
        new = make_upload(ada)
        assert (
            self.tidied("--dry-run")
            == "would be: 2 uploads expired, files of 0 deleted messages, 0 files removed"
        )
        assert self.tidied() == "2 uploads expired, files of 0 deleted messages, 0 files removed"
        assert set(Attachment.objects.values_list("pk", flat=True)) == {sent.pk, new.pk}
        names = {path.name for path in set(kept_files()) - before}
        assert names == {sent.stored, new.stored}
        assert not names & {each.stored for each in old}
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 0 files removed"

    def test_what_a_message_names_stays_though_it_was_not_marked(self, ada: User) -> None:
        """As where a server without transactions was stopped in between."""
        bo, keys = make_user(), [make_upload(ada).pk for _ in range(2)]
        sent = send_message(sender=ada, peer=bo.pk, attachments=keys).record
        lost = {"state": "ready", "message": None, "conversation": None, "position": 0}
        Attachment.objects.update(**lost, updated_at=now() - timedelta(days=2))
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 0 files removed"
        [again] = attachments_of([sent.id]).values()
        assert [each.pk for each in again] == keys
        assert {each.conversation_id for each in again} == {sent.conversation_id}

    def test_a_file_without_a_row_goes_after_an_hour(self, ada: User, before: set[Path]) -> None:
        for path in before:
            path.unlink()
        upload = make_upload(ada, picture(), "p.png")
        Attachment.objects.filter(pk=upload.pk).delete()
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 0 files removed"
        for path in kept_files():
            os.utime(path, (0, 0))
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 2 files removed"
        assert kept_files() == []

    def test_a_shared_file_stays_until_the_last_message_is_gone(
        self, ada: User, before: set[Path]
    ) -> None:
        bo, cy = make_user(), make_user()
        for path in before:
            path.unlink()
        sent = send_message(sender=ada, peer=bo.pk, attachments=[make_upload(ada).pk])
        forward_messages(
            user=bo, message_ids=[sent.record.id], to=[cy.pk], client_message_id="copy"
        )
        ada.delete()
        for path in kept_files():
            os.utime(path, (0, 0))
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 0 files removed"
        bo.delete()
        assert self.tidied() == "0 uploads expired, files of 0 deleted messages, 1 files removed"

    def test_those_of_deleted_messages_count_until_they_are_removed(
        self, ada: User, client: APIClient, before: set[Path]
    ) -> None:
        bo, uploaded = make_user(), make_upload(ada)
        sent = send_message(sender=ada, peer=bo.pk, text="Hi", attachments=[uploaded.pk]).record
        messages = Message.objects.select_related("conversation").filter(pk=sent.id)
        remove(message=messages.get())
        for path in kept_files():
            os.utime(path, (0, 0))
        self.tidied()
        assert client.get("/api/attachments/usage").json()["used"] == len(PDF)
        restore(message=messages.get())
        assert record_of(messages.get()).attachments
        remove(message=messages.get())
        messages.update(updated_at=now() - timedelta(days=31))
        told = "0 uploads expired, files of 1 deleted messages, %s files removed"
        assert self.tidied("--dry-run").startswith("would be: " + told % 0)
        assert self.tidied() == told % (1 + len(before))
        assert client.get("/api/attachments/usage").json()["used"] == 0
        assert kept_files() == []
        restore(message=messages.get())
        restored = record_of(messages.get())
        assert (restored.text, restored.attachments) == ("Hi", None)
        assert (messages.get().has_file, messages.get().has_picture) == (None, None)

    def test_what_stays_on_disk_counts_for_who_forwarded_it(self, ada: User) -> None:
        bo, cy = make_user(), make_user()
        sent = send_message(sender=ada, peer=bo.pk, attachments=[make_upload(ada).pk]).record
        for number in range(2):
            forward_messages(
                user=bo, message_ids=[sent.id], to=[cy.pk], client_message_id=str(number)
            )
        assert (used_by(ada.pk), used_by(bo.pk)) == (len(PDF), 0)
        remove(message=Message.objects.get(pk=sent.id))
        Message.objects.filter(pk=sent.id).update(updated_at=now() - timedelta(days=31))
        self.tidied()
        assert (used_by(ada.pk), used_by(bo.pk)) == (0, len(PDF))
        self.tidied()
        assert used_by_all() == len(PDF)

    def test_not_with_another_database(self, ada: User) -> None:
        make_upload(ada)
        User.objects.all().delete()
        with pytest.raises(CommandError, match="DATABASE_URL"):
            self.tidied()


class TestPoster:
    def give(self, client: APIClient, key: str, data: Any) -> Any:
        return client.put(f"/api/uploads/{key}/poster", {"picture": data}, format="json")

    @pytest.fixture
    def video(self, ada: User) -> str:
        said = {"content_type": "video/mp4", "duration": "83000"}
        return make_upload(ada, MP4, "clip.mp4", **said).pk

    def test_is_told_and_seen_with_the_video_alone(
        self, client: APIClient, api_for: ApiFor, ada: User, video: str
    ) -> None:
        bo = make_user()
        told = self.give(client, video, data_uri(picture(1280, 720, form="JPEG"))).json()
        assert (told["width"], told["height"], told["duration"]) == (1280, 720, 83000)
        assert self.give(client, video, data_uri(picture())).json() == told  # the first one stays
        sent = send_message(sender=ada, peer=bo.pk, attachments=[video]).record
        assert sent.attachments
        assert msgspec.to_builtins(sent.attachments[0]) == told
        small = api_for(bo).get(told["thumbnail"])
        assert small.headers["Content-Type"] == "image/webp"
        assert opened(small.getvalue()).size == (720, 405)
        assert_refused(api_for(make_user()).get(told["thumbnail"]), 404)
        # What is sent stays as it is.
        assert_refused(self.give(client, video, data_uri(picture())), 404)

    def test_is_nobody_elses_to_give(self, api_for: ApiFor, video: str) -> None:
        assert_refused(self.give(api_for(make_user()), video, data_uri(picture())), 404)
        assert_refused(self.give(APIClient(), video, data_uri(picture())), 401)
        assert not Attachment.objects.get().thumbnail

    @pytest.mark.parametrize(
        "data", [None, "", 7, "data:image/png;base64,!", "data:image/png;base64,QQ=="]
    )
    def test_is_a_picture(self, client: APIClient, video: str, data: Any) -> None:
        assert_refused(self.give(client, video, data), 400)
        assert not Attachment.objects.get().thumbnail

    def test_is_no_larger_than_a_picture(
        self, client: APIClient, video: str, settings: Settings
    ) -> None:
        settings.IMAGE_MAX_PIXELS = 100
        assert_refused(self.give(client, video, data_uri(picture(20, 20))), 400)
        settings.IMAGE_MAX_BYTES = 10
        assert_refused(self.give(client, video, data_uri(picture(5, 5))), 400)

    @pytest.mark.parametrize("data", [PDF, WEBM])
    def test_is_for_videos(self, client: APIClient, ada: User, data: bytes) -> None:
        key = make_upload(ada, data, content_type="audio/webm").pk
        assert_refused(
            self.give(client, key, data_uri(picture())),
            400,
            "Only a video that has arrived has a poster.",
        )
        begun = uploads.begin_upload(owner=ada, size=9, name="v.mp4", content_type="video/mp4")
        assert_refused(
            self.give(client, begun.pk, data_uri(picture())),
            400,
            "Only a video that has arrived has a poster.",
        )

    @pytest.mark.parametrize("said", ["0", "-1", "86400001", "9" * 99, "NaN", "1.5", "٣"])
    def test_a_length_that_nothing_has(self, client: APIClient, said: str) -> None:
        answer = upload(client, MP4, "clip.mp4", content_type="video/mp4", duration=said)
        assert_refused(answer, 400, "The duration is 1 to 86,400,000 milliseconds.")
        assert not Attachment.objects.exists()

    def test_what_does_not_play_has_no_length(self, client: APIClient) -> None:
        assert "duration" not in upload(client, PDF, duration="5").json()
