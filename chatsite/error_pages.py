"""Responses where no view made one: a page, or a sentence under `/api/`."""

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chatsite.errors import Busy, is_away
from chatsite.security.ratelimits import TooMany, with_retry_after


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _response(request, 400, _("The request could not be understood."), "400.html")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _response(request, 403, _("You are not allowed to do this."), "403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return forbidden(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _response(request, 404, _("Not found."), "404.html")


def too_large(request: HttpRequest) -> HttpResponse:
    if request.path == reverse("share"):  # of another app, to which nobody can go back
        return _unread(HttpResponseRedirect(f"{reverse('share')}?lost=size"))
    return _unread(_response(request, 413, _("The request is too large."), "413.html"))


def no_room(request: HttpRequest) -> HttpResponse:
    message = _("There is no room for uploads at the moment. Please try again later.")
    return _unread(_response(request, 507, message, "507.html"))


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    error = TooMany(wait)
    response = render(request, "429.html", {"words": error.notice}, status=error.status)
    return with_retry_after(response, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called by Django while it handles what was raised."""
    if is_away(sys.exception()):
        return busy(request)
    return _response(request, 500, _("Something went wrong here. Please try again."), "500.html")


def busy(request: HttpRequest) -> HttpResponse:
    error = Busy()
    response = _response(request, error.status, error.message, "503.html")
    response.headers["Retry-After"] = str(error.wait)
    return response


def _unread(response: HttpResponse) -> HttpResponse:
    """What is left of the body would be taken for the next request."""
    response.headers["Connection"] = "close"
    return response


def _response(request: HttpRequest, status: int, message: str, template: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"message": message}, status=status)
    return render(request, template, status=status)
