"""The emoji picker: its groups, and its data in the reader's language.

Names and what else emoji are found by come from an npm package (package-lock.json).
"""

from dataclasses import dataclass

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGES = {
    *("bn", "da", "de", "en", "en-gb", "es", "es-mx", "et", "fi", "fr", "hi", "hu", "it", "ja"),
    *("ko", "lt", "ms", "nb", "nl", "pl", "pt", "ru", "sv", "th", "uk", "vi", "zh", "zh-hant"),
}
_CLOSEST = {"no": "nb", "es-419": "es-mx", "zh-tw": "zh-hant", "zh-hk": "zh-hant"}


@dataclass(frozen=True)
class EmojiGroup:
    key: str  # in the data; or the recent ones, which the browser keeps
    emoji: str
    label: str | Promise


GROUPS = (
    EmojiGroup("recent", "🕘", _("Recently used")),
    EmojiGroup("0", "😀", _("Smileys")),
    EmojiGroup("1", "👋", pgettext_lazy("emoji", "People")),
    EmojiGroup("3", "🌿", _("Animals and nature")),
    EmojiGroup("4", "🍎", _("Food and drink")),
    EmojiGroup("5", "🚗", _("Travel and places")),
    EmojiGroup("6", "⚽", _("Activities")),
    EmojiGroup("7", "💡", _("Objects")),
    EmojiGroup("8", "💬", _("Symbols")),
    EmojiGroup("9", "🏁", _("Flags")),
)
TONES = (
    ("✋", _("Standard")),
    ("✋🏻", pgettext_lazy("skin tone", "Light")),
    ("✋🏼", pgettext_lazy("skin tone", "Medium-light")),
    ("✋🏽", pgettext_lazy("skin tone", "Medium")),
    ("✋🏾", pgettext_lazy("skin tone", "Medium-dark")),
    ("✋🏿", pgettext_lazy("skin tone", "Dark")),
)


def language_of(accepted: str) -> str:
    """The first of an `Accept-Language` header that there is data for."""
    for tag, _quality in parse_accept_lang_header(accepted.lower()):
        for each in (tag, _CLOSEST.get(tag, ""), tag.partition("-")[0]):
            if each in LANGUAGES:
                return each
    return "en"


def data_url(language: str) -> str:
    """Fails with ValueError where the package was not there when static files were collected."""
    return static(f"emoji/{language}/cldr/data.json")
