"""Middleware: refuses bodies that are too large, foreign hosts and origins; sets who may cache and
embed responses, and the language and time zone of the reader.
"""

import logging
from urllib.parse import unquote_to_bytes
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from chatsite import error_pages
from chatsite.interfaces import GetResponse
from chatsite.language import use_language
from chatsite.security.body_limit import NO_ROOM, TOO_LARGE, why_without_body
from chatsite.security.credentials import bearer_of
from chatsite.security.origins import is_foreign
from chatsite.security.request_limits import READS, WRITES, count, user_or_network

logger = logging.getLogger(__name__)
URL_ENCODED = "application/x-www-form-urlencoded"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class ForeignOriginMiddleware:
    """The API's protection against forged requests: its clients send no CSRF token.

    An unsafe request without a bearer header is refused when a browser names a foreign origin.
    One that names none comes from no browser.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _needs_own_origin(request) and _is_foreign(request):
            return JsonResponse(
                {"message": _("Requests from another site are refused.")}, status=403
            )
        return self.get_response(request)


class HostMiddleware:
    """Refuses a foreign Host before anything else reads it: Django would log an error with a
    trace for whatever anybody makes up.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            logger.warning("refused: %.100r is no host of this site", request.headers.get("Host"))
            return error_pages.bad_request(request)
        return self.get_response(request)


class BodyLimitMiddleware:
    """Responds for `BodyLimit`, so that a refusal has the headers of any other response."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reason = why_without_body()
        if reason == TOO_LARGE:
            return error_pages.too_large(request)
        if reason == NO_ROOM:
            return error_pages.no_room(request)
        return self.get_response(request)


class FormsMiddleware:
    """Refuses forms of pages that are no UTF-8: Django would read something else in their place."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/") and not _is_readable(request):
            return error_pages.bad_request(request)
        return self.get_response(request)


class EmbeddingMiddleware:
    """Pages of other origins get nothing of ours into theirs: no style, no script, no picture.

    Pictures are an exception for the front ends that CLIENT_URL lists. Those that only some may
    see stay out of other sites all the same: the cookie is not sent there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = "cross-origin" if request.path.startswith(_shared()) else "same-origin"
        response.headers.setdefault("Cross-Origin-Resource-Policy", policy)
        return response


def _shared() -> tuple[str, ...]:
    """What pages of other origins show: a listed front end pictures, our own what a CDN has."""
    media = [settings.MEDIA_URL, "/api/attachments/"] if settings.CLIENT_URLS else []
    static = [settings.STATIC_PATH] if settings.STATIC_ORIGIN else []
    return (*media, *static)


class PrivateResponsesMiddleware:
    """No cache on the way, nor a disk, stores what the API has about people."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class PageLimitMiddleware:
    """Pages have the limits of the API, which counts its own calls."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_page(request):
            limit = READS if request.method in SAFE_METHODS else WRITES
            if wait := count(limit, user_or_network(request)):
                return error_pages.too_many(request, wait)
        return self.get_response(request)


def _is_page(request: HttpRequest) -> bool:
    """Signing out always works, and the profile's form counts by itself, to keep what was typed."""
    if request.path.startswith(("/api/", settings.MEDIA_URL, reverse("logout"))):
        return False
    return request.method in SAFE_METHODS or request.path != reverse("profile")


class LanguageMiddleware:
    """The one that somebody chose for their account, or else the first of their browser's that the
    site has. The API's own authentication does the same (accounts/authentication.py).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            response = self.get_response(request)
            if _is_html(response):
                response.headers.setdefault("Content-Language", translation.get_language() or "")
                patch_vary_headers(response, ("Accept-Language",))
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Once the user is known."""
        if not request.path.startswith(("/api/", settings.MEDIA_URL)):
            use_language(getattr(request.user, "language", ""))


class TimezoneMiddleware:
    """The `tz` cookie, written by the page's script, names the reader's zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            zone = ZoneInfo(request.COOKIES.get("tz", "UTC"))
        except (
            KeyError,
            ValueError,
            OSError,
        ):  # unknown, malformed, or a folder of the zone database
            zone = ZoneInfo("UTC")
        with timezone.override(zone):
            return self.get_response(request)


def _is_html(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def _is_readable(request: HttpRequest) -> bool:
    try:
        if request.content_type == URL_ENCODED:
            unquote_to_bytes(request.body).decode()  # Django would try Latin-1 next
            return True
        form = request.POST
    except UnicodeDecodeError:
        return False
    return not any("\ufffd" in text for name, texts in form.lists() for text in (name, *texts))


def _needs_own_origin(request: HttpRequest) -> bool:
    return (
        request.method not in SAFE_METHODS
        and request.path.startswith("/api/")
        and not bearer_of(request.headers.get("Authorization", ""))
    )


def _is_foreign(request: HttpRequest) -> bool:
    scheme = request.scheme or "http"
    return is_foreign(request.headers.get, scheme=scheme, host=request.get_host())
