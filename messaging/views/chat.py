"""The chat page, and the parts of it that htmx requests."""

from datetime import date, datetime, time, timedelta
from hashlib import blake2b

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import push_url

from accounts.access import SignedInRequest, signed_in
from accounts.services.accounts import skip_first_steps
from chatsite.errors import DomainError
from chatsite.keys import is_key, new_key
from chatsite.offline import assets_version
from chatsite.security.ratelimits import with_retry_after
from chatsite.security.request_limits import check_message
from messaging.models import saved_key
from messaging.page import contexts
from messaging.page.emoji import GROUPS, TONES, data_url, language_of
from messaging.page.later import later_state
from messaging.page.peers import Peer, find_peer, saved_peer
from messaging.page.quotes import pinned_quotes, quote_payload
from messaging.page.uploads import tus_client
from messaging.queries.history import first_since, originals_of
from messaging.queries.people import find_by_username
from messaging.queries.sync import sync_cursor
from messaging.services.messages import send_message

MAX_QUOTES = 100
EARLIEST = date(1970, 1, 1)


@require_safe
@never_cache
@signed_in
def chats(request: SignedInRequest) -> HttpResponse:
    return _page(request, tab="chats")


@require_safe
@never_cache
@signed_in
def contacts(request: SignedInRequest) -> HttpResponse:
    return _page(request, tab="contacts")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def conversation(request: SignedInRequest, peer: str) -> HttpResponse:
    found = peer_or_404(request, peer)
    tab = "contacts" if request.GET.get("list") == "contacts" else "chats"
    if request.method == "POST":
        return _send(request, found, tab)
    return _page(request, tab=tab, peer=found)


@require_safe
@never_cache
@signed_in
def saved(request: SignedInRequest) -> HttpResponse:
    return redirect("conversation", peer=saved_key(request.user.pk))


@require_safe
@never_cache
@signed_in
def by_username(request: SignedInRequest, username: str) -> HttpResponse:
    """Where one writes to them; one's own leads to the profile."""
    person = find_by_username(request.user.pk, username)
    if person is None:
        raise Http404
    if person.pk == request.user.pk:
        return redirect("profile")
    return redirect("conversation", peer=person.pk)


@require_safe
@never_cache
@signed_in
def older(request: SignedInRequest, peer: str) -> HttpResponse:
    return render(
        request, "messaging/_lines.html", contexts.timeline(request, peer_or_404(request, peer))
    )


@require_safe
@never_cache
@signed_in
def quotes(request: SignedInRequest, peer: str) -> HttpResponse:
    """The originals of replies that are not on the page: those that are left out cannot be seen.

    The page's own, not the API's: what templates show of a quote, for static/js/stores/quotes.js.
    """
    keys = [key for key in request.GET.get("ids", "").split(",") if is_key(key)][:MAX_QUOTES]
    found = originals_of(request.user, peer_or_404(request, peer).pk, keys)
    return JsonResponse([quote_payload(each) for each in found.values()], safe=False)


@require_safe
@never_cache
@signed_in
def since(request: SignedInRequest, peer: str) -> HttpResponse:
    """The first message since a day began where the reader is, or the newest; null without any.

    The page's own, not the API's: its days are those of the zone in which its templates show times.
    """
    try:
        day = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        raise Http404 from None
    # Neither end of time exists in every zone.
    day = min(max(day, EARLIEST), timezone.localdate() + timedelta(days=1))
    moment = timezone.make_aware(datetime.combine(day, time()))
    found = first_since(request.user, peer_or_404(request, peer).pk, moment)
    return JsonResponse(found and {"_id": found[0], "seq": found[1]}, safe=False)


@require_safe
@never_cache
@signed_in
def pins(request: SignedInRequest, peer: str) -> HttpResponse:
    """What the bar of pinned messages shows, once they have changed."""
    context = {"pins": pinned_quotes(request.user, peer_or_404(request, peer))}
    return render(request, "messaging/_pins.html", context)


