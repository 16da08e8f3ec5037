"""People, their sessions and the record of moderation, in the admin."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.devices import device_of
from accounts.forms.profile import AUDIENCES, PrivacyForm
from accounts.lookup import find_people
from accounts.models import (
    AuditEntry,
    Invitation,
    Session,
    SitePolicy,
    SiteRole,
    User,
    person_matches,
)
from accounts.moderated_admin import (
    Act,
    ModeratedAdmin,
    ReadOnlyAdmin,
    record,
    record_search,
)
from accounts.privacy import KINDS, decoded
from accounts.record import picture_url
from accounts.services import admission, audit, deletion, moderation, roles, sessions
from chatsite.db import in_thread, now
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.text import one_line
from scheduler import services as jobs
from scheduler.models import Job
from scheduler.registry import KINDS as JOB_KINDS

admin.site.unregister(Group)  # of rights: those of the site come with its roles

BAN = Act("ban", _("Ban"), pgettext_lazy("act", "Banned"), asks_reason=True, is_grave=True)
UNBAN = Act("unban", _("Lift the ban"), _("Ban lifted"))
PROMOTE = Act("promote", _("Make a moderator"), _("Made a moderator"))
MAKE_ADMIN = Act("make_admin", _("Make an admin"), _("Made an admin"), is_grave=True)
DEMOTE = Act("demote", _("Take the role away"), _("Role taken away"), is_grave=True)
HAND_OVER = Act("hand_over", _("Hand the site over"), _("Made the owner"), is_grave=True)
DELETE = Act("delete_keeping", _("Delete the account"), _("To be deleted in a week"), is_grave=True)
DELETE_ALL = Act(
    "delete_all",
    _("Delete the account and its messages"),
    _("To be deleted in a week, with its messages"),
    is_grave=True,
)
KEEP = Act("keep", _("Keep the account"), _("Not to be deleted"))
ROLES = {PROMOTE: SiteRole.MODERATOR.value, MAKE_ADMIN: SiteRole.ADMIN.value, DEMOTE: ""}
WITHDRAW = Act("withdraw", _("Withdraw"), _("Withdrawn"), is_grave=True)
REVOKE = Act("revoke", _("Sign out"), _("Signed out"), is_grave=True)
RUN_NOW = Act("run_now", _("Do it now"), _("To be done now"))
REMOVE = Act("remove", _("Remove"), pgettext_lazy("act", "Removed"), is_grave=True)


def person_link(person: AbstractBaseUser) -> str:
    address = reverse("admin:accounts_user_change", args=[person.pk])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', address, str(person))


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("banned", _("Banned")), *SiteRole.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() == "banned":
            return queryset.exclude(banned_at=None)
        return queryset.filter(role=self.value()) if self.value() in SiteRole else queryset


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)


@admin.register(User)
class PersonAdmin(ModeratedAdmin):
    change_form_template = "admin/person.html"
    list_display = ("full_name", "email", "state", "created_at")
    list_filter = (StateFilter,)
    filter_parameters = frozenset({StateFilter.parameter_name})
    search_fields = ("full_name", "email")
    search_help_text = _("Part of the name or e-mail address.")
    ordering = ("sort_name", "pk")
    # Other apps add functions of a person: what they know of them.
    fields = (
        *("portrait", "full_name", "email", "email_confirmed_at", "state"),
        *("created_at", "last_seen_at", "hides", "deletion_at", "deletion_removes"),
        *("banned_at", "ban_reason"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        words = search_term.strip()
        return queryset.filter(person_matches(words)) if words else queryset, False

    @admin.display(description=_("picture"))
    def portrait(self, person: User) -> str:
        return format_html('<img class="portrait" src="{}" alt="">', picture_url(person))

    @admin.display(description=_("does not show to everybody"))
    def hides(self, person: User) -> str:
        privacy, names = decoded(person.privacy), dict(AUDIENCES)
        chosen = [
            f"{PrivacyForm.base_fields[kind].label}: {names[getattr(privacy, kind)]}"
            for kind in KINDS
            if getattr(privacy, kind) != "everybody"
        ]
        return ", ".join(chosen) or self.get_empty_value_display()

    @admin.display(description=_("state"))
    def state(self, person: User) -> str:
        if person.deleted_at:
            return gettext("Deleted")
        if person.is_banned:
            return gettext("Banned")
        return str(person.get_role_display()) or self.get_empty_value_display()

    def acts_for(self, request: HttpRequest, row: User) -> list[Act]:
        me = _me(request)
        if row.deleted_at:
            return []
        acts = [UNBAN if row.is_banned else BAN] if roles.may_act_on(me, row) else []
        if me.is_admin and acts:
            acts += [KEEP] if row.deletion_at else [DELETE, DELETE_ALL]
        acts += [act for act, role in ROLES.items() if roles.may_give(me, row, role)]
        return [*acts, HAND_OVER] if roles.may_hand_over(me, row) else acts

    def ban(self, by: User, person: User, reason: str) -> None:
        moderation.ban(user=person, reason=reason)

    def unban(self, by: User, person: User) -> None:
        moderation.unban(user=person)

    def delete_keeping(self, by: User, person: User) -> None:
        deletion.plan_deletion(user=person, removes_messages=False)

    def delete_all(self, by: User, person: User) -> None:
        deletion.plan_deletion(user=person, removes_messages=True)

    def keep(self, by: User, person: User) -> None:
        deletion.keep_account(user=person)

    def promote(self, by: User, person: User) -> None:
        roles.give_role(by=by, user=person, role=ROLES[PROMOTE])

    def make_admin(self, by: User, person: User) -> None:
        roles.give_role(by=by, user=person, role=ROLES[MAKE_ADMIN])

    def demote(self, by: User, person: User) -> None:
        roles.give_role(by=by, user=person, role=ROLES[DEMOTE])

    def hand_over(self, by: User, person: User) -> None:
        roles.hand_over(by=by, user=person)


@admin.register(Session)
class SessionAdmin(ModeratedAdmin):
    list_display = ("device", "person", "address", "last_seen_at", "state")
    list_select_related = ("user",)
    search_fields = ("address",)
    search_help_text = _(
        "A name, an e-mail address or the IP address of a device. Each search, and each session"
        " that you open, is recorded."
    )
    ordering = ("-last_seen_at", "-pk")
    fields = ("person", "device", "user_agent", "address", "created_at", "last_seen_at", "state")
    actions = ("revoke_selected",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        """Nothing until somebody is looked for: where people sign in is theirs."""
        words = one_line(search_term)
        if not words:
            return queryset.none(), False
        record_search(request, gettext("Searched for “%s”") % words, Session)
        try:
            return queryset.filter(Q(user__in=find_people(words)) | Q(address=words)), False
        except DomainError as error:
            messages.warning(request, error.message)
            return queryset.none(), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        session = context["original"]
        record(request, gettext("Opened"), Session, session.pk, self.describe(session))
        return super().render_change_form(request, context, *args, **kwargs)

    def describe(self, row: Session) -> str:
        return f"{row.user}, {device_of(row.user_agent).name}"

    @admin.display(description=_("person"))
    def person(self, session: Session) -> str:
        return person_link(session.user)

    @admin.display(description=_("device"))
    def device(self, session: Session) -> str:
        return device_of(session.user_agent).name

    @admin.display(description=_("state"))
    def state(self, session: Session) -> str:
        return gettext("Ended") if session.revoked_at else gettext("Signed in")

    def acts_for(self, request: HttpRequest, row: Session) -> list[Act]:
        """One's own, and those of people below."""
        me = _me(request)
        may = not row.revoked_at and (row.user_id == me.pk or roles.may_act_on(me, row.user))
        return [REVOKE] if may else []

    @admin.action(description=_("Sign out the selected sessions"))
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        self.carry_out_all(request, queryset, REVOKE.name)

    def revoke(self, by: User, session: Session) -> None:
        sessions.end_session(session=session)


