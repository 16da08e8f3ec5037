"""No more mails of what is unread: by the link in each of them, which works signed out."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from accounts import links
from accounts.access import PageRequest
from accounts.notifications import decoded
from accounts.services.notifications import change_notifications
from accounts.views.mailed import dead_link, mailed_link


@csrf_exempt  # a mail program posts, too (RFC 8058): the address alone says that it may
@mailed_link
def turn_off(request: PageRequest, key: str, token: str) -> HttpResponse:
    """Opening it changes nothing, since mail scanners open links too. Posting again: nothing."""
    owner = links.digest_owner(key, token)
    if not owner:
        return dead_link(request, "accounts/digest_dead.html")
    if request.method == "POST":
        change_notifications(user=owner, digest_hours=0)
    is_off = not decoded(owner.notifications).digest_hours
    return render(request, "accounts/digest_off.html", {"is_off": is_off, "owner": owner})
