"""The words of the tus protocol 1.0 (https://tus.io/protocols/resumable-upload)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
OFFSET_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
ALGORITHMS: dict[str, Callable[[], Any]] = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}
# What pages of other origins have to be allowed to send and to read.
REQUEST_HEADERS = (
    *("tus-resumable", "upload-length", "upload-metadata", "upload-offset", "upload-checksum"),
)
RESPONSE_HEADERS = (
    *("Location", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size"),
    *("Tus-Checksum-Algorithm", "Upload-Offset", "Upload-Length", "Upload-Expires"),
)
_NUMBER = re.compile("[0-9]{1,15}")


class Malformed(ValueError):
    """A header that says nothing which the protocol knows; the text is its name."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of the body of one PATCH."""

    algorithm: str
    digest: bytes


def number(name: str, text: str) -> int:
    """Raises Malformed."""
    if not _NUMBER.fullmatch(text):
        raise Malformed(name)
    return int(text)


def metadata(text: str) -> dict[str, str]:
    """Of `key base64,key base64,…`; what is no UTF-8 is replaced. Raises Malformed."""
    pairs = {}
    for part in text.split(",") if text.strip() else ():
        key, _space, value = part.strip().partition(" ")
        if not key or not key.isascii() or key in pairs:
            raise Malformed("Upload-Metadata")
        pairs[key] = _decoded("Upload-Metadata", value).decode(errors="replace")
    return pairs


def checksum(text: str) -> Checksum | None:
    """None without one. Raises Malformed, also for an algorithm that is not known here."""
    if not text:
        return None
    algorithm, _space, value = text.partition(" ")
    if algorithm not in ALGORITHMS or not value:
        raise Malformed("Upload-Checksum")
    return Checksum(algorithm, _decoded("Upload-Checksum", value))


def _decoded(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(name) from None