@require_safe
@never_cache
@signed_in
def chat_rows(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/_chat_rows.html", contexts.chat_list(request, "chats"))


@require_safe
@never_cache
@signed_in
def contact_rows(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/_contacts_found.html", contexts.contact_list(request))


@require_safe
@never_cache
@signed_in
def found(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/_found.html", contexts.found(request))


@require_safe
@never_cache
@signed_in
def keys(request: SignedInRequest) -> HttpResponse:
    """The list of keys, which the page loads when it is opened."""
    return render(request, "messaging/_shortcuts.html")


@require_safe
@never_cache
@signed_in
def emoji(request: SignedInRequest) -> HttpResponse:
    """The emoji picker, which the page loads when it is first opened."""
    # There are more languages of emoji than of pages.
    wanted = [request.user.language, request.headers.get("Accept-Language", "")]
    language = language_of(",".join(filter(None, wanted)))
    try:
        source = data_url(language)
    except ValueError:
        raise Http404 from None
    context = {"language": language, "source": source, "groups": GROUPS, "tones": TONES}
    return render(request, "messaging/_emoji_picker.html", context)


@require_POST
@never_cache
@signed_in
def skip_steps(request: SignedInRequest) -> HttpResponse:
    """Also those that are done, once all are."""
    skip_first_steps(user=request.user, steps=request.POST.getlist("step"))
    return redirect("chats")


@require_safe
@never_cache
@signed_in
def targets(request: SignedInRequest) -> HttpResponse:
    """The dialog in which messages are forwarded."""
    return render(request, "messaging/_forward.html", contexts.targets(request))


@require_safe
@never_cache
@signed_in
def targets_found(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/groups/_candidates.html", contexts.targets(request))


def _send(request: SignedInRequest, peer: Peer, tab: str) -> HttpResponse:
    """For a browser without JavaScript; the others send over the API."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    picture = request.FILES.get("image")
    image = picture.read() if picture else None
    client_id = _client_id(request.POST.get("clientMessageId", ""), text, image)
    try:
        check_message(request.user.pk, image)
        send_message(
            sender=request.user, peer=peer.pk, text=text, image=image, client_message_id=client_id
        )
    except DomainError as error:
        refusal = {"refusal": error, "text": text}
        response = _page(request, tab=tab, peer=peer, status=error.status, **refusal)
        return with_retry_after(response, error)
    return HttpResponseRedirect(request.get_full_path())


def _client_id(key: str, text: str, image: bytes | None) -> str:
    """The same for what goes out again from the same page, as after going back; other words or
    another picture make another message.
    """
    if not key:
        return ""
    return blake2b(f"{key}\0{text}\0".encode() + (image or b""), digest_size=12).hexdigest()


def _page(
    request: SignedInRequest,
    *,
    tab: str,
    peer: Peer | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """The whole page, or the one zone of it that htmx is about to replace."""
    part = "" if request.htmx.history_restore_request else request.htmx.target
    if part == "sidebar":
        return _sidebar(request, tab)
    context = {"tab": tab, "peer": peer, "client_message_id": new_key(), **more}
    if part == "conversation":
        return render(request, "messaging/_pane.html", context | contexts.pane(request, peer))
    context["cursor"] = sync_cursor(request.user)
    context["edit_minutes"] = settings.MESSAGE_EDIT_MINUTES
    context["delete_minutes"] = settings.MESSAGE_DELETE_MINUTES
    context["file_limit"] = settings.ATTACHMENT_MAX_BYTES
    context["tus"] = tus_client()
    context["version"] = assets_version()
    context["worker"] = settings.SERVICE_WORKER
    context["later_state"] = later_state(request.user)
    context["saved_peer"] = saved_peer(request.user)
    context |= contexts.BLANKS | contexts.lists(request, tab) | contexts.pane(request, peer)
    return render(request, "messaging/chat.html", context, status=status)


def _sidebar(request: SignedInRequest, tab: str) -> HttpResponse:
    """Another tab, beside the conversation that is open at the moment."""
    peer = _open_peer(request)
    context = {"tab": tab, "peer": peer, **contexts.lists(request, tab)}
    response = render(request, "messaging/_sidebar.html", context)
    if peer is None:
        return response
    query = "?list=contacts" if tab == "contacts" else ""
    return push_url(response, reverse("conversation", args=[peer.pk]) + query)


def peer_or_404(request: SignedInRequest, key: str) -> Peer:
    peer = find_peer(request.user, key)
    if peer is None:
        raise Http404
    return peer


def _open_peer(request: SignedInRequest) -> Peer | None:
    try:
        match = resolve((request.htmx.current_url_abs_path or "").partition("?")[0])
    except Resolver404:
        return None
    if match.url_name != "conversation":
        return None
    return find_peer(request.user, match.kwargs["peer"])
