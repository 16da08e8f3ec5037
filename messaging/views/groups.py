"""What the chat page shows of groups, beside the messages: each view is one region of it.

Changes go over the API (messaging/api/groups.py).
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import PageRequest, SignedInRequest, signed_in
from accounts.record import picture_path
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.wire import absolute
from messaging.models import REASONS, Conversation, ReportKind, Role, is_group
from messaging.page.peers import Peer, author_of, authors_among, find_peer
from messaging.page.receipts import ReceiptRows, receipt_row
from messaging.page.times import when
from messaging.queries.people import candidates_of, visible_people_among
from messaging.queries.reactions import reactions_of, reactions_page
from messaging.queries.receipts import STATES, State, message_of, receipts_page
from messaging.queries.reports import evidence_of
from messaging.queries.visibility import conversation_with, find_group, members_of

MEMBERS_PER_PAGE = 50
CANDIDATES = 30  # of a search: whoever looks for somebody else goes on typing
MAX_AUTHORS = 100
LAST_SEQ = 2**53
PACES = (0, 10, 30, 60, 300, 900, 3600)  # seconds between two messages of a member


def region(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A region of the page. 404 for whatever a service refuses."""

    @require_safe
    @never_cache
    @signed_in
    def wrapper(request: SignedInRequest, /, **kwargs: str) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except DomainError as error:
            raise Http404 from error

    return wrapper


@region
def header(request: SignedInRequest, peer: str) -> HttpResponse:
    """The head of the open conversation, be it with a person or in a group."""
    found = find_peer(request.user, peer)
    if found is None:
        raise Http404
    return render(request, "messaging/_header.html", {"peer": found, "tab": _tab(request)})


@region
def receipts(request: SignedInRequest, peer: str) -> HttpResponse:
    """What became of a message; more of those who have read it, or of those who have not."""
    seq = _seq(request)
    state, cursor = request.GET.get("state", ""), request.GET.get("cursor", "")
    conversation = conversation_with(request.user.pk, peer)

    def rows(state: State) -> ReceiptRows:
        page = receipts_page(
            request.user,
            conversation,
            seq=seq,
            state=state,
            limit=MEMBERS_PER_PAGE,
            cursor=cursor,
        )
        return ReceiptRows(state, list(map(receipt_row, page.receipts)), page.cursor)

    context = {"seq": seq, "peer_id": peer}
    if state in STATES:
        return render(request, "messaging/_receipt_rows.html", context | {"part": rows(state)})
    parts = [rows(each) for each in STATES]
    template = "_receipts" if is_group(peer) else "_receipt"
    message = message_of(request.user, conversation, seq)
    context |= {"parts": parts, "sent": when(message.created_at), "is_voice": message.has_voice}
    context["is_once"] = message.view_once
    return render(request, f"messaging/{template}.html", context)


@region
def reactors(request: SignedInRequest, peer: str) -> HttpResponse:
    """Who reacted to a message; those with one emoji, or more of them."""
    seq = _seq(request)
    emoji, cursor = request.GET.get("emoji", ""), request.GET.get("cursor", "")
    conversation = conversation_with(request.user.pk, peer)
    page = reactions_page(
        request.user,
        conversation,
        seq=seq,
        limit=MEMBERS_PER_PAGE,
        emoji=emoji,
        cursor=cursor,
    )
    context = {"seq": seq, "peer_id": peer, "emoji": emoji, "page": page}
    if "emoji" in request.GET:
        return render(request, "messaging/_reactor_rows.html", context)
    reactions = reactions_of(request.user, conversation, seq)
    context |= {"reactions": reactions, "total": sum(each.count for each in reactions)}
    return render(request, "messaging/_reactors.html", context)


def _seq(request: SignedInRequest) -> int:
    seq = request.GET.get("seq", "")
    if not (seq.isascii() and seq.isdigit() and 0 < int(seq[:20]) < LAST_SEQ):
        raise Http404
    return int(seq)


@region
def report(request: SignedInRequest, peer: str) -> HttpResponse:
    """The dialog in which a message of the chat, or whom it is with, is reported."""
    message = request.GET.get("message", "")
    kind = ReportKind.GROUP if is_group(peer) else ReportKind.PERSON
    kind, about = (ReportKind.MESSAGE, message) if message else (kind, peer)
    evidence_of(request.user, kind, about)
    context = {
        "kind": kind,
        "about": about,
        "reasons": [(each.value, each.label) for each in REASONS],
    }
    return render(request, "messaging/_report.html", context)


@region
def new(request: SignedInRequest) -> HttpResponse:
    return render(request, "messaging/groups/_new.html", _candidates(request, None))


@region
def edit(request: SignedInRequest, peer: str) -> HttpResponse:
    group = _managed(request, peer)
    initials = absolute(picture_path(group.pk, group.title, ""))
    paces = [(each, _pace(each)) for each in sorted({*PACES, group.slow_seconds})]
    context = {"group": group, "initials": initials, "paces": paces, **_shown(request, peer)}
    return render(request, "messaging/groups/_edit.html", context)


def _pace(seconds: int) -> str:
    if seconds == 0:
        return _("Off")
    if seconds % 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    return ngettext("%(n)s minute", "%(n)s minutes", seconds // 60) % {"n": seconds // 60}


@region
def add(request: SignedInRequest, peer: str) -> HttpResponse:
    group = _managed(request, peer)
    context = {**_shown(request, peer), **_candidates(request, group)}
    return render(request, "messaging/groups/_add.html", context)


@region
def candidates(request: SignedInRequest) -> HttpResponse:
    """Who can be added to a group: of those who match the search, the first ones."""
    key = request.GET.get("group")
    group = _managed(request, key) if key else None
    return render(request, "messaging/groups/_candidates.html", _candidates(request, group))


@region
def authors(request: SignedInRequest) -> HttpResponse:
    """Names and pictures of who wrote what a socket brought, as far as the reader may see them.

    The page's own, not the API's: what templates show of authors, for static/js/stores/people.js.
    """
    requested = [key for key in request.GET.get("ids", "").split(",") if is_key(key)][:MAX_AUTHORS]
    keys, me = set(requested), request.user.pk
    found = authors_among(keys, me, seen=visible_people_among(me, keys)).values()
    payload = [
        {"_id": each.id, "fullName": each.name, "profilePic": each.picture} for each in found
    ]
    return JsonResponse(payload, safe=False)


def _group(request: SignedInRequest, key: str) -> Peer:
    peer = find_peer(request.user, key)
    if peer is None or not peer.is_group:
        raise Http404
    return peer


def _managed(request: SignedInRequest, key: str) -> Conversation:
    group, role = find_group(request.user, key)
    if role == Role.MEMBER:
        raise Http404
    return group


def _shown(request: SignedInRequest, key: str) -> dict[str, Any]:
    return {"peer": _group(request, key)}


def _candidates(request: SignedInRequest, group: Conversation | None) -> dict[str, Any]:
    query = request.GET.get("q", "").replace("\0", "").strip()
    there = set(members_of(group.pk)) if group else set()
    people = candidates_of(request.user.pk, query)
    rows = people.values_list("pk", "full_name", "picture")[: CANDIDATES + len(there)]
    shown = [author_of(request.user.pk, *row) for row in rows if row[0] not in there]
    candidates = [{"key": each.id, "name": each.name, "picture": each.picture} for each in shown]
    return {"candidates": candidates[:CANDIDATES], "query": query}


def _tab(request: PageRequest) -> str:
    return "contacts" if request.GET.get("list") == "contacts" else "chats"
