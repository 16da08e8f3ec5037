"""People, the rules of the site and the record of moderators, as pages beside the reports. The
classes of Django's admin, which has the same and more, decide who may do what, and record it.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import construct_change_message
from django.db.models import Model
from django.forms import CheckboxInput, Textarea, modelform_factory
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest
from accounts.models import AuditEntry, SitePolicy, SiteRole, User
from accounts.moderated_admin import REASON_LENGTH, ModeratedAdmin, ReadOnlyAdmin
from accounts.record import picture_url
from accounts.services import admission, audit
from chatsite.errors import DomainError
from messaging.page.reports import rows_of
from messaging.queries.people import find_user
from messaging.queries.reports import reports_for
from messaging.views.moderation import PAGE, moderating


@moderating
def people(request: SignedInRequest) -> HttpResponse:
    """By name."""
    words, state = _text(request, "q"), _text(request, "state")
    found = User.objects.filter(deleted_at=None).order_by("sort_name", "pk")
    if words.startswith("@"):
        found = found.filter(username=words[1:].lower())
    else:
        found, _more = _admin_of(request, User).get_search_results(request, found, words)
    if state == "banned":
        found = found.exclude(banned_at=None)
    elif state in SiteRole:
        found = found.filter(role=state)
    number = _number(request, "page") or 1
    page = list(found[PAGE * (number - 1) : PAGE * number + 1])
    query = request.GET.copy()
    query["page"] = str(number + 1)
    context = {
        "place": "people",
        "rows": [(each, picture_url(each), _state(each)) for each in page[:PAGE]],
        "words": words,
        "state": state,
        "states": [("banned", _("Banned")), *SiteRole.choices],
        "more": query.urlencode() if len(page) > PAGE else "",
    }
    return render(request, "moderation/people.html", context)


@moderating
def person(request: SignedInRequest, key: str) -> HttpResponse:
    """With what the moderator may do to them, and what they were reported for."""
    found = _person(key)
    reports = reports_for(request.user).filter(person=found.pk).order_by("-pk")
    context = {
        "person": found,
        "picture": picture_url(found),
        "state": _state(found),
        "acts": _people(request).acts_for(request, found),
        "reason_length": REASON_LENGTH,
        "reports": rows_of(reports[:PAGE]),
    }
    return render(request, "moderation/person.html", context)


@require_POST
@moderating
def act(request: SignedInRequest, key: str, name: str) -> HttpResponse:
    try:
        messages.success(request, _people(request).carry_out(request, _person(key), name))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("moderated-person", key)


@moderating
def rules(request: SignedInRequest) -> HttpResponse:
    """They hold from the moment on at which they are saved."""
    of_rules = _admin_of(request, SitePolicy)
    is_sent = request.method == "POST"
    policy = admission.stored_policy() if is_sent else admission.site_policy()
    form = _RulesForm(request.POST or None, instance=policy)
    for field in form.fields.values():
        if not isinstance(field.widget, CheckboxInput):
            field.widget.attrs["class"] = "input"
        if isinstance(field.widget, Textarea):
            field.widget.attrs["rows"] = 4
    if is_sent and form.is_valid():
        changed = construct_change_message(cast(Any, form), [], add=False)

        def change() -> None:
            form.save()
            of_rules.log_change(request, policy, changed)

        if form.has_changed():
            audit.run_recorded(change)
        messages.success(request, _("Saved."))
        if "sign_up" in form.changed_data and policy.sign_up == "open" and policy.shows_addresses:
            warning = _("Anybody may sign up now, and everybody sees e-mail addresses.")
            messages.warning(request, warning)
        return redirect("rules")
    return render(request, "moderation/rules.html", {"place": "rules", "form": form})


@moderating
def record(request: SignedInRequest) -> HttpResponse:
    """What moderators did, the latest first."""
    words, before = _text(request, "q"), _number(request, "before")
    of_record, everything = _admin_of(request, AuditEntry), AuditEntry.objects.order_by("-number")
    entries, _more = of_record.get_search_results(request, everything, words)
    if before:
        entries = entries.filter(number__lt=before)
    page = list(entries[: PAGE + 1])
    query = request.GET.copy()
    if len(page) > PAGE:
        query["before"] = str(page[PAGE - 1].number)
    context = {
        "place": "record",
        "entries": page[:PAGE],
        "words": words,
        "more": query.urlencode() if len(page) > PAGE else "",
    }
    return render(request, "moderation/record.html", context)


_RulesForm = modelform_factory(SitePolicy, fields=admission.POLICY)


def _admin_of(request: SignedInRequest, model: type[Model]) -> ReadOnlyAdmin:
    """Raises Http404 to whom it is not for."""
    found = cast(ReadOnlyAdmin, admin.site.get_model_admin(model))
    if not found.has_view_permission(request):
        raise Http404
    return found


def _people(request: SignedInRequest) -> ModeratedAdmin:
    return cast(ModeratedAdmin, _admin_of(request, User))


def _person(key: str) -> User:
    found = find_user(key)
    if found is None:
        raise Http404
    return found


def _state(person: User) -> str:
    """Empty of nearly everybody."""
    of_people: Any = admin.site.get_model_admin(User)
    state = str(of_people.state(person))
    return "" if state == of_people.get_empty_value_display() else state


def _text(request: SignedInRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()


def _number(request: SignedInRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
