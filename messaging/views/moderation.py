"""The queue of reports, for moderators, beside Django's admin. Nobody else finds it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import Rest, SignedInRequest, SignedInView, signed_in
from accounts.services import moderation
from accounts.services.roles import may_act_on
from chatsite.db import now
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from messaging.models import Reason, ReportKind
from messaging.page.reports import decisions_for, fate_of, rows_of, seen_messages
from messaging.queries.people import find_user
from messaging.queries.reports import reports_for
from messaging.services import reports

PAGE = 50
STATES = ("open", "closed")


def moderating(view: SignedInView[Rest]) -> Callable[..., HttpResponse]:
    @never_cache
    @signed_in
    def wrapper(
        request: SignedInRequest, /, *args: Rest.args, **kwargs: Rest.kwargs
    ) -> HttpResponse:
        if not request.user.role:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error

    return wrapper


@moderating
def queue(request: SignedInRequest) -> HttpResponse:
    """The oldest open report first; of closed ones the latest."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "kind", "reason", "mine")}
    is_open = chosen["state"] != "closed"
    found = reports_for(request.user).filter(is_open=is_open)
    if chosen["kind"] in ReportKind:
        found = found.filter(kind=chosen["kind"])
    if chosen["reason"] in Reason:
        found = found.filter(reason=chosen["reason"])
    if chosen["mine"]:
        mine = {"claimed_by" if is_open else "decided_by": request.user.pk}
        found = found.filter(**mine)
    after = request.GET.get("after", "")
    if is_key(after):
        found = found.filter(pk__gt=after) if is_open else found.filter(pk__lt=after)
    page = list(found.order_by("pk" if is_open else "-pk")[: PAGE + 1])
    query = request.GET.copy()
    query["after"] = page[PAGE - 1].pk if len(page) > PAGE else ""
    context = {
        "rows": rows_of(page[:PAGE]),
        "is_open": is_open,
        "chosen": chosen,
        "kinds": ReportKind.choices,
        "reasons": Reason.choices,
        "more": query.urlencode() if query["after"] else "",
    }
    return render(request, "moderation/queue.html", context)


@moderating
def report(request: SignedInRequest, key: str) -> HttpResponse:
    """Only what was reported, and what was around it. That it is looked at is recorded."""
    found = reports.open_report(by=request.user, key=key)
    person = find_user(found.person)
    [row] = rows_of([found])
    earlier = reports_for(request.user).filter(person=found.person or "-").exclude(pk=found.pk)
    silenced = person.silenced_until if person else None
    context = {
        "row": row,
        "report": found,
        "person": person,
        "seen": seen_messages(found),
        "fate": fate_of(found),
        "earlier": rows_of(earlier.order_by("-pk")[:PAGE]),
        "choices": decisions_for(found),
        "silenced_until": silenced if silenced and silenced > now() else None,
        "may_act": person is not None and may_act_on(request.user, person),
    }
    return render(request, "moderation/report.html", context)


def act(view: Callable[[SignedInRequest, str], None]) -> Callable[..., HttpResponse]:
    """What is posted on a report's page, which is shown again with what came of it."""

    @require_POST
    @moderating
    def wrapper(request: SignedInRequest, /, key: str) -> HttpResponse:
        try:
            view(request, key)
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("report", key)

    return wrapper


@act
def claim(request: SignedInRequest, key: str) -> None:
    reports.claim(by=request.user, key=key, claimed="back" not in request.POST)


@act
def decide(request: SignedInRequest, key: str) -> None:
    posted = {name: request.POST.get(name, "") for name in ("decision", "letter", "note")}
    days = request.POST.get("days", "1")
    reports.decide(by=request.user, key=key, days=int(days) if days.isdecimal() else -1, **posted)
    messages.success(request, _("Decided. Those concerned are told by mail."))


@act
def lift(request: SignedInRequest, key: str) -> None:
    reports.lift(by=request.user, key=key)
    messages.success(request, _("Lifted."))


@require_POST
@never_cache
@signed_in
def seen(request: SignedInRequest) -> HttpResponse:
    """The warning that somebody got from moderators."""
    moderation.warn(user=request.user, words="")
    return redirect("chats")
