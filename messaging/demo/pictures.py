"""Draws the pictures of the demo: nothing is fetched, and nobody's rights are in the way."""

import io
import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
SMOOTH = 2  # drawn larger and shrunk, which smooths the edges

DUSK = ((86, 80, 150), (168, 120, 168), (232, 158, 150), (252, 204, 138), (255, 232, 178))
NIGHT = ((24, 24, 62), (50, 46, 104), (112, 84, 140), (206, 138, 148))


def draw(name: str) -> bytes:
    """A PNG."""
    image = DRAWINGS[name]()
    image = image.resize((image.width // SMOOTH, image.height // SMOOTH), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def lake() -> Image.Image:
    """A lake among mountains, an hour before sunrise ends."""
    width, height, shore = 2400, 1600, 1080
    image = _gradient(width, height, DUSK, until=shore)
    _sun(image, (1330, 590), 92)
    tints = ((196, 146, 176), (148, 110, 162), (98, 76, 128), (58, 48, 88))
    for depth, colour in enumerate(tints):
        _ridge(image, shore - 420 + 115 * depth, 170 - 30 * depth, depth, colour, shore)
    _water(image, shore)
    for number in range(9):
        _fir(image, 40 + 125 * number + 30 * math.sin(2.3 * number), 260 + 70 * (number % 3))
    for number in range(6):
        _fir(image, 1900 + 98 * number, 240 + 80 * (number % 2))
    _bank(image)
    return image


def hills() -> Image.Image:
    """The moon over hills at night."""
    image = _gradient(1000, 1000, NIGHT, until=1000)
    _sun(image, (640, 330), 110)
    for depth, colour in enumerate(((108, 82, 138), (70, 58, 112), (38, 34, 76))):
        _ridge(image, 560 + 140 * depth, 90, depth + 4, colour, 1000)
    return image


def dahlia() -> Image.Image:
    """A flower from above, ring within ring."""
    size = 1800
    image = _gradient(size, size, ((52, 84, 62), (28, 54, 46)), until=size)
    pen = ImageDraw.Draw(image)
    for ring in range(9):
        radius, petals = 800 - 88 * ring, 26 - 2 * ring
        colour = _between((176, 28, 84), (255, 178, 92), ring / 8)
        for petal in range(petals):
            angle = 2 * math.pi * (petal + 0.5 * (ring % 2)) / petals
            pen.polygon(_petal(size / 2, radius, angle, petals), fill=_shade(colour, petal % 2))
    return image


def record() -> Image.Image:
    """A record that turns."""
    size = 1000
    image = _gradient(size, size, ((244, 182, 96), (222, 112, 92)), until=size)
    pen = ImageDraw.Draw(image)
    _disc(pen, 500, 500, 420, (32, 28, 42))
    for groove in range(10):
        radius = 400 - 24 * groove
        box = (500 - radius, 500 - radius, 500 + radius, 500 + radius)
        pen.arc(box, 200 + 4 * groove, 260 - 2 * groove, fill=(96, 88, 116), width=5)
        pen.arc(box, 20 + 4 * groove, 80 - 2 * groove, fill=(96, 88, 116), width=5)
    _disc(pen, 500, 500, 150, (250, 204, 120))
    _disc(pen, 500, 500, 22, (32, 28, 42))
    return image


def _gradient(width: int, height: int, colours: Sequence[Colour], until: int) -> Image.Image:
    image = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(image)
    for y in range(height):
        place = min(y / until, 1) * (len(colours) - 1)
        index = min(int(place), len(colours) - 2)
        colour = _between(colours[index], colours[index + 1], place - index)
        pen.line((0, y, width, y), fill=colour)
    return image


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _shade(colour: Colour, dark: int) -> Colour:
    return _between(colour, (60, 10, 40), 0.22 * dark)


def _sun(image: Image.Image, centre: tuple[int, int], radius: int) -> None:
    """A disc in its glow."""
    glow = Image.new("L", image.size)
    _disc(ImageDraw.Draw(glow), *centre, radius * 2.4, 170)
    glow = glow.filter(ImageFilter.GaussianBlur(radius))
    image.paste((255, 236, 190), mask=glow)
    _disc(ImageDraw.Draw(image), *centre, radius, (255, 248, 226))


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: Colour | int) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _ridge(
    image: Image.Image, top: float, swing: float, shift: int, fill: Colour, foot: int
) -> None:
    """A line of mountains: waves of several lengths on top of each other."""
    points = [(x, top + swing * _wave(x / 400, shift)) for x in range(0, image.width + 8, 8)]
    outline = [(0, foot), *points, (image.width, foot)]
    ImageDraw.Draw(image).polygon(outline, fill=fill)


def _wave(x: float, shift: int) -> float:
    return (
        math.sin(x + 2.1 * shift)
        + 0.5 * math.sin(2.3 * x + 1.3 * shift)
        + 0.22 * math.sin(6.1 * x + shift)
        + 0.08 * math.sin(15 * x + 3 * shift)
    ) / 1.5


def _water(image: Image.Image, shore: int) -> None:
    """What is above the shore upside down, darker, with the light of the sun broken on it."""
    depth = image.height - shore
    mirrored = image.crop((0, shore - depth, image.width, shore)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirrored = mirrored.filter(ImageFilter.GaussianBlur(5))
    image.paste(
        Image.blend(mirrored, Image.new("RGB", mirrored.size, (62, 54, 104)), 0.34), (0, shore)
    )
    pen = ImageDraw.Draw(image)
    for number in range(16):
        y, half = shore + 24 + 30 * number, 70 + 90 * abs(math.sin(1.7 * number)) + 5 * number
        middle = 1330 + 34 * math.sin(2.6 * number)
        pen.rounded_rectangle((middle - half, y, middle + half, y + 7), 4, fill=(255, 226, 178))


def _fir(image: Image.Image, x: float, height: float) -> None:
    foot = _bank_at(x) + 0.06 * height
    pen = ImageDraw.Draw(image)
    for layer in range(4):
        top = foot - height + layer * height * 0.2
        half = height * (0.1 + 0.055 * layer)
        points = [(x, top), (x - half, top + height * 0.36), (x + half, top + height * 0.36)]
        pen.polygon(points, fill=(32, 26, 54))
    pen.rectangle((x - 6, foot - height * 0.1, x + 6, foot + 60), fill=(32, 26, 54))


def _bank(image: Image.Image) -> None:
    points = [(x, _bank_at(x)) for x in range(0, image.width + 8, 8)]
    outline = [(0, image.height), *points, (image.width, image.height)]
    ImageDraw.Draw(image).polygon(outline, fill=(32, 26, 54))


def _bank_at(x: float) -> float:
    return 1490 - 90 * math.cos(x / 382) + 12 * math.sin(x / 70)


def _petal(centre: float, radius: float, angle: float, petals: int) -> list[tuple[float, float]]:
    """From the middle outwards, widest at two thirds, pointed at the end."""
    half = math.pi / petals * 1.5
    shape = ((0, 0), (0.66, -half), (0.9, -half * 0.55), (1, 0), (0.9, half * 0.55), (0.66, half))
    return [
        (
            centre + radius * length * math.cos(angle + turn),
            centre + radius * length * math.sin(angle + turn),
        )
        for length, turn in shape
    ]


DRAWINGS: dict[str, Callable[[], Image.Image]] = {
    "lake": lake,
    "hills": hills,
    "dahlia": dahlia,
    "record": record,
}
