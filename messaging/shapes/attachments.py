"""The files of a message: what its row keeps of them, and what goes out."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import FileUrl, absolute
from messaging.models import WAVEFORM_LENGTH, Attachment, AttachmentKind
from messaging.shapes.reactions import StoredKey

ATTACHMENTS = 10  # of one message, at most

FileKind = Annotated[
    str,
    Meta(
        description="By its content, whatever its name says.",
        extra_json_schema={"enum": AttachmentKind.values},
    ),
]

MAX_VOICE = 3_600_000  # milliseconds
MAX_DURATION = 86_400_000  # of any other sound or video
WAVEFORM = f"[0-9a-v]{{1,{WAVEFORM_LENGTH}}}"
Waveform = Annotated[
    str,
    Meta(
        pattern=f"^{WAVEFORM}$",
        description="Of a voice message, and what makes a sound one: how loud it is from its"
        " beginning to its end, each level a digit from `0` to `v` (31).",
        examples=["02ahv8r62"],
    ),
]


class AttachmentRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """A file. What is not known of it is left out."""

    id: StoredKey
    kind: FileKind
    name: Annotated[str, Meta(examples=["minutes.pdf"])]
    type: Annotated[str, Meta(examples=["application/pdf"])]
    size: Annotated[int, Meta(description="Bytes.", extra_json_schema={"minimum": 0})]
    url: FileUrl
    width: Annotated[int, Meta(description="Pixels; of a video those of its poster.")] | None = None
    height: Annotated[int, Meta(description="Pixels, as `width`.")] | None = None
    duration: Annotated[int, Meta(description="Milliseconds, as its sender says.")] | None = None
    caption: Annotated[str, Meta(description="What its sender says of it.")] | None = None
    thumbnail: (
        Annotated[FileUrl, Meta(description="A small picture of it; of a video its poster.")] | None
    ) = None
    waveform: Waveform | None = None


class _Stored(msgspec.Struct, gc=False, omit_defaults=True):
    """As a message's row has a list of them."""

    id: str
    kind: str
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None
    duration: int | None = None
    caption: str | None = None
    thumbnail: bool = False
    waveform: str | None = None


_decoded = strict_json.reader(list[_Stored])
_decoded_captions = strict_json.reader(dict[str, str])


def is_album_picture(file: Attachment | AttachmentRecord) -> bool:
    """One of which there is a small one to show; others are like any file."""
    return file.kind == AttachmentKind.PICTURE and bool(file.thumbnail)


def encoded_attachments(attachments: Iterable[Attachment]) -> str:
    return msgspec.json.encode([_stored(each) for each in attachments]).decode()


def encoded_captions(captions: Mapping[str, str]) -> str:
    """By the keys of their files."""
    return msgspec.json.encode(captions).decode() if captions else ""


def decoded_captions(text: str) -> dict[str, str]:
    return _decoded_captions(text) or {}


def decoded_attachments(text: str) -> list[AttachmentRecord]:
    return [_record(each) for each in _decoded(text) or ()]


def attachment_record(attachment: Attachment) -> AttachmentRecord:
    return _record(_stored(attachment))


def _stored(attachment: Attachment) -> _Stored:
    return _Stored(
        id=attachment.pk,
        kind=attachment.kind,
        name=attachment.name,
        type=attachment.content_type,
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
        duration=attachment.duration,
        caption=attachment.caption or None,
        thumbnail=bool(attachment.thumbnail),
        waveform=attachment.waveform or None,
    )


def _record(stored: _Stored) -> AttachmentRecord:
    url = absolute(f"/api/attachments/{stored.id}/{quote(stored.name, safe='')}")
    fields: dict[str, Any] = msgspec.structs.asdict(stored)
    thumbnail = f"{url}?thumbnail=true" if fields.pop("thumbnail") else None
    return AttachmentRecord(**fields, url=url, thumbnail=thumbnail)
