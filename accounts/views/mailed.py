"""What the pages behind links in mails have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.access import PageRequest
from accounts.mail import is_printed

MailedView = Callable[[PageRequest, str, str], HttpResponse]


def mailed_link(view: MailedView) -> MailedView:
    """The address opens a door, so it goes to no cache and into no Referer.

    Not `no-referrer`: a browser would send `Origin: null` with the form, which is refused.
    """

    @never_cache
    @wraps(view)
    def wrapper(request: PageRequest, key: str, token: str) -> HttpResponse:
        response = view(request, key, token)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return wrapper


def mailed_context() -> dict[str, Any]:
    """For pages that say that a mail is on its way."""
    return {
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        "printed": is_printed(),
    }


def dead_link(request: PageRequest, template: str) -> HttpResponse:
    """htmx shows no response but a 200."""
    return render(request, template, status=200 if request.htmx else 410)
