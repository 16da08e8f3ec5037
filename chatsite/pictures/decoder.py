"""The program that decodes pictures, in a process of its own: `decoding.py` starts it, and ends it.

Pictures come from anybody, and decoders are large C libraries. So this process has none of the
site's memory, files, sockets or secrets, limits on memory and processor time, and a priority below
the site's. It knows neither Django nor settings: each job says what it may cost.
"""

import fcntl
import io
import json
import math
import os
import re
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, ImageSequence

from chatsite.sandbox import restrict

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# The others may hold several pictures, of which one is meant.
MOVING_FORMATS = ("PNG", "WEBP", "GIF", "AVIF")
DISPLAY_SIDE = 2048
MOVING_SIDE = 720
THUMBNAIL_WIDTH = 720
THUMBNAIL_BOX = (THUMBNAIL_WIDTH, DISPLAY_SIDE)  # by its width: what is tall stays sharp
MOVING_THUMBNAIL_BOX = (360, 720)
PROFILE_SIDE = 384
PREVIEW_SIDE = 400
ANIMATION_PIXELS = 13_000_000  # of all frames as shown, 480 × 270 for 100; four bytes each
QUALITY = 82
METHOD = 2  # how hard the encoder tries, from 0 to 6: 4 takes twice as long for 2 % less
# Each frame is encoded once: key frames would be a second try of most.
MOVING_METHOD: dict[str, Any] = {"method": 2, "kmin": 0, "kmax": 0}
DIRECT_MODES = ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr")  # which can be made smaller as they are

# Of a file of AVIF or HEIC, from the fourth byte on. (`mif1` may be either, and is tried as both.)
_HEIF = re.compile(rb".{4}ftyp(hei[cmsx]|hev[cmx]|mif1|msf1)", re.DOTALL)
SRGB = ImageCms.createProfile("sRGB")
PROFILED = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # color spaces of profiles, as modes
FOR_EVER = 0
MAX_PLAYS = 65_535

# A marker of a JPEG, between bytes of pixels: those of restarts and of a plain 0xff are no others.
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = b"\xd8", b"\xd9", b"\xda"


