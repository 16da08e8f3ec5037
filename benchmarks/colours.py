"""The design's colours, from static/css/tokens.css, for what draws in sRGB."""

import math
import re
from pathlib import Path

TOKENS = Path(__file__).resolve().parent.parent / "static" / "css" / "tokens.css"
DECLARED = re.compile(r"--([a-z0-9-]+): ([^;]+);")
BOTH = re.compile(r"light-dark\((.+)\)")
OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+)(?: ([\d.]+))?\)")
Palette = dict[str, str]  # "#rrggbb" by the token's name


def palette(*, is_dark: bool, css: str | None = None) -> Palette:
    """What is a plain colour; shadows, measures and see-through colours are left out."""
    declared = dict(DECLARED.findall(TOKENS.read_text() if css is None else css))
    found = {name: _resolve(name, declared, is_dark) for name in declared}
    return {name: colour for name, colour in found.items() if colour}


def _resolve(name: str, declared: dict[str, str], is_dark: bool) -> str:
    value = declared.get(name, "")
    if both := BOTH.fullmatch(value):
        value = _halves(both[1])[is_dark]
    if value.startswith("var(--"):
        return _resolve(value[6:-1], declared, is_dark)
    if found := OKLCH.fullmatch(value):
        lightness, chroma, hue = (float(number or 0) for number in found.groups())
        return _hex(lightness, chroma, hue)
    return ""


def _halves(both: str) -> tuple[str, str]:
    """Around the comma that is in no brackets."""
    depth = 0
    for at, sign in enumerate(both):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            return both[:at].strip(), both[at + 1 :].strip()
    return both, both


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """By the matrices of the CSS Color 4 specification; what sRGB lacks is cut off."""
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in linear)


def _encoded(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
