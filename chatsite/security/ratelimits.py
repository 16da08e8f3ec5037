"""Rate limits of rare requests, by django-ratelimit: accounts, guesses at passwords,
mails. What people do all the time is counted in `request_limits.py`.

Both count in fixed windows in the cache `limits`, by the numbers of `settings.LIMITS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage
from django_ratelimit.decorators import ratelimit

from chatsite.errors import DomainError

Params = ParamSpec("Params")
Result = TypeVar("Result")
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Whoever is signed in counts for themselves; an address, which many may share, only where nobody
# is. Of IPv6 the network counts, whose other bits are its owner's choice.
USER_OR_IP = "user_or_ip"


class TooMany(DomainError):
    """`language` is the one that the reader chose, for who words it later."""

    def __init__(self, wait: float, language: str = "") -> None:
        message = _("Too many requests. Please try again later.")
        seconds = max(1, math.ceil(wait))
        super().__init__(message, 429, code="too_many_requests", wait=seconds)
        self.language = language

    @property
    def notice(self) -> str:
        if self.wait < 2 * MINUTE:
            words = ngettext(
                "That was a lot at once. Wait %(count)s second, then try again.",
                "That was a lot at once. Wait %(count)s seconds, then try again.",
                self.wait,
            )
            return words % {"count": self.wait}
        words = _("That was a lot in a short time. Wait %(count)s minutes, then try again.")
        return words % {"count": math.ceil(self.wait / MINUTE)}


@dataclass(frozen=True, slots=True)
class Rate:
    """`name` is a field of `settings.LIMITS`: so many in `seconds`."""

    name: str
    seconds: int = MINUTE

    def __call__(self, group: str, request: object) -> tuple[int, int]:
        return getattr(settings.LIMITS, self.name), self.seconds


@dataclass(frozen=True, slots=True)
class Allowance:
    """The same of a number that is decided while the site runs."""

    name: str
    number: int
    seconds: int

    def __call__(self, group: str, request: object) -> tuple[int, int]:
        return self.number, self.seconds


SIGN_UPS = Rate("sign_ups_per_hour", HOUR)
LOG_INS = Rate("log_ins")
LOG_INS_PER_ADDRESS = Rate("log_ins_per_address")
MAILS = Rate("mails_per_hour", HOUR)
MAILS_PER_ADDRESS = Rate("mails_per_address_and_hour", HOUR)
REPORTS = Rate("reports_per_hour", HOUR)


def limited(rate: Rate) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """For what takes a `request` first: each call counts. Raises TooMany beyond the limit."""
    terms: dict[str, Any] = {"group": rate.name, "key": USER_OR_IP, "rate": rate}

    def decorate(function: Callable[Params, Result]) -> Callable[Params, Result]:
        @ratelimit(**terms, block=False)  # its own refusal has no Retry-After
        @wraps(function)
        def counted(request: Any, *args: Any, **kwargs: Any) -> Any:
            if request.limited:
                raise _too_many(get_usage(request, **terms))
            return cast(Any, function)(request, *args, **kwargs)

        return cast(Callable[Params, Result], counted)

    return decorate


def check(rate: Rate | Allowance, who: str, *, counts: bool = True) -> None:
    """Counts one more for what is no visitor: an account, an inbox. Raises TooMany beyond the
    limit; without `counts` when one more would be, and it counts nothing.
    """
    usage = get_usage(None, rate.name, key=lambda *_: who, rate=rate, increment=counts)
    if usage and (usage["should_limit"] or usage["count"] + (not counts) > usage["limit"]):
        raise _too_many(usage)


def check_once(rate: Rate | Allowance, who: str, taken: set[str], *, counts: bool = True) -> None:
    """As `check`, for work that may be repeated: what it has `taken` is not counted again."""
    if rate.name not in taken:
        check(rate, who, counts=counts)
        if counts:
            taken.add(rate.name)


def _too_many(usage: dict[str, int]) -> TooMany:
    """The last second of a window still belongs to it."""
    return TooMany(usage["time_left"] + 1)


def with_retry_after(response: HttpResponse, error: Exception | None) -> HttpResponse:
    """For pages, whose refusals are rendered."""
    if isinstance(error, DomainError) and error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response