class PictureRefused(Exception):
    """By a fault of the picture itself: one of the words that `images.py` has a sentence for."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    pixels: int  # of all frames together
    frames: int
    scans: int  # of a JPEG: how often a decoder goes over all of it
    seconds: int  # of processor time, for one picture


@dataclass(frozen=True, slots=True)
class Picture:
    """WebP bytes with their size in pixels."""

    data: bytes
    width: int
    height: int
    moving: bool = False


def display_and_thumbnail(data: bytes, limits: DecodeLimits) -> list[Picture]:
    """The picture as it is looked at, and a small one for the conversation."""
    image, frames = _opened(data, limits)
    if frames > 1:
        return _moving_pair(image, frames)
    display = _shrunk(image, DISPLAY_SIDE)
    thumbnail = display.copy()
    thumbnail.thumbnail(THUMBNAIL_BOX)
    return [_encoded(display), _encoded(thumbnail)]


def size_and_thumbnail(data: bytes, limits: DecodeLimits) -> list[Picture]:
    """The size in which it is looked at, as a picture without bytes, and a small one."""
    image, frames = _opened(data, limits)
    width, height = image.size
    if frames > 1:
        _display, small = _moving_pair(image, frames)
    else:
        shown = _shrunk(image, DISPLAY_SIDE)
        shown.thumbnail(THUMBNAIL_BOX)
        small = _encoded(shown)
    if (small.width > small.height) != (width > height):  # it was lying on its side
        width, height = height, width
    return [Picture(b"", width, height), small]


def square(data: bytes, limits: DecodeLimits) -> list[Picture]:
    """The middle, cut to a square."""
    image, _frames = _opened(data, limits)
    return [_encoded(ImageOps.fit(_shrunk(image, DISPLAY_SIDE), (PROFILE_SIDE, PROFILE_SIDE)))]


def small(data: bytes, limits: DecodeLimits) -> list[Picture]:
    """One that stands beside words; of what moves, as it begins."""
    image, _frames = _opened(data, limits)
    return [_encoded(_shrunk(image, PREVIEW_SIDE))]


KINDS: dict[str, Callable[[bytes, DecodeLimits], list[Picture]]] = {
    "message": display_and_thumbnail,
    "attachment": size_and_thumbnail,
    "profile": square,
    "preview": small,
}


def _opened(data: bytes, limits: DecodeLimits) -> tuple[Image.Image, int]:
    """The picture and how many frames it has. Nothing is unpacked before the limits are checked."""
    # Parts of a file may be larger than it says of itself; what is twice as large, Pillow refuses.
    Image.MAX_IMAGE_PIXELS = limits.pixels // 2
    if _scans(data, limits.scans + 1) > limits.scans:
        raise PictureRefused("costly")
    image = Image.open(io.BytesIO(data), formats=_formats(data))
    pixels = image.width * image.height
    if pixels > limits.pixels:
        raise PictureRefused("pixels")
    frames = _frames(image, data, limits.frames + 1)
    if frames > limits.frames or pixels * frames > limits.pixels:
        raise PictureRefused("long")
    return image, frames


def _formats(data: bytes) -> tuple[str, ...]:
    """HEIC only where its decoder is installed, which is loaded with the first one."""
    if not _HEIF.match(data):
        return FORMATS
    try:
        import pillow_heif
    except ImportError:
        raise PictureRefused("unreadable" if b"avif" in data[:64] else "heic") from None
    pillow_heif.register_heif_opener()
    return (*FORMATS, "HEIF")


def _scans(data: bytes, most: int) -> int:
    """Of a JPEG, counted up to `most`."""
    if not data.startswith(b"\xff\xd8"):
        return 0
    scans, place = 0, 2
    while scans < most and (found := _MARKER.search(data, place)):
        place, marker = found.end(), found[1]
        if marker == END_OF_IMAGE:
            break
        if marker != START_OF_IMAGE:
            scans += marker == START_OF_SCAN
            place += int.from_bytes(data[place : place + 2], "big")
    return scans


def _frames(image: Image.Image, data: bytes, most: int) -> int:
    if image.format not in MOVING_FORMATS:
        return 1
    if image.format == "GIF":  # Pillow would go through all of them
        return max(1, _gif_frames(data, most))
    return int(getattr(image, "n_frames", 1))


def _gif_frames(data: bytes, most: int) -> int:
    """Counted up to `most`, by the blocks of the file; of one that is cut off, those it has."""
    file = io.BytesIO(data)
    file.seek(10)
    _skip_palette(file)
    file.seek(2, os.SEEK_CUR)
    frames = 0
    while frames < most and (kind := file.read(1)):
        if kind == b"\x2c":
            frames += 1
            file.seek(8, os.SEEK_CUR)
            _skip_palette(file)
            file.seek(1, os.SEEK_CUR)
            _skip_parts(file)
        elif kind == b"\x21":
            file.seek(1, os.SEEK_CUR)
            _skip_parts(file)
        elif kind == b"\x3b":
            break
    return frames


def _skip_palette(file: io.BytesIO) -> None:
    (flags,) = file.read(1) or b"\0"
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, os.SEEK_CUR)


def _skip_parts(file: io.BytesIO) -> None:
    while (size := file.read(1)) > b"\0":
        file.seek(size[0], os.SEEK_CUR)


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """Made smaller first: nearly everything else is done on what is left."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):  # of which Pillow would cut off what is beyond 255
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.mode not in DIRECT_MODES or "transparency" in image.info:
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    image.thumbnail((side, side))
    return _in_srgb(_turned(image), profile)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Its colours as every screen shows them, since the profile is dropped. One that cannot be
    read, or is for other pixels, says nothing.
    """
    plain = image.convert("RGBA" if image.mode in ("RGBA", "LA") else "RGB")
    if not profile:
        return plain
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = PROFILED[meant.profile.xcolor_space.strip()]
        if (mode == "CMYK") != (image.mode == "CMYK"):
            return plain
        shown = ImageCms.profileToProfile(image.convert(mode), meant, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, KeyError, OSError, ValueError):
        return plain
    if shown and plain.mode == "RGBA":
        shown.putalpha(plain.getchannel("A"))
    return shown or plain


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken hidden data only means that the orientation is unknown
        return image


def _moving_pair(image: Image.Image, count: int) -> list[Picture]:
    """As large as all frames fit in memory together; the small one is made of them, in place."""
    frames, durations = [], []
    box = _moving_box(image, count)
    size, profile = image.size, image.info.get("icc_profile")
    # An animated PNG may begin with a picture for those who show no motion.
    first = int(getattr(image, "default_image", False))
    for frame in islice(ImageSequence.Iterator(image), first, count):
        if frame.size != size:  # one that is larger than the rest
            raise PictureRefused("unreadable")
        shown = frame.convert("RGBA")
        shown.thumbnail(box, Image.Resampling.HAMMING)
        frames.append(_in_srgb(shown, profile))
        durations.append(int(frame.info.get("duration", 100)) or 100)
    timing = {"duration": durations, "loop": _plays(image)}
    display = _animation(frames, timing)
    if display.width <= MOVING_THUMBNAIL_BOX[0] and display.height <= MOVING_THUMBNAIL_BOX[1]:
        return [display, display]
    for shown in frames:
        shown.thumbnail(MOVING_THUMBNAIL_BOX, Image.Resampling.HAMMING)
    return [display, _animation(frames, timing)]


def _plays(image: Image.Image) -> int:
    """How often it is shown in all. A GIF says how often it is repeated, or nothing, which is
    once; the others say what we want to know.
    """
    loop = image.info.get("loop")
    if image.format != "GIF":
        return int(loop or FOR_EVER)
    if loop is None:
        return 1
    return min(loop + 1, MAX_PLAYS) if loop else FOR_EVER


def _moving_box(image: Image.Image, count: int) -> tuple[int, int]:
    scale = min(1, math.sqrt(ANIMATION_PIXELS / (image.width * image.height * count)))
    width, height = (max(1, int(side * scale)) for side in image.size)
    return min(MOVING_SIDE, width), min(MOVING_SIDE, height)


def _animation(frames: list[Image.Image], timing: dict[str, Any]) -> Picture:
    first, *others = frames
    moving = {"save_all": True, "append_images": others, **MOVING_METHOD}
    return replace(_encoded(first, **moving, **timing), moving=True)


def _encoded(image: Image.Image, **options: object) -> Picture:
    target = io.BytesIO()
    image.info.clear()
    image.save(target, "WEBP", **{"quality": QUALITY, "method": METHOD, **options})
    return Picture(target.getvalue(), image.width, image.height)


def main() -> None:
    pipe = Connection(sys.stdin.fileno())
    restrict(memory=int(sys.argv[1]))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each turn is one of a core
    while True:
        try:
            job, data = json.loads(pipe.recv_bytes()), pipe.recv_bytes()
        except EOFError:  # the site has ended
            return
        with _killed_with_the_site():
            refusal, pictures = _processed(job["kind"], data, DecodeLimits(**job["limits"]))
        sizes = [(picture.width, picture.height, picture.moving) for picture in pictures]
        pipe.send_bytes(json.dumps({"refusal": refusal, "pictures": sizes}).encode())
        for picture in pictures:
            pipe.send_bytes(picture.data)


@contextmanager
def _killed_with_the_site() -> Iterator[None]:
    """Nobody writes meanwhile, so SIGIO means that the other end of the pipe is closed. It ends a
    process.
    """
    pipe = sys.stdin.fileno()
    flags = fcntl.fcntl(pipe, fcntl.F_GETFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(pipe, fcntl.F_SETFL, flags)


def _processed(kind: str, data: bytes, limits: DecodeLimits) -> tuple[str, list[Picture]]:
    """What it made, or why not. Decoders raise all sorts of things."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime) + limits.seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    try:
        with warnings.catch_warnings(action="ignore"):
            return "", KINDS[kind](data, limits)
    except PictureRefused as refused:
        return str(refused), []
    except Image.DecompressionBombError:
        return "pixels", []
    except MemoryError:
        return "costly", []
    except Exception:
        return "unreadable", []


if __name__ == "__main__":
    main()
