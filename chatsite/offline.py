"""What is shown when the network is away, and the service worker that keeps it at hand."""

from collections.abc import Iterable
from hashlib import sha256

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# Pictures that pages show pass through it: their policy has where redirects from /media/ lead.
_POLICY = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
_OWN = {*_POLICY["connect-src"], "blob:", "data:"}
SHOWN = {"connect-src": [source for source in _POLICY["img-src"] if source not in _OWN]}
# What the chat page needs beside itself.
CHAT_FILES = ("css/chat.css", "django_htmx/htmx-2.min.js", "js/zone.js", "js/chat.js")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "offline.html")


@require_safe
def reset(request: HttpRequest) -> HttpResponse:
    """Where somebody gets rid of a worker that does not do what it should."""
    return render(request, "reset_app.html")


@require_safe
@never_cache
def push_worker(request: HttpRequest) -> HttpResponse:
    """Of those alone who are notified: so that nobody else fetches it."""
    return render(request, "push.js", content_type="text/javascript")


@require_safe
@never_cache
@csp_update(SHOWN)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Another script, and so a fresh copy, as soon as the page or one of the files is another.
    With SERVICE_WORKER=false one that takes itself away.
    """
    if not settings.SERVICE_WORKER:
        return render(request, "sw_gone.js", content_type="text/javascript")
    files = [static(name) for name in CHAT_FILES]
    context = {"files": files, "version": _digest([render_to_string("offline.html"), *files])}
    return render(request, "sw.js", context, content_type="text/javascript")


@require_safe
@never_cache
def version(request: HttpRequest) -> JsonResponse:
    """What open pages compare with their own, when the server was away."""
    return JsonResponse({"version": assets_version()})


def assets_version() -> str:
    """Another one as soon as one of the files of the chat page is another."""
    return _digest(static(name) for name in CHAT_FILES)


def _digest(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:12]
