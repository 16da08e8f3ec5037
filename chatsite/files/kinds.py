"""What a file is, by its first bytes; its name and its declared type may be lies."""

from dataclasses import dataclass
from typing import Literal

import filetype

MediaKind = Literal["picture", "video", "audio", "file"]
HEAD = 8192  # bytes that are looked at
UNKNOWN = "application/octet-stream"
# What browsers show, which runs nothing. (SVG is a document with scripts, and is unknown here.)
PICTURES = {
    *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic"),
}
# Names that browsers know better.
_ALSO = {
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-aiff": "audio/aiff",
    "video/x-m4v": "video/mp4",
}
# They hold sound alone as well as moving pictures, which only their content shows: here the sender
# does, since it makes no difference for what a browser does with it.
_EITHER = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "audio/ogg": "video/ogg"}


@dataclass(frozen=True, slots=True)
class FileKind:
    kind: MediaKind
    content_type: str


def kind_of(head: bytes, declared: str) -> FileKind:
    """`declared` is the type that the sender gives it."""
    found = _content_type(head)
    other = _EITHER.get(found, "")
    if other and other.partition("/")[0] == declared.partition("/")[0]:
        found = other
    return FileKind(_kind(found), found)


def _content_type(head: bytes) -> str:
    guessed = filetype.guess_mime(head)
    if guessed:
        return _ALSO.get(guessed, str(guessed))
    # Newer brands than the package knows, as browsers record them.
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return UNKNOWN


def _kind(content_type: str) -> MediaKind:
    if content_type in PICTURES:
        return "picture"
    main = content_type.partition("/")[0]
    if main == "video":
        return "video"
    return "audio" if main == "audio" else "file"
