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
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageSequence

from chatsite.errors import DomainError
from chatsite.pictures.turns import turn

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOVING_FORMATS = ("PNG", "WEBP", "GIF")  # a JPEG may hold several pictures, of which one is meant
DISPLAY_SIDE = 2048
MOVING_SIDE = 720
THUMBNAIL_WIDTH = 720
THUMBNAIL_BOX = (THUMBNAIL_WIDTH, DISPLAY_SIDE)  # by its width: what is tall stays sharp
MOVING_THUMBNAIL_BOX = (360, 720)
PROFILE_SIDE = 384
ANIMATION_PIXELS = 13_000_000  # of all frames as shown, 480 × 270 for 100; four bytes each
QUALITY = 82
METHOD = 4  # how hard the encoder tries, from 0 to 6
# Each frame is encoded once: key frames would be a second try of most.
MOVING_METHOD: dict[str, Any] = {"method": 2, "kmin": 0, "kmax": 0}
DIRECT_MODES = ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr")  # which can be made smaller as they are

# Parts of a file may be larger than it says of itself; what is twice as large, Pillow refuses.
Image.MAX_IMAGE_PIXELS = settings.IMAGE_MAX_PIXELS // 2
_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Picture:
    """WebP bytes with their size in pixels."""

    data: bytes
    width: int
    height: int
    moving: bool = False


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
    with _readable():
        image = _opened(data)
        if _is_animated(image):
            return _moving_pair(image)
        display = _shrunk(image, DISPLAY_SIDE)
        thumbnail = display.copy()
        thumbnail.thumbnail(THUMBNAIL_BOX)
        return _encoded(display), _encoded(thumbnail)


def square(data: bytes) -> Picture:
    """For a profile: the middle, cut to a square."""
    with _readable():
        image = _shrunk(_opened(data), DISPLAY_SIDE)
        return _encoded(ImageOps.fit(image, (PROFILE_SIDE, PROFILE_SIDE)))


@contextmanager
def _readable() -> Iterator[None]:
    """Decoders raise, and warn of, all sorts of things: whatever they fail at is no picture."""
    try:
        with turn(), warnings.catch_warnings():
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
        limit = _told(settings.IMAGE_MAX_BYTES)
        raise _refused(_("The picture is larger than %(limit)s.") % {"limit": limit})
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(image)
    return image


def _told(size: int) -> str:
    """`8 MB`: bytes as people say them."""
    return f"{size // 2**20} MB" if size >= 2**20 else f"{size // 2**10} KB"


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > settings.IMAGE_MAX_PIXELS:
        raise _too_many_pixels()
    frames = _frames(image)
    if frames > settings.IMAGE_MAX_FRAMES or pixels * frames > settings.IMAGE_MAX_PIXELS:
        raise _refused(_("The animation is too long."))


def _frames(image: Image.Image) -> int:
    return getattr(image, "n_frames", 1) if image.format in MOVING_FORMATS else 1


def _is_animated(image: Image.Image) -> bool:
    return image.format in MOVING_FORMATS and bool(getattr(image, "is_animated", False))


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """Made smaller first: everything else is done on what is left."""
    if _is_animated(image):
        image.seek(0)
    if image.mode not in DIRECT_MODES:
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    image.thumbnail((side, side))
    upright = _turned(image)
    has_alpha = upright.mode in ("RGBA", "LA") or "transparency" in upright.info
    return upright.convert("RGBA" if has_alpha else "RGB")


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken hidden data only means that nothing tells which way is up
        return image


def _moving_pair(image: Image.Image) -> tuple[Picture, Picture]:
    """As large as all frames fit in memory together; the small one is made of them, in place."""
    frames, durations = [], []
    box = _moving_box(image)
    size = image.size
    for frame in ImageSequence.Iterator(image):
        if frame.size != size:  # one that is larger than the rest
            raise _not_a_picture()
        shown = frame.convert("RGBA")
        shown.thumbnail(box, Image.Resampling.HAMMING)
        frames.append(shown)
        durations.append(int(frame.info.get("duration", 100)) or 100)
    timing = {"duration": durations, "loop": image.info.get("loop", 0)}
    display = _animation(frames, timing)
    if display.width <= MOVING_THUMBNAIL_BOX[0] and display.height <= MOVING_THUMBNAIL_BOX[1]:
        return display, display
    for shown in frames:
        shown.thumbnail(MOVING_THUMBNAIL_BOX, Image.Resampling.HAMMING)
    return display, _animation(frames, timing)


def _moving_box(image: Image.Image) -> tuple[int, int]:
    pixels = image.width * image.height * _frames(image)
    scale = min(1, math.sqrt(ANIMATION_PIXELS / pixels))
    width, height = (max(1, int(side * scale)) for side in image.size)
    return min(MOVING_SIDE, width), min(MOVING_SIDE, height)


def _animation(frames: list[Image.Image], timing: dict[str, Any]) -> Picture:
    first, *others = frames
    moving = {"save_all": True, "append_images": others, **MOVING_METHOD}
    made = _encoded(first, **moving, **timing)
    return replace(made, moving=True)


def _encoded(image: Image.Image, **options: object) -> Picture:
    target = io.BytesIO()
    image.info.clear()
    image.save(target, "WEBP", **{"quality": QUALITY, "method": METHOD, **options})
    return Picture(target.getvalue(), image.width, image.height)


def _not_a_picture() -> DomainError:
    return _refused(_("This is not a picture that can be read. Choose a JPEG, PNG, WebP or GIF."))


def _too_many_pixels() -> DomainError:
    return _refused(_("The picture has too many pixels."))


def _refused(message: str) -> DomainError:
    return DomainError(message, code="bad_picture", errors={"picture": [message]})
