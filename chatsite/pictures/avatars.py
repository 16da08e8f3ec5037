"""The picture of people who uploaded none: their initials on a colour that their key decides; and
that of somebody's saved messages, a bookmark.
"""

import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from django.utils.html import escape
from lucide.templatetags.lucide import lucide

HUES = (12, 38, 60, 82, 145, 170, 200, 230, 262, 290, 318, 345)

_STYLE = (
    "rect{{fill:oklch(.89 .065 {hue})}}svg{{color:oklch(.38 .09 {hue})}}"
    "@media(prefers-color-scheme:dark){{rect{{fill:oklch(.4 .075 {hue})}}"
    "svg{{color:oklch(.92 .05 {hue})}}}}"
)
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">
<style>{style}</style>
<rect width="96" height="96"/>
{drawn}
</svg>
"""
_INITIALS = """<text x="48" y="49" dy=".34em" text-anchor="middle" fill="currentColor" \
font-family="system-ui,sans-serif" font-weight="600" font-size="36">{initials}</text>"""
BOOKMARK = "/media/avatars/bookmark.svg"
BOOKMARK_HUE = 2


@lru_cache(maxsize=10_000)
def path_of(key: str, name: str) -> str:
    """The address says all that is drawn, so it can be cached for ever and needs no look-up."""
    return f"/media/avatars/{_hue_index(key)}/{quote(initials(name), safe='')}.svg"


def draw(hue_index: int, letters: str) -> str:
    drawn = _INITIALS.format(initials=escape(letters))
    return _SVG.format(style=_style(hue_index), drawn=drawn)


def draw_bookmark() -> str:
    drawn = lucide("bookmark", size=44, x=26, y=26)
    return _SVG.format(style=_style(BOOKMARK_HUE), drawn=drawn)


def style_hash(hue_index: int) -> str:
    """What a Content-Security-Policy knows the picture's one style by."""
    digest = sha256(_style(hue_index).encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def initials(name: str) -> str:
    """Those of the first and the last name; one character for scripts without capitals."""
    letters = [_first_character(word) for word in name.split()]
    letters = [letter for letter in letters if letter]
    if not letters:
        return "?"
    first, last = letters[0], letters[-1]
    if len(letters) == 1 or not _has_case(first):
        return first if _has_case(first) else last
    return first + last if _has_case(last) else first


def _style(hue_index: int) -> str:
    return _STYLE.format(hue=HUES[hue_index])


def _hue_index(key: str) -> int:
    return int(key[-6:], 16) % len(HUES)


def _first_character(word: str) -> str:
    """The first letter or digit, else the first sign, with the marks that belong to it."""
    start = _index(word, str.isalnum)
    if start is None:
        start = _index(word, _is_sign)
    if start is None:
        return ""
    end = start + 1
    while end < len(word) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[start:end].upper()[:3]


def _index(word: str, test: Callable[[str], bool]) -> int | None:
    return next((index for index, character in enumerate(word) if test(character)), None)


def _is_sign(character: str) -> bool:
    """Punctuation and symbols, but for the one that would end a part of the address."""
    return unicodedata.category(character)[0] in "PS" and character != "/"


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()
