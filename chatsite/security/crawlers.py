"""Search engines and other crawlers are refused where accounts are made and entered."""

import re

import ua_parser
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from chatsite import error_pages
from chatsite.interfaces import GetResponse

PATHS = {"/api/auth/signup", "/api/auth/login", "/signup", "/login"}
MAX_LENGTH = 512  # characters of a User-Agent that are looked at
# The parser's list holds these for spiders too: libraries that programs speak HTTP with, and the
# browser of Kindles when it asks for desktop pages.
NO_CRAWLER = re.compile(
    r"^(?:Java|JNLP)/|Google-HTTP-Java-Client/|Python-urllib/|WinHttp|http%20client|\bSilk/",
    re.IGNORECASE,
)


class CrawlerMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_protected(request) and is_crawler(request.headers.get("User-Agent", "")):
            return _refuse(request)
        return self.get_response(request)


def is_crawler(user_agent: str) -> bool:
    """By the list of ua-parser, which remembers the names that it met last."""
    name = user_agent[:MAX_LENGTH]
    if NO_CRAWLER.search(name):
        return False
    device = ua_parser.parse_device(name)
    return device is not None and device.family == "Spider"


def _is_protected(request: HttpRequest) -> bool:
    return settings.BLOCK_CRAWLERS and request.method == "POST" and request.path in PATHS


def _refuse(request: HttpRequest) -> HttpResponse:
    """The page for a browser that was taken for a crawler, a sentence for programs."""
    if not request.path.startswith("/api/"):
        return error_pages.forbidden(request)
    message = _(
        "Crawlers are not allowed here. If this is your own program, give it another User-Agent."
    )
    return JsonResponse({"message": message}, status=403)
