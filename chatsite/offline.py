"""What is shown when the network is away, and the service worker that keeps it at hand."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# What the chat page needs beside itself.
CHAT_FILES = ("css/chat.css", "django_htmx/htmx-2.min.js", "js/zone.js", "js/chat.js")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "offline.html")


@require_safe
@never_cache
def push_worker(request: HttpRequest) -> HttpResponse:
    """Of those alone who are notified: so that nobody else fetches it."""
    return render(request, "push.js", content_type="text/javascript")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Another script, and so a fresh copy, as soon as the page or one of the files is another."""
    files = [static(name) for name in CHAT_FILES]
    shown = [render_to_string("offline.html"), *files]
    context = {"files": files, "version": sha256("\n".join(shown).encode()).hexdigest()[:12]}
    return render(request, "sw.js", context, content_type="text/javascript")
