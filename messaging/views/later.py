"""The dialogs of what is sent later, and of reminders.

Changes go over the API (messaging/api/later.py).
"""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import SignedInRequest
from messaging.page.later import later_line, reminder_rows, scheduled_rows
from messaging.views.chat import peer_or_404
from messaging.views.groups import region


@region
def choose(request: SignedInRequest, peer: str) -> HttpResponse:
    """When a message is to be sent."""
    found = peer_or_404(request, peer)
    is_awaited = not found.is_group and found.shows_online and not found.online
    return render(request, "messaging/_later.html", {"peer": found, "is_awaited": is_awaited})


@region
def remind(request: SignedInRequest, peer: str) -> HttpResponse:
    """When one wants to be reminded of a message."""
    context = {"peer": peer_or_404(request, peer), "is_reminder": True}
    return render(request, "messaging/_later.html", context)


@region
def scheduled(request: SignedInRequest, peer: str) -> HttpResponse:
    """The line above the field, once something has changed."""
    found = peer_or_404(request, peer)
    context = {"peer": found, "later": later_line(request.user, found)}
    return render(request, "messaging/_scheduled.html", context)


@region
def listed(request: SignedInRequest) -> HttpResponse:
    """What waits in one chat, or all that waits."""
    key = request.GET.get("peer", "")
    peer = peer_or_404(request, key) if key else None
    context = {
        "peer": peer,
        "scheduled": scheduled_rows(request.user, key),
        "reminders": [] if peer else reminder_rows(request.user),
    }
    return render(request, "messaging/_later_list.html", context)
