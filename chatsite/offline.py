"""The page for when the network is away, and the service worker that keeps it at hand."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "offline.html")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Another script, and so a fresh copy, as soon as the page or one of its styles is another."""
    shown = render_to_string("offline.html").encode()
    context = {"version": sha256(shown).hexdigest()[:12]}
    return render(request, "sw.js", context, content_type="text/javascript")
