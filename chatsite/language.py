"""Languages: which somebody reads, and how each writes days, sizes and numbers of things, by
Unicode's CLDR. Browsers have the same (static/js/lib/time.js, attachments.js, texts.js).
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from functools import cache
from itertools import repeat
from typing import TypeVar

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.units import format_unit
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

Item = TypeVar("Item")
Result = TypeVar("Result")
LATIN = "latn"  # digits, as all other numbers of the pages have them


def use_language(code: str) -> None:
    """From here to the end of the request, where it is one of the site's."""
    if code in dict(settings.LANGUAGES):
        translation.activate(code)


def accepted_language(header: str) -> str:
    """Of an Accept-Language: the first that the site has, or its own."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = header
    return translation.get_language_from_request(request)


def read_in(language: str) -> AbstractContextManager[object]:
    """What is worded meanwhile is; "" is the site's own, which is there already."""
    return translation.override(language) if language else nullcontext()


def each_read_in(
    languages: Iterable[str], work: Callable[[Item], Result], items: Iterable[Item]
) -> list[Result]:
    """What `work` makes of each, in the language of who reads it; the present one without any."""
    made = []
    for item, language in zip(items, languages or repeat(""), strict=False):
        with read_in(language):
            made.append(work(item))
    return made


@cache
def _locale_of(language: str | None) -> Locale:
    # The site's English has the day before the month.
    return Locale.parse("en_GB" if language in (None, "en") else to_locale(language))


def _locale() -> Locale:
    return _locale_of(get_language())


# A number of things in each form of which a language may have its own: 3 things are few in Arabic.
_SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


def plural_forms() -> list[tuple[str, int]]:
    """Of the reader's language: each form's name, and a number that takes it."""
    forms = {*_locale().plural_form.tags, "other"}
    return [(form, number) for form, number in _SAMPLES.items() if form in forms]


def clock(moment: datetime) -> str:
    """ "09:05", in the reader's zone, as all that follow."""
    return timezone.localtime(moment).strftime("%H:%M")


def full_date(moment: datetime) -> str:
    """ "Saturday, 28 November 2026, 14:52": what a short time stands for."""
    day = format_date(_day(moment), "full", locale=_locale())
    return _("{day}, {time}").format(day=day, time=clock(moment))


def weekday(moment: date) -> str:
    return format_date(_day(moment), "EEEE", locale=_locale())


def month(moment: date) -> str:
    """ "November 2026" """
    return _written("yMMMM", moment)


def day(moment: date) -> str:
    """ "28 November 2026" """
    return format_date(_day(moment), "long", locale=_locale())


def day_of_year(moment: date) -> str:
    """ "28 November" """
    return _written("MMMMd", moment)


def short_day(moment: date) -> str:
    """ "28 Nov 2026" """
    return _written("yMMMd", moment)


def short_day_of_year(moment: date) -> str:
    """ "28 Nov" """
    return _written("MMMd", moment)


def day_and_time(moment: datetime) -> str:
    """ "28 November 2026, 14:52" """
    return _("{day}, {time}").format(day=day(moment), time=clock(moment))


def time_in_zone(moment: datetime) -> str:
    """ "28 November 2026, 14:52 UTC": for who may read it elsewhere."""
    return f"{day_and_time(moment)} {timezone.localtime(moment).tzname()}"


def short_day_and_time(moment: datetime) -> str:
    """ "28 Nov, 14:52" """
    return _("{day}, {time}").format(day=short_day_of_year(moment), time=clock(moment))


def size_in_words(size: int) -> str:
    """Of bytes: "12 kB", "2.3 MB"."""
    if size < 999_500:
        return _in_unit(max(1, (size + 500) // 1000), "digital-kilobyte")
    unit, name = (10**6, "megabyte") if size < 999_950_000 else (10**9, "gigabyte")
    return _in_unit((10 * size + unit // 2) // unit / 10, f"digital-{name}")


def _in_unit(number: float, unit: str) -> str:
    return format_unit(number, unit, length="short", locale=_locale(), numbering_system=LATIN)


def _written(skeleton: str, moment: date) -> str:
    return format_skeleton(skeleton, _day(moment), locale=_locale())


def _day(moment: date) -> date:
    return timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
