"""Pictures that people take: what comes out of them."""

import sys
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from chatsite.errors import DomainError
from chatsite.pictures import decoder
from chatsite.pictures.decoder import DecodeLimits, Picture
from chatsite.pictures.images import display_and_thumbnail, from_data_uri, square
from tests.hostile_pictures import heif
from tests.pictures import (
    GPS,
    ORIENTATION,
    animation,
    data_uri,
    display_p3,
    encoded,
    opened,
    picture,
)

FORMS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
LIMITS = DecodeLimits(pixels=50_000_000, frames=10, scans=10, seconds=10)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_webp_of_the_same_size(form: str) -> None:
    for made in display_and_thumbnail(picture(40, 20, form=form)):
        image = opened(made.data)
        assert (image.format, image.size) == ("WEBP", (40, 20))
        assert (made.width, made.height) == (40, 20)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixels_is_understood(mode: str) -> None:
    assert display_and_thumbnail(picture(mode=mode))[0].width == 40
    assert square(picture(mode=mode)).width == 384


def test_print_colours_are_understood() -> None:
    assert display_and_thumbnail(picture(form="JPEG", mode="CMYK"))[0].width == 40


@pytest.mark.parametrize(
    ("size", "shown", "small"),
    [
        ((100, 50), (100, 50), (100, 50)),
        ((4096, 1024), (2048, 512), (720, 180)),
        ((3000, 4000), (1536, 2048), (720, 960)),
        ((400, 3000), (273, 2048), (273, 2048)),
        ((1, 16_000), (1, 2048), (1, 2048)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_large_ones_are_made_smaller_and_small_ones_left(
    size: tuple[int, int], shown: tuple[int, int], small: tuple[int, int]
) -> None:
    display, thumbnail = display_and_thumbnail(picture(*size))
    assert (display.width, display.height) == shown
    assert (thumbnail.width, thumbnail.height) == small


def test_a_profile_picture_is_the_middle_cut_to_a_square() -> None:
    image = Image.new("RGB", (300, 100), "white")
    image.paste((0, 0, 200), (100, 0, 200, 100))
    made = square(encoded(image))
    assert (made.width, made.height) == (384, 384)
    pixel = opened(made.data).convert("RGB").getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 150 > pixel[0]


def test_hidden_data_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    photo = picture(form="JPEG", exif=exif, icc_profile=b"profile", comment=b"hidden words")
    assert opened(photo).getexif().get_ifd(GPS)
    for made in (*display_and_thumbnail(photo), square(photo)):
        image = opened(made.data)
        assert not image.getexif()
        assert {"exif", "icc_profile", "xmp", "comment"}.isdisjoint(image.info)
        assert b"Camera maker" not in made.data


# Where the camera's top left corner ends up, from the left and from the top, and what is then wide.
TURNS = {
    1: ((0, 0), (40, 20)),
    2: ((1, 0), (40, 20)),
    3: ((1, 1), (40, 20)),
    4: ((0, 1), (40, 20)),
    5: ((0, 0), (20, 40)),
    6: ((1, 0), (20, 40)),
    7: ((1, 1), (20, 40)),
    8: ((0, 1), (20, 40)),
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_the_right_side_is_up(form: str, orientation: int) -> None:
    (right, bottom), size = TURNS[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 20, 10))
    data = encoded(image, form, exif=exif)
    for made in display_and_thumbnail(data):
        grey = opened(made.data).convert("L")
        assert grey.size == size
        corners = {
            (x, y): grey.getpixel((x * (size[0] - 5) + 2, y * (size[1] - 5) + 2))
            for x in (0, 1)
            for y in (0, 1)
        }
        assert min(corners, key=lambda corner: corners[corner]) == (right, bottom)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("grey", [0, 0x4000, 0x8000, 0xC000, 0xFFFF])
def test_sixteen_bits_keep_their_brightness(grey: int) -> None:
    deep = encoded(Image.new("I;16", (40, 20), grey))
    for made in (*display_and_thumbnail(deep), square(deep)):
        assert_colour(made, (grey >> 8,) * 3)


def assert_colour(made: Picture, colour: tuple[int, ...]) -> None:
    shown = opened(made.data).convert("RGB").getpixel((made.width // 2, made.height // 2))
    assert isinstance(shown, tuple)
    distance = max(abs(one - other) for one, other in zip(shown, colour, strict=True))
    assert distance <= 3, shown


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_profile_is_converted_before_it_is_dropped(form: str) -> None:
    wide = encoded(
        Image.new("RGB", (40, 20), (230, 60, 60)), form, quality=95, icc_profile=display_p3()
    )
    for made in (*display_and_thumbnail(wide), square(wide)):
        assert_colour(made, (250, 31, 49))
        assert "icc_profile" not in opened(made.data).info


@pytest.mark.parametrize("mode", ["RGBA", "L", "P"])
def test_a_profile_is_converted_whatever_the_pixels(mode: str) -> None:
    image = Image.new("RGB", (40, 20), (230, 60, 60))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    made, _thumbnail = display_and_thumbnail(encoded(image, icc_profile=display_p3()))
    (red, green, _blue) = opened(made.data).convert("RGB").getpixel((9, 9))  # type: ignore[misc]
    assert abs(red - green) <= 2 if mode == "L" else red > 245


def test_what_is_transparent_stays_so_with_a_profile() -> None:
    clear = Image.new("RGBA", (40, 20), (230, 60, 60, 100))
    made, _thumbnail = display_and_thumbnail(encoded(clear, icc_profile=display_p3()))
    assert opened(made.data).getchannel("A").getextrema() == (100, 100)


def test_what_moves_has_its_profile_converted_too() -> None:
    frames = [Image.new("RGB", (40, 20), (230, 60, shade)) for shade in (60, 61)]
    wide = encoded(frames[0], save_all=True, append_images=frames[1:], icc_profile=display_p3())
    for made in display_and_thumbnail(wide):
        assert made.moving
        assert_colour(made, (250, 31, 49))


@pytest.mark.parametrize("profile", [b"garbage", b"", b"\0" * 200])
def test_a_profile_that_is_none_says_nothing(profile: bytes) -> None:
    odd = encoded(Image.new("RGB", (40, 20), (230, 60, 60)), icc_profile=profile)
    assert_colour(display_and_thumbnail(odd)[0], (230, 60, 60))


def test_a_profile_for_other_pixels_says_nothing() -> None:
    print_colours = picture(form="JPEG", mode="CMYK", icc_profile=display_p3())
    assert_colour(display_and_thumbnail(print_colours)[0], (255, 255, 255))


@pytest.mark.parametrize(
    ("form", "options", "plays"),
    [
        ("GIF", {}, 1),
        ("GIF", {"loop": 0}, 0),
        ("GIF", {"loop": 1}, 2),
        ("GIF", {"loop": 65_535}, 65_535),
        ("WEBP", {"loop": 0}, 0),
        ("WEBP", {"loop": 3}, 3),
        ("PNG", {"loop": 0}, 0),
        ("PNG", {"loop": 3}, 3),
        ("AVIF", {}, 0),
    ],
)
def test_what_moves_is_played_as_often_as_it_says(
    form: str, options: dict[str, int], plays: int
) -> None:
    """0 is for ever. A GIF counts its repetitions, the others how often they are shown."""
    first, *others = [Image.new("RGB", (40, 20), (70 * i, 9, 9)) for i in range(3)]
    moving = encoded(first, form, save_all=True, append_images=others, **options)
    for made in display_and_thumbnail(moving):
        assert opened(made.data).info["loop"] == plays


def test_a_picture_for_those_who_show_no_motion_is_no_part_of_it() -> None:
    still, *frames = [Image.new("RGB", (40, 20), (70 * i, 9, 9)) for i in range(4)]
    moving = encoded(still, save_all=True, append_images=frames, default_image=True)
    made, _thumbnail = display_and_thumbnail(moving)
    assert opened(made.data).n_frames == 3  # type: ignore[attr-defined]
    assert_colour(made, (70, 9, 9))


def test_heic_is_read() -> None:
    pillow_heif.register_heif_opener()
    photo = encoded(Image.new("RGB", (300, 200), (200, 30, 30)), "HEIF", quality=90)
    assert_colour(display_and_thumbnail(photo)[0], (200, 30, 30))
    assert square(photo).width == 384


def test_where_heic_cannot_be_read_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(decoder.PictureRefused, match="heic"):
        decoder.square(heif(b"heic"), LIMITS)
    with pytest.raises(decoder.PictureRefused, match="unreadable"):
        decoder.square(b"\0\0\0\x20ftypmif1\0\0\0\0mif1avif", LIMITS)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_what_moves_keeps_moving_but_on_profiles(form: str) -> None:
    for made in display_and_thumbnail(animation(3, form=form)):
        moving: Any = opened(made.data)
        assert (moving.is_animated, moving.n_frames, moving.info["loop"]) == (True, 3, 0)
    assert not getattr(opened(square(animation(3, form=form)).data), "is_animated", False)


@pytest.mark.parametrize(
    ("size", "shown", "small"),
    [
        ((1000, 500), (720, 360), (360, 180)),
        ((500, 1000), (360, 720), (360, 720)),
        ((40, 20), (40, 20), (40, 20)),
    ],
)
def test_what_moves_is_smaller_in_the_conversation(
    size: tuple[int, int], shown: tuple[int, int], small: tuple[int, int]
) -> None:
    display, thumbnail = display_and_thumbnail(animation(2, size=size))
    assert (display.width, display.height) == shown
    assert (thumbnail.width, thumbnail.height) == small


def test_what_moves_for_long_is_made_smaller_until_its_frames_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoder, "ANIMATION_PIXELS", 4 * 10 * 10)
    for made in decoder.display_and_thumbnail(animation(4, form="GIF"), LIMITS):
        assert (made.width, made.height) == (14, 7)
        assert opened(made.data).n_frames == 4  # type: ignore[attr-defined]


def test_what_people_send_each_other_keeps_its_size() -> None:
    display, thumbnail = display_and_thumbnail(animation(100, size=(480, 270)))
    assert (display.width, display.height) == (480, 270)
    assert opened(display.data).n_frames == 100  # type: ignore[attr-defined]
    assert (thumbnail.width, thumbnail.height) == (360, 203)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_is_transparent_stays_so(form: str) -> None:
    clear = encoded(Image.new("RGBA", (40, 20), (200, 0, 0, 0)), form)
    for made in (*display_and_thumbnail(clear), square(clear)):
        image = opened(made.data)
        assert image.mode == "RGBA"
        assert image.getchannel("A").getextrema() == (0, 0)


def test_a_transparent_palette_stays_so() -> None:
    clear = encoded(Image.new("P", (40, 20)), "GIF", transparency=0)
    assert opened(display_and_thumbnail(clear)[0].data).mode == "RGBA"


@pytest.mark.parametrize("kind", ["png", "jpeg", "JPEG", "webp", "gif", "x-icon", "svg+xml"])
def test_a_data_uri_is_read_whatever_kind_it_claims(kind: str) -> None:
    assert from_data_uri(data_uri(b"bytes", kind)) == b"bytes"


@pytest.mark.parametrize(
    "uri",
    ["", "data:", "data:image/png,abc", "data:text/html;base64,YQ==", "http://x/y.png", "YQ=="]
    + ["data:image/png;base64,?", "data:image/png;base64,YQ", "data:image/png;base64,Y Q=="]
    + ["data:image/png;base64,é", "data:image/png;base64,\ud800", " data:image/png;base64,YQ=="],
)
def test_what_is_no_data_uri_is_refused(uri: str) -> None:
    with pytest.raises(DomainError) as refused:
        from_data_uri(uri)
    assert refused.value.status == 400
