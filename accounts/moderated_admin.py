"""What all lists of the admin have in common: moderators read, act, and leave a record of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.services import audit
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.text import is_storable, one_line

REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a moderator may do to a row, by the method `name` of its admin."""

    name: str
    label: Promise
    done: Promise
    asks_reason: bool = False
    is_grave: bool = False


def record(
    request: HttpRequest, what: str, about: type[Model], key: str = "", name: str = ""
) -> None:
    """Who did what to which row, kept for good. `what` and `name` never quote a message."""
    by = cast(User, request.user)
    audit.run_recorded(lambda: audit.record(by=by, what=what, about=about, key=key, name=name))


def record_search(request: HttpRequest, what: str, about: type[Model]) -> None:
    """Once: a list that carries out an action searches twice for one request."""
    if getattr(request, "recorded_search", None) != what:
        record(request, what, about)
        request.recorded_search = what  # type: ignore[attr-defined]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Nobody adds, edits or deletes anything here."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count would be a search of its own
    filter_parameters: frozenset[str] = frozenset()
    for_admins = False  # alone, rather than for moderators, too

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request) and (
            is_admin(request) or not self.for_admins
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Else texts and password hashes could be guessed letter by letter in the address."""
        return lookup in self.filter_parameters

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = reverse("admin:accounts_auditentry_changelist")
        return redirect(f"{record}?{urlencode({'q': object_id})}")

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        """In our record rather than in Django's. Nobody uses what is returned."""
        entry = LogEntry(
            change_message=message if isinstance(message, str) else json.dumps(message)
        )
        record(request, entry.get_change_message(), type(obj), str(obj.pk), str(obj))
        return entry


class ModeratedAdmin(ReadOnlyAdmin):
    """Rows with acts: a button each on the row's page, which posts to an address of its own."""

    change_form_template = "admin/acts.html"

    def acts_for(self, request: HttpRequest, row: Any) -> list[Act]:
        """What this moderator may do to `row` as it is now; nothing else is carried out."""
        raise NotImplementedError

    def describe(self, row: Any) -> str:
        """The row in a few words, for titles and records."""
        return str(row)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.act_view))
        return [path("<str:key>/act/<str:act>/", view, name=self._url("act")), *super().get_urls()]

    def act_view(self, request: HttpRequest, key: str, act: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, key)
        if row is None:
            raise Http404
        try:
            messages.success(request, self.carry_out(request, row, act))
        except DomainError as error:
            messages.error(request, error.message)
        return redirect(f"admin:{self._url('change')}", key)

    def carry_out(self, request: HttpRequest, row: Model, name: str) -> str:
        """Does the act and records it, or neither; returns what was done. Raises DomainError."""
        act = next((act for act in self.acts_for(request, row) if act.name == name), None)
        if act is None:
            raise DomainError(
                _("This has already been done, or you are not allowed to do it."), 403
            )
        options = {"reason": _reason(request)} if act.asks_reason else {}
        what = ": ".join([str(act.done), *options.values()])

        def do() -> None:
            getattr(self, name)(request.user, row, **options)
            record(request, what, self.model, row.pk, self.describe(row))

        audit.run_recorded(do)
        return what

    def carry_out_all(self, request: HttpRequest, rows: Iterable[Model], name: str) -> None:
        """For an action of the list. Rows that are as wanted already are passed over."""
        for row in rows:
            if any(act.name == name for act in self.acts_for(request, row)):
                done = self.carry_out(request, row, name)
                messages.success(request, f"{self.describe(row)} · {done}")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any | None:
        return super().get_object(request, object_id) if is_key(object_id) else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context["original"]
        addresses = {
            act: reverse(f"admin:{self._url('act')}", args=[row.pk, act.name])
            for act in self.acts_for(request, row)
        }
        context |= {
            "acts": addresses,
            "subtitle": self.describe(row),
            "reason_length": REASON_LENGTH,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def _url(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"


def is_admin(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_admin", False))


def _reason(request: HttpRequest) -> str:
    written = request.POST.get("reason", "")
    reason = one_line(written) if is_storable(written) else ""
    if not reason:
        raise DomainError(_("Enter a reason: the person will see it."))
    if len(reason) > REASON_LENGTH:
        message = _("The reason may have at most %(limit)s characters.")
        raise DomainError(message % {"limit": REASON_LENGTH})
    return reason
