"""Pictures that attackers make: refused with a sentence, before they cost anything."""

import random
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image

from chatsite.errors import DomainError
from chatsite.images import display_and_thumbnail, square
from tests.pictures import animation, chunk, encoded, frames_without_end, picture, png

UNREADABLE = "This is not a picture that can be read. Choose a JPEG, PNG, WebP or GIF."
TOO_MANY_PIXELS = "The picture has too many pixels."
TOO_LONG = "The animation is too long."
BOMB = zlib.compress(b"0" * 100_000_000)

Maker = Callable[[bytes], object]
both = pytest.mark.parametrize("make", [display_and_thumbnail, square])


def refusal(make: Maker, data: bytes) -> str:
    with pytest.raises(DomainError) as refused:
        make(data)
    assert (refused.value.status, refused.value.code) == (400, "bad_picture")
    return refused.value.message


@both
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.4 %%EOF",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"GIF89a",
        b"GIF89a<script>alert(1)</script>",
        b"RIFF\x04\x00\x00\x00WEBP",
        b"\xff\xd8\xff\xe0" + b"A" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"PK\x03\x04" + b"\x00" * 100,
        encoded(Image.new("RGB", (9, 9)), "BMP"),
        encoded(Image.new("RGB", (9, 9)), "TIFF"),
        encoded(Image.new("RGB", (9, 9)), "ICO"),
        encoded(Image.new("RGB", (9, 9)), "PPM"),
        png(0, 0),
        png(100, 100),
        png(100, 100, pixels=b"\x00" * 50),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_picture(make: Maker, data: bytes) -> None:
    assert refusal(make, data) == UNREADABLE


@both
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_breaks_off(make: Maker, form: str) -> None:
    whole = encoded(Image.effect_noise((200, 200), 60).convert("RGB"), form)
    assert refusal(make, whole[: len(whole) // 2]) == UNREADABLE


def test_an_animation_that_breaks_off() -> None:
    whole = animation(3, size=(200, 200))
    assert refusal(display_and_thumbnail, whole[: len(whole) * 2 // 3]) == UNREADABLE


@both
@pytest.mark.parametrize("side", [8_000, 15_000, 50_000, 2**31 - 1])
def test_what_promises_too_many_pixels(make: Maker, side: int) -> None:
    assert refusal(make, png(side, side)) == TOO_MANY_PIXELS


@both
@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_what_unpacks_to_too_much_text(make: Maker, kind: bytes) -> None:
    hidden = chunk(kind, b"a\x00\x00" + BOMB)
    assert refusal(make, png(1, 1, pixels=b"\x00" * 4, extra=[hidden])) == UNREADABLE


@both
@pytest.mark.parametrize("frames", [201, 20_000])
def test_what_moves_for_too_long(make: Maker, frames: int) -> None:
    assert refusal(make, frames_without_end(frames)) == TOO_LONG


def test_what_moves_in_too_many_pixels(settings: Any) -> None:
    settings.IMAGE_MAX_PIXELS = 900
    assert refusal(display_and_thumbnail, animation(10, size=(30, 30))) == TOO_LONG


@both
def test_what_is_too_many_bytes(make: Maker, settings: Any) -> None:
    settings.IMAGE_MAX_BYTES = 2 * 1024 * 1024
    assert refusal(make, b"x" * (2 * 1024 * 1024 + 1)) == "The picture is larger than 2 MB."


@both
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "exif",
    [
        b"garbage!",
        b"",
        b"II*\x00\xff\xff\xff\xff",
        b"MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01" * 40,
    ],
)
def test_broken_hidden_data_is_no_obstacle(make: Maker, form: str, exif: bytes) -> None:
    make(picture(form=form, exif=b"Exif\x00\x00" + exif))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_any_damage_is_refused_or_repaired(form: str) -> None:
    chance = random.Random(7)
    whole = animation(2, form=form) if form == "GIF" else picture(form=form)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with suppress(DomainError):
            display_and_thumbnail(bytes(damaged))
