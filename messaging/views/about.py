"""The details of a conversation: who it is with, and what is shared there. Each view is one region
of the page.
"""

import re
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest
from accounts.record import picture_path
from chatsite.wire import absolute
from messaging.models import Conversation
from messaging.page.peers import Peer
from messaging.page.shared import shared_items
from messaging.presence import online_seen_by
from messaging.queries.blocks import blocked_in
from messaging.queries.members import groups_in_common, members_page
from messaging.queries.shared import KINDS
from messaging.queries.visibility import find_group
from messaging.shapes.system_messages import period
from messaging.views.chat import peer_or_404
from messaging.views.groups import MEMBERS_PER_PAGE, region

MAX_GROUPS = 1000
LIFETIMES = [days * 24 * 3600 for days in (1, 7, 90)]
SEQ = re.compile(r"[0-9]{1,16}")


@region
def details(request: SignedInRequest, peer: str) -> HttpResponse:
    """Of a person, a group or one's saved messages; who has left a group finds what they shared."""
    found = peer_or_404(request, peer)
    context: dict[str, Any] = {"peer": found}
    if found.may_set_lifetime:
        context["lifetimes"] = _lifetimes(found.disappear_after or 0)
    if found.role:
        group, role = find_group(request.user, peer)
        context |= {"group": group, **_members(request, found, role)}
    else:
        context["part"] = shared_items(request.user, found, "pictures")
    if not found.is_group:
        common = groups_in_common(request.user, peer, limit=MAX_GROUPS)
        context["groups"] = [_row(group) for group, _role in common.groups]
    return render(request, "messaging/about/_details.html", context)


@region
def members(request: SignedInRequest, peer: str) -> HttpResponse:
    """More of them."""
    _group, role = find_group(request.user, peer)
    found = peer_or_404(request, peer)
    context = {"peer": found, **_members(request, found, role)}
    return render(request, "messaging/about/_members.html", context)


@region
def shared(request: SignedInRequest, peer: str) -> HttpResponse:
    """The pictures, files or links of a conversation, the newest ones, or those before a seq."""
    found = peer_or_404(request, peer)
    before, month = request.GET.get("before", ""), request.GET.get("month", "")
    kind = next((each for each in KINDS if each == request.GET.get("kind")), None)
    if kind is None or not (SEQ.fullmatch(before) or before == ""):
        raise Http404
    part = shared_items(
        request.user, found, kind, before=int(before) if before else None, month=month
    )
    return render(request, "messaging/about/_shared.html", {"peer": found, "part": part})


def _lifetimes(chosen: int) -> list[tuple[int, str]]:
    return [
        (seconds, period(seconds) if seconds else _("Off"))
        for seconds in sorted({0, *LIFETIMES, chosen})
    ]


def _row(group: Conversation) -> dict[str, Any]:
    picture = absolute(picture_path(group.pk, group.title, group.picture))
    return {"key": group.pk, "name": group.title, "picture": picture, "count": group.member_count}


def _members(request: SignedInRequest, group: Peer, role: str) -> dict[str, Any]:
    cursor = request.GET.get("cursor", "")
    page = members_page(request.user, group.pk, limit=MEMBERS_PER_PAGE, cursor=cursor)
    return {
        "role": role,
        "members": page.members,
        "cursor": page.cursor,
        "online": online_seen_by(request.user.pk),
        "blocked": blocked_in(request.user.pk, group.pk),
    }
