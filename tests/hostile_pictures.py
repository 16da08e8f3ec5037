"""Files that attackers, and odd programs, upload as pictures, by name."""

import io
import struct
import zipfile
import zlib

from PIL import Image

from tests.pictures import (
    GPS,
    ORIENTATION,
    animation,
    chunk,
    encoded,
    frames_without_end,
    picture,
    png,
)

UNREADABLE = "This is not a picture that can be read. Choose a JPEG, PNG, WebP, GIF, AVIF or HEIC."
TOO_MANY_PIXELS = "The picture has too many pixels."
TOO_LONG = "The animation is too long."
TOO_COSTLY = "The picture takes too long to read. Save it again in another program, then retry."
SCRIPT = b"<script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
BOMB = zlib.compress(b"0" * 100_000_000)
SMALL = Image.new("RGB", (9, 9))


def gif(screen: int, *frames: int) -> bytes:
    """Square frames on a square screen, without pixels."""
    parts = [
        b"\x2c" + struct.pack("<HHHH", 0, 0, side, side) + b"\0\2\2\x44\1\0" for side in frames
    ]
    head = b"GIF89a" + struct.pack("<HH", screen, screen) + b"\x80\0\0\xff\xff\xff\0\0\0"
    return head + b"".join(parts) + b";"


