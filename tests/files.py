"""Files as people and attackers upload them."""

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from messaging.models import Attachment
from messaging.services import uploads
from messaging.services.messages import send_message
from messaging.shapes.record import MessageRecord
from tests.pictures import picture

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"page " * 50
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08free" + bytes(range(256)) * 8
WEBM = (
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
    + bytes(99)
)
VOICE = {"content_type": "audio/webm", "duration": "2500", "waveform": "0123ahv8r62"}
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_TYPE = "application/offset+octet-stream"


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("a.txt", "hi")
    return target.getvalue()


def upload(client: APIClient, data: bytes = PDF, name: str = "minutes.pdf", **said: str) -> Any:
    """The answer to an upload in one piece."""
    file = SimpleUploadedFile("x", data, said.get("content_type", "application/pdf"))
    file._name = name  # type: ignore[attr-defined]  # as it is sent, not as Django would clean it
    texts = {name: text for name, text in said.items() if name != "content_type"}
    return client.post("/api/attachments", {"file": file, **texts}, format="multipart")


def make_upload(
    owner: User, data: bytes = PDF, name: str = "minutes.pdf", **said: Any
) -> Attachment:
    """A complete one, which is not sent yet."""
    begun = uploads.begin_upload(owner=owner, size=len(data), name=name, **said)
    pieces = iter([data])
    uploads.receive(begun, offset=0, read=lambda _size: next(pieces, b""))
    return Attachment.objects.get(pk=begun.pk)


def send_voice(sender: User, peer: str) -> MessageRecord:
    key = make_upload(sender, WEBM, "voice.webm", **VOICE).pk
    return send_message(sender=sender, peer=peer, attachments=[key]).record


def send_once(sender: User, peer: str, count: int = 1, *, voice: bool = False) -> MessageRecord:
    if voice:
        files = [make_upload(sender, WEBM, "secret.webm", **VOICE)]
    else:
        files = [make_upload(sender, picture(), f"secret-{number}.png") for number in range(count)]
    keys = [each.pk for each in files]
    return send_message(sender=sender, peer=peer, attachments=keys, view_once=True).record
