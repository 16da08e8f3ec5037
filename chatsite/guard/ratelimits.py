"""Refuses who did something too often: 429, and when to try again."""

import math
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatsite.errors import DomainError
from chatsite.guard.counting import MINUTE, SENDS, UPLOADS, Limit, count, person_or_address

Params = ParamSpec("Params")
Result = TypeVar("Result")


class TooMany(DomainError):
    def __init__(self, wait: float) -> None:
        message = _("Too many requests. Please try again later.")
        seconds = max(1, math.ceil(wait))
        super().__init__(message, 429, code="too_many_requests", wait=seconds)

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


def check(limit: Limit, who: str) -> None:
    """Counts one more. Raises TooMany beyond the limit."""
    if wait := count(limit, who):
        raise TooMany(wait)


class Once:
    """Counts for work that may be repeated: each limit is counted the first time alone."""

    def __init__(self) -> None:
        self._waits: dict[Limit, int] = {}

    def check(self, limit: Limit, who: str) -> None:
        """Raises TooMany beyond the limit."""
        if limit not in self._waits:
            self._waits[limit] = count(limit, who)
        if wait := self._waits[limit]:
            raise TooMany(wait)


def check_message(who: str, picture: object) -> None:
    check(SENDS, who)
    check_upload(who, picture)


def check_upload(who: str, picture: object) -> None:
    if picture is not None:
        check(UPLOADS, who)


def limited(limit: Limit) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """For what takes a `request` by keyword: each call counts, and may raise TooMany."""

    def decorate(function: Callable[Params, Result]) -> Callable[Params, Result]:
        @wraps(function)
        def counted(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            check(limit, person_or_address(kwargs["request"]))
            return function(*args, **kwargs)

        return counted

    return decorate


def with_retry_after(response: HttpResponse, error: Exception | None) -> HttpResponse:
    """For pages, whose refusals are rendered."""
    if isinstance(error, DomainError) and error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response
