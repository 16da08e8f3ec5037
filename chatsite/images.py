"""Pictures from outside: bytes in, a checked picture out, or a DomainError that says why not.

Everything is decoded and written anew as WebP: what is no raster picture does not come through, and
neither do position, camera and other hidden data.
"""

import base64
import binascii
import io
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageSequence

from chatsite.errors import DomainError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
DISPLAY_SIDE = 2048
THUMBNAIL_SIDE = 720
PROFILE_SIDE = 384
ANIMATION_PIXELS = 20_000_000  # of all frames; four bytes each
QUALITY = 82

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Picture:
    """WebP bytes with their size in pixels."""

    data: bytes
    width: int
    height: int


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
    """For a message: the picture as it is looked at, and a still small one for the conversation."""
    with _readable():
        image = _opened(data)
        display = _animation(image) if _is_animated(image) else _still(image, DISPLAY_SIDE)
        return display, _still(image, THUMBNAIL_SIDE)


def square(data: bytes) -> Picture:
    """For a profile: the middle, cut to a square."""
    with _readable():
        image = _upright(_opened(data))
        return _encoded(ImageOps.fit(image, (PROFILE_SIDE, PROFILE_SIDE)))


@contextmanager
def _readable() -> Iterator[None]:
    """Decoders raise, and warn of, all sorts of things: whatever they fail at is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DomainError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception:
        raise _not_a_picture() from None


def _opened(data: bytes) -> Image.Image:
    """The limits are checked on the header, before anything is unpacked."""
    if len(data) > settings.IMAGE_MAX_BYTES:
        megabytes = settings.IMAGE_MAX_BYTES // (1024 * 1024)
        raise _refused(_("The picture is larger than %(limit)s MB.") % {"limit": megabytes})
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(image)
    image.load()
    return image


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > settings.IMAGE_MAX_PIXELS:
        raise _too_many_pixels()
    frames = getattr(image, "n_frames", 1)
    if frames > settings.IMAGE_MAX_FRAMES or (
        frames > 1 and pixels * frames > 4 * settings.IMAGE_MAX_PIXELS
    ):
        raise _refused(_("The animation is too long."))


def _is_animated(image: Image.Image) -> bool:
    return bool(getattr(image, "is_animated", False))


def _upright(image: Image.Image) -> Image.Image:
    if _is_animated(image):
        image.seek(0)
    turned = _turned(image)
    has_alpha = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    return turned.convert("RGBA" if has_alpha else "RGB")


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken hidden data only means that nothing tells which way is up
        return image


def _still(image: Image.Image, side: int) -> Picture:
    upright = _upright(image)
    upright.thumbnail((side, side))
    return _encoded(upright)


def _animation(image: Image.Image) -> Picture:
    """As large as all its frames fit in memory together."""
    frames, durations = [], []
    side = min(THUMBNAIL_SIDE, math.isqrt(ANIMATION_PIXELS // getattr(image, "n_frames", 1)))
    for frame in ImageSequence.Iterator(image):
        shown = frame.convert("RGBA")
        shown.thumbnail((side, side))
        frames.append(shown)
        durations.append(int(frame.info.get("duration", 100)) or 100)
    first, *others = frames
    options = {"append_images": others, "duration": durations, "loop": image.info.get("loop", 0)}
    return _encoded(first, save_all=True, **options)


def _encoded(image: Image.Image, **options: object) -> Picture:
    target = io.BytesIO()
    image.info.clear()
    image.save(target, "WEBP", quality=QUALITY, method=4, **options)
    return Picture(target.getvalue(), image.width, image.height)


def _not_a_picture() -> DomainError:
    return _refused(_("This is not a picture that can be read. Choose a JPEG, PNG, WebP or GIF."))


def _too_many_pixels() -> DomainError:
    return _refused(_("The picture has too many pixels."))


def _refused(message: str) -> DomainError:
    return DomainError(message, code="bad_picture", errors={"picture": [message]})
