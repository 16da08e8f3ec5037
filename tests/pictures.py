"""Pictures as people and attackers upload them."""

import asyncio
import base64
import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from PIL import Image

from chatsite.pictures import decoder_pool

GPS = 0x8825
ORIENTATION = 0x0112


def picture(
    width: int = 40, height: int = 20, *, form: str = "PNG", mode: str = "RGB", **options: Any
) -> bytes:
    return encoded(Image.new(mode, (width, height), _red(mode)), form, **options)


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def animation(frames: int = 3, *, form: str = "GIF", size: tuple[int, int] = (40, 20)) -> bytes:
    first, *others = [Image.new("RGB", size, (70 * i % 256, 9, 9)) for i in range(frames)]
    return encoded(first, form, save_all=True, append_images=others, duration=50, loop=0)


def display_p3() -> bytes:
    """An ICC profile: the primaries of Display P3 and the curve of sRGB."""
    curve = b"para" + struct.pack(
        ">IHH5i",
        0,
        3,
        0,
        *(round(x * 65_536) for x in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
    )

    def xyz(*values: float) -> bytes:
        return b"XYZ " + struct.pack(">I3i", 0, *(round(value * 65_536) for value in values))

    def words(text: str) -> bytes:
        head = struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, 2 * len(text), 28)
        return b"mluc" + head + text.encode("utf-16-be")

    parts = {
        b"desc": words("P3"),
        b"cprt": words("none"),
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"rXYZ": xyz(0.51512, 0.2412, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.1571, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    place, table, content = 132 + 12 * len(parts), b"", b""
    for name, part in parts.items():
        padded = part + b"\0" * (-len(part) % 4)
        table += name + struct.pack(">II", place + len(content), len(part))
        content += padded
    head = struct.pack(
        ">I4sI4s4s4s12x4s4s24x3i48x",
        place + len(content),
        b"\0\0\0\0",
        0x04300000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        b"\0\0\0\0",
        round(0.9642 * 65_536),
        65_536,
        round(0.8249 * 65_536),
    )
    return head + struct.pack(">I", len(parts)) + table + content


def frames_without_end(frames: int) -> bytes:
    """A GIF of 1×1 frames that takes 15 bytes for each."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0" + frame * frames + b";"


def png(width: int, height: int, *, pixels: bytes = b"", extra: Sequence[bytes] = ()) -> bytes:
    """A PNG whose header may promise anything."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(pixels))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


async def decoders_free(number: int) -> None:
    """Waits until so many are."""
    async with asyncio.timeout(20):  # only a failing test waits for so long
        while len(decoder_pool._free) != number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _red(mode: str) -> Any:
    return {"RGB": (200, 0, 0), "RGBA": (200, 0, 0, 255)}.get(mode, 0)