@admin.register(SitePolicy)
class SitePolicyAdmin(ReadOnlyAdmin):
    """The only row. Each change is recorded."""

    for_admins = True
    fields = admission.POLICY

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if policy := SitePolicy.objects.first():
            return redirect("admin:accounts_sitepolicy_change", policy.pk)
        return redirect("rules")  # where looking at them decides nothing yet


@admin.register(Invitation)
class InvitationAdmin(ModeratedAdmin):
    """Not its code: that is its owner's to give."""

    for_admins = True
    list_display = ("created_at", "person", "email", "uses", "used", "expires_at")
    list_select_related = ("created_by",)
    ordering = ("-created_at", "-pk")
    fields = ("person", "email", "uses", "used", "created_at", "expires_at")

    @admin.display(description=_("invited by"))
    def person(self, invitation: Invitation) -> str:
        person = invitation.created_by
        return person_link(person) if person else self.get_empty_value_display()

    def acts_for(self, request: HttpRequest, row: Invitation) -> list[Act]:
        return [WITHDRAW] if row.expires_at > now() else []

    def withdraw(self, by: User, invitation: Invitation) -> None:
        admission.end(invitation)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What moderators did."""

    for_admins = True
    change_list_template = "admin/record.html"
    list_display = ("at", "person", "what", "name", "kind")
    search_fields = ("what",)
    search_help_text = _("A moderator, or part of what was done or to whom.")
    ordering = ("-number",)
    fields = ("number", "at", "person", "what", "kind", "name", "key", "previous", "hash")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="accounts_auditentry_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The whole of it, one JSON object a line."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record(request, gettext("Exported"), AuditEntry)
        return ExportedAuditLog(
            content_type="application/x-ndjson",
            headers={"Content-Disposition": 'attachment; filename="audit-log.jsonl"'},
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        words = search_term.strip()
        if is_key(words):
            return queryset.filter(Q(key=words) | Q(actor=words)), False
        if not words:
            return queryset, False
        found = Q(what__icontains=words) | Q(name__icontains=words) | Q(actor_name__icontains=words)
        return queryset.filter(found), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        return super().get_object(request, object_id) if object_id.isdecimal() else None

    @admin.display(description=_("moderator"))
    def person(self, entry: AuditEntry) -> str:
        address = reverse("admin:accounts_user_change", args=[entry.actor])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', address, entry.actor_name)

    @admin.display(description=_("kind"))
    def kind(self, entry: AuditEntry) -> str:
        try:
            return str(apps.get_model(entry.about)._meta.verbose_name)
        except (LookupError, ValueError):
            return entry.about


class ExportedAuditLog(StreamingHttpResponse):
    def __iter__(self) -> Iterator[bytes]:
        return audit.exported()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        number, lines = await in_thread(audit.lines_after)(0)
        while lines:
            yield lines
            number, lines = await in_thread(audit.lines_after)(number)


class JobStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", _("Given up")), ("retried", _("Tried again"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        if self.value() == "failed":
            return queryset.filter(run_at=None)
        if self.value() == "retried":
            return queryset.exclude(run_at=None).exclude(error="")
        return queryset


@admin.register(Job)
class JobAdmin(ModeratedAdmin):
    """What waits, what failed and why. What is in them is nobody's business."""

    for_admins = True
    list_display = ["__str__", "run_at", "state", "attempts", "error"]
    list_filter = [JobStateFilter]
    filter_parameters = frozenset({"state"})
    exclude = ("payload", "claim")
    readonly_fields = ("kind", "name", "state", "run_at", "attempts", "error", "created_at")
    ordering = [F("run_at").asc(nulls_first=True)]

    @admin.display(description=_("state"))
    def state(self, job: Job) -> str:
        if job.run_at is None:
            return gettext("Given up")
        return gettext("Tried again") if job.error else gettext("Waiting")

    def acts_for(self, request: HttpRequest, row: Job) -> list[Act]:
        kind = JOB_KINDS.get(row.kind)
        return [RUN_NOW] if kind and kind.every else [RUN_NOW, REMOVE]

    def run_now(self, by: User, job: Job) -> None:
        jobs.run_now(job)

    def remove(self, by: User, job: Job) -> None:
        jobs.cancel(job.name)
