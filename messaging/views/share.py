"""What another app shares: a chat is chosen for it, in whose field it waits to be sent.

Browsers hand it over by a POST, which the service worker handles (templates/sw.js): so it stays in
the browser. Where there is no worker, it comes here. It changes nothing: any page can send it.
"""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import PageRequest, SignedInRequest, signed_in
from messaging.page import contexts

WORDS = ("title", "text", "url")  # chatsite/manifest.py names them
# Bytes that every proxy takes as an address, also once log-in has it in its own.
MAX_ADDRESS_LENGTH = 3000


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def share(request: PageRequest) -> HttpResponse:
    return _redirect(request) if request.method == "POST" else _page(request)


def _redirect(request: PageRequest) -> HttpResponse:
    """Words in the address, through log-in where that is needed. What it has no room for, and
    files, cannot come along: the page says so. What is larger than a body may be does not even come
    here (`error_pages.too_large`).
    """
    words = {name: request.POST[name] for name in WORDS if request.POST.get(name, "").strip()}
    fits = len(urlencode(words)) <= MAX_ADDRESS_LENGTH
    carried = words if fits else {}
    if request.FILES or not fits:
        carried = {**carried, "lost": "1"}
    return HttpResponseRedirect(f"{reverse('share')}?{urlencode(carried)}")


@signed_in
def _page(request: SignedInRequest) -> HttpResponse:
    lost, worker = request.GET.get("lost", ""), settings.SERVICE_WORKER
    context = {"lost": lost, "worker": worker, **contexts.targets(request)}
    return render(request, "messaging/share.html", context)


@require_safe
@never_cache
@signed_in
def found(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/_share_targets.html", contexts.targets(request))
