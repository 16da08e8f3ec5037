"""Pictures that attackers make: refused with a sentence, before they cost anything, or written anew
without what was hidden in them.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from chatsite.errors import DomainError
from chatsite.pictures.images import display_and_thumbnail, from_data_uri, square
from tests.hostile_pictures import (
    BAD_DATA_URIS,
    CLEANED,
    REFUSED,
    REFUSED_MOVING,
    SCRIPT,
    TOO_LONG,
)
from tests.pictures import animation, encoded, opened, picture

Maker = Callable[[bytes], object]
both = pytest.mark.parametrize("make", [display_and_thumbnail, square])
FORMS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"]
pillow_heif.register_heif_opener()


def refusal(make: Maker, data: bytes) -> str:
    with pytest.raises(DomainError) as refused:
        make(data)
    assert (refused.value.status, refused.value.code) == (400, "bad_picture")
    return refused.value.message


@both
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(make: Maker, name: str) -> None:
    data, sentence = REFUSED[name]
    assert refusal(make, data) == sentence


@pytest.mark.parametrize("name", REFUSED_MOVING)
def test_what_is_refused_when_it_moves(name: str) -> None:
    data, sentence = REFUSED_MOVING[name]
    assert refusal(display_and_thumbnail, data) == sentence


@pytest.mark.parametrize("name", CLEANED)
def test_what_is_written_anew_keeps_nothing_hidden(name: str) -> None:
    for made in (*display_and_thumbnail(CLEANED[name]), square(CLEANED[name])):
        image = opened(made.data)
        image.load()
        assert image.format == "WEBP"
        assert {"exif", "icc_profile", "xmp", "comment", "Comment"}.isdisjoint(image.info)
        assert not image.getexif()
        assert not any(part in made.data for part in (SCRIPT, b"Camera maker", b"run.sh", b"PK"))


@pytest.mark.parametrize("name", BAD_DATA_URIS)
def test_a_data_uri_that_is_none(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        from_data_uri(BAD_DATA_URIS[name])
    assert (refused.value.status, refused.value.code) == (400, "bad_picture")


def test_of_several_pictures_in_a_jpeg_the_first_is_shown_as_it_is() -> None:
    display, _thumbnail = display_and_thumbnail(CLEANED["several pictures in one JPEG (MPO)"])
    assert (display.width, display.height, display.moving) == (900, 600, False)


def test_what_moves_in_too_many_pixels(settings: Any) -> None:
    """Of all frames together."""
    settings.IMAGE_MAX_PIXELS = 9 * 30 * 30
    assert display_and_thumbnail(animation(9, size=(30, 30)))[0].moving
    assert refusal(display_and_thumbnail, animation(10, size=(30, 30))) == TOO_LONG


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_what_moves_in_too_many_frames(form: str, settings: Any) -> None:
    settings.IMAGE_MAX_FRAMES = 3
    assert display_and_thumbnail(animation(3, form=form))[0].moving
    assert refusal(display_and_thumbnail, animation(4, form=form)) == TOO_LONG


@both
@pytest.mark.parametrize(("most", "told"), [(2 * 2**20, "2 MB"), (200 * 2**10, "200 KB")])
def test_what_is_too_many_bytes(make: Maker, settings: Any, most: int, told: str) -> None:
    settings.IMAGE_MAX_BYTES = most
    assert refusal(make, b"x" * (most + 1)) == f"The picture is larger than {told}."


@both
@pytest.mark.parametrize("form", ["WEBP", "PNG"])
@pytest.mark.parametrize("exif", [b"garbage!", b"", b"II*\x00\xff\xff\xff\xff"])
def test_broken_hidden_data_is_no_obstacle(make: Maker, form: str, exif: bytes) -> None:
    make(picture(form=form, exif=b"Exif\x00\x00" + exif))


@pytest.mark.parametrize("form", FORMS)
def test_any_damage_is_refused_or_repaired(form: str) -> None:
    chance = random.Random(7)
    whole = animation(2, form=form) if form == "GIF" else picture(form=form)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with suppress(DomainError):
            display_and_thumbnail(bytes(damaged))


@pytest.mark.parametrize("form", FORMS)
def test_whatever_breaks_off_anywhere_is_refused_or_repaired(form: str) -> None:
    whole = encoded(Image.effect_noise((60, 60), 60).convert("RGB"), form)
    for end in range(0, len(whole), max(1, len(whole) // 100)):
        with suppress(DomainError):
            display_and_thumbnail(whole[:end])