def heif(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + b"\0\0\0\x08mdat"


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("run.sh", "echo hidden")
    return target.getvalue()


def with_hidden_data() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif[ORIENTATION] = 1
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    return exif


def many_scans(scans: int, side: int = 6_000) -> bytes:
    """A grey progressive JPEG that goes over all of its pixels again and again."""
    whole = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * scans + whole[-2:]


REFUSED: dict[str, tuple[bytes, str]] = {
    # Not raster pictures, whatever they are called.
    "zero bytes": (b"", UNREADABLE),
    "one byte": (b"\0", UNREADABLE),
    "SVG with a script": (SVG, UNREADABLE),
    "SVG behind an XML head": (b"<?xml version='1.0'?>" + SVG, UNREADABLE),
    "HTML page": (b"<!doctype html>" + SCRIPT, UNREADABLE),
    "HTML that begins like a GIF": (b"GIF89a" + SCRIPT, UNREADABLE),
    "script that begins like a GIF": (b"GIF89a=1;alert(1)", UNREADABLE),
    "PDF": (b"%PDF-1.4\n1 0 obj<</JS(app.alert(1))>>endobj\n%%EOF", UNREADABLE),
    "EPS, which Ghostscript would run": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n",
        UNREADABLE,
    ),
    "ZIP": (zipped(), UNREADABLE),
    "BMP": (encoded(SMALL, "BMP"), UNREADABLE),
    "TIFF": (encoded(SMALL, "TIFF"), UNREADABLE),
    "ICO": (encoded(SMALL, "ICO"), UNREADABLE),
    "PPM": (encoded(SMALL, "PPM"), UNREADABLE),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 50, UNREADABLE),
    "PSD": (b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 9, 9, 8, 3), UNREADABLE),
    "HEIC": (heif(b"heic"), UNREADABLE),
    "AVIF": (heif(b"avif"), UNREADABLE),
    # Broken.
    "GIF, head alone": (b"GIF89a", UNREADABLE),
    "WebP, head alone": (b"RIFF\x04\0\0\0WEBP", UNREADABLE),
    "JPEG, head alone": (b"\xff\xd8\xff\xe0" + b"A" * 100, UNREADABLE),
    "PNG, head alone": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, UNREADABLE),
    "PNG of no size": (png(0, 0), UNREADABLE),
    "PNG without pixels": (png(100, 100), UNREADABLE),
    "PNG with too few pixels": (png(100, 100, pixels=b"\0" * 50), UNREADABLE),
    **{
        f"{form} cut in half": (whole[: len(whole) // 2], UNREADABLE)
        for form in ("JPEG", "PNG", "WEBP")
        if (whole := encoded(Image.effect_noise((200, 200), 60).convert("RGB"), form))
    },
    # Bombs. None of them has the pixels it promises: whoever unpacked it would find it unreadable.
    **{
        f"PNG bomb of {side} × {side}": (png(side, side), TOO_MANY_PIXELS)
        for side in (8_000, 50_000, 2**31 - 1)
    },
    "GIF bomb: a screen of 65,535 × 65,535": (gif(65_535, 1), TOO_MANY_PIXELS),
    "GIF bomb: a first frame beyond its screen": (gif(1, 12_000), TOO_MANY_PIXELS),
    "PNG whose text unpacks to 100 MB": (
        png(1, 1, pixels=b"\0" * 4, extra=[chunk(b"zTXt", b"a\0\0" + BOMB)]),
        UNREADABLE,
    ),
    "PNG whose ICC profile unpacks to 100 MB": (
        png(1, 1, pixels=b"\0" * 4, extra=[chunk(b"iCCP", b"a\0\0" + BOMB)]),
        UNREADABLE,
    ),
    "JPEG with 2,000 scans more": (many_scans(2_000, side=500), TOO_COSTLY),
    "GIF of 201 frames": (frames_without_end(201), TOO_LONG),
    "GIF of 500,000 frames": (frames_without_end(500_000), TOO_LONG),
}

# Only as messages: a profile shows the first frame, and that is fine.
REFUSED_MOVING: dict[str, tuple[bytes, str]] = {
    "GIF cut off in its last frame": (animation(3, size=(200, 200))[:-60], UNREADABLE),
    "GIF bomb: a later frame of 12,000 × 12,000": (gif(1, 1, 12_000), TOO_MANY_PIXELS),
    "GIF bomb: a later frame of 7,000 × 7,000": (gif(1, 1, 7_000), UNREADABLE),
}

CLEANED: dict[str, bytes] = {
    "GIF followed by HTML": encoded(SMALL, "GIF") + SCRIPT,
    "GIF with a script as comment": encoded(SMALL, "GIF", comment=SCRIPT),
    "JPEG followed by a ZIP": encoded(SMALL, "JPEG") + zipped(),
    "PNG followed by HTML": encoded(SMALL) + SCRIPT,
    "PNG with text chunks": png(
        1,
        1,
        pixels=b"\0" * 4,
        extra=[chunk(b"tEXt", b"Comment\0" + SCRIPT), chunk(b"iTXt", b"a\0\0\0\0\0" + SCRIPT)],
    ),
    "JPEG with camera, GPS, ICC, XMP and comment": encoded(
        SMALL,
        "JPEG",
        exif=with_hidden_data(),
        icc_profile=b"ICC" + SCRIPT,
        xmp=b"<x:xmpmeta>" + SCRIPT,
        comment=SCRIPT,
    ),
    "PNG with camera, GPS, ICC and XMP": encoded(
        SMALL, exif=with_hidden_data(), icc_profile=b"ICC" + SCRIPT, xmp=b"<x:xmpmeta>" + SCRIPT
    ),
    "WebP with camera, GPS, ICC and XMP": encoded(
        SMALL,
        "WEBP",
        exif=with_hidden_data(),
        icc_profile=b"ICC" + SCRIPT,
        xmp=b"<x:xmpmeta>" + SCRIPT,
    ),
    **{
        f"JPEG whose EXIF is broken, {number}": picture(form="JPEG", exif=b"Exif\0\0" + exif)
        for number, exif in enumerate(
            (
                b"garbage!",
                b"",
                b"II*\0\xff\xff\xff\xff",
                b"MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 40,
            ),
            start=1,
        )
    },
    "several pictures in one JPEG (MPO)": encoded(
        Image.new("RGB", (900, 600)), "MPO", save_all=True, append_images=[SMALL]
    ),
    "CMYK JPEG": picture(form="JPEG", mode="CMYK"),
    "16 bit PNG": picture(mode="I;16"),
    "1 bit PNG": picture(mode="1"),
    "palette with transparency": encoded(Image.new("P", (40, 20)), "PNG", transparency=0),
    "1 × 1": picture(1, 1),
    "1 × 20,000": picture(1, 20_000),
    "20,000 × 1": picture(20_000, 1),
    **{f"animated {form}": animation(form=form) for form in ("GIF", "WEBP", "PNG")},
}

BAD_DATA_URIS = {
    "of HTML": "data:text/html;base64,YQ==",
    "of no kind": "data:;base64,YQ==",
    "of video": "data:video/mp4;base64,YQ==",
    "with a parameter": "data:image/png;charset=utf-8;base64,YQ==",
    "without base64": "data:image/png,abc",
    "with percent signs": "data:image/png;base64,YQ%3D%3D",
    "with a blank": "data:image/png;base64,Y Q==",
    "with a line break": "data:image/png;base64,YQ\n==",
    "after a blank": " data:image/png;base64,YQ==",
    "with a hole": "data:image/png;base64,?",
    "cut short": "data:image/png;base64,YQ",
    "beyond ASCII": "data:image/png;base64,é",
    "of nothing": "data:",
    "no data URI but an address": "http://169.254.169.254/latest/meta-data",
    "a path": "/etc/passwd",
}
