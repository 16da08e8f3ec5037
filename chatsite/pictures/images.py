"""Pictures from outside: bytes in, a checked picture out, or a DomainError that says why not.

Everything is decoded and written anew as WebP: what is no raster picture does not come through, and
neither do position, camera and other hidden data.
"""

import base64
import binascii
import re

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import DomainError
from chatsite.pictures.decoder import THUMBNAIL_WIDTH, Picture, PictureRefused
from chatsite.pictures.decoder_pool import busy, pooled_decoder
from chatsite.pictures.decoding import DecoderFailed

__all__ = ["THUMBNAIL_WIDTH", "Picture"]

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)


def from_data_uri(uri: str) -> bytes:
    """The bytes of `data:image/…;base64,…`."""
    head = _DATA_URI.match(uri)
    if head is None:
        raise _refused(_("The picture must be a data URI such as data:image/png;base64,…"))
    try:
        return base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise _refused(_("The picture is not valid base64.")) from None


def display_and_thumbnail(data: bytes) -> tuple[Picture, Picture]:
    """For a message: the picture as it is looked at, and a small one for the conversation."""
    display, thumbnail = _made("message", data)
    return display, thumbnail


def size_and_thumbnail(data: bytes) -> tuple[tuple[int, int], Picture]:
    """Of one that stays as it is: width and height, and a small one to show in its place."""
    original, thumbnail = _made("attachment", data)
    return (original.width, original.height), thumbnail


def square(data: bytes) -> Picture:
    """For a profile: the middle, cut to a square."""
    (picture,) = _made("profile", data)
    return picture


def small(data: bytes) -> Picture:
    """For the preview of a link."""
    (picture,) = _made("preview", data)
    return picture


def _made(kind: str, data: bytes) -> list[Picture]:
    if len(data) > settings.IMAGE_MAX_BYTES:
        limit = _size_text(settings.IMAGE_MAX_BYTES)
        raise _refused(_("The picture is larger than %(limit)s.") % {"limit": limit})
    try:
        with pooled_decoder() as decoder:
            return decoder.make(kind, data)
    except PictureRefused as refused:
        raise _refused(_sentences()[str(refused)]) from None
    except DecoderFailed:
        raise busy() from None


def _sentences() -> dict[str, str]:
    return {
        "unreadable": _(
            "This is not a picture that can be read. Choose a JPEG, PNG, WebP, GIF, AVIF or HEIC."
        ),
        "heic": _("HEIC cannot be read here. Choose a JPEG, PNG, WebP, GIF or AVIF."),
        "pixels": _("The picture has too many pixels."),
        "long": _("The animation is too long."),
        "costly": _(
            "The picture takes too long to read. Save it again in another program, then retry."
        ),
    }


def _size_text(size: int) -> str:
    """`8 MB`: bytes as people write them."""
    return f"{size // 2**20} MB" if size >= 2**20 else f"{size // 2**10} KB"


def _refused(message: str) -> DomainError:
    return DomainError(message, code="bad_picture", errors={"picture": [message]})
