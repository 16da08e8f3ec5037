"""Messages in the admin: none until an admin of the site looks for something, and each look is
recorded, as it is who looks at a group and its members.
"""

import base64
from collections.abc import Iterable
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import PersonAdmin, person_link
from accounts.models import User
from accounts.moderated_admin import Act, ModeratedAdmin, record, record_search
from accounts.record import picture_path
from accounts.services.roles import may_act_on
from chatsite.errors import DomainError
from chatsite.pictures import storage
from chatsite.text import isolated, one_line
from messaging.models import Export, Group, Import, Kind, Membership, Message
from messaging.models.conversation import GROUP as GROUP_KEYS
from messaging.queries import imports
from messaging.queries.attachments import attachments_of, used_by
from messaging.queries.exports import state_of
from messaging.queries.moderator_search import Search, find_groups, find_messages
from messaging.services import messages as service
from messaging.services.exports import remove_export
from messaging.services.imports import remove_import
from messaging.shapes.attachments import decoded_captions
from messaging.shapes.reactions import decoded_reactions
from messaging.shapes.saved import saved_name
from messaging.shapes.system_messages import decoded, deleted_account, period, text_of
from messaging.shapes.view_once import decoded_once, words_of_once

PERSON, GROUP = "person", "group"
REMOVE = Act("remove", _("Delete"), _("Deleted"), is_grave=True)
RESTORE = Act("restore", _("Restore"), _("Restored"))


class MessageList(ChangeList):
    """With two more search fields: the person and the group."""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        kept: dict[str, Any] = super().get_filters_params(params)
        for name in (PERSON, GROUP):
            kept.pop(name, None)
        return kept

    @property
    def person(self) -> str:
        return str(self.params.get(PERSON, ""))

    @property
    def group(self) -> str:
        return str(self.params.get(GROUP, ""))


@admin.display(description=_("attachments"))
def usage_of(person: User) -> str:
    return gettext("%(used)s of %(quota)s") % {
        "used": filesizeformat(used_by(person.pk)),
        "quota": filesizeformat(settings.ATTACHMENT_QUOTA),
    }


PersonAdmin.fields = (*PersonAdmin.fields, usage_of)  # type: ignore[assignment]  # a function


@admin.register(Message)
class MessageAdmin(ModeratedAdmin):
    for_admins = True
    list_display = ("created_at", "sender_name", "receiver_name", "has_picture", "state")
    list_filter = ("deleted",)
    filter_parameters = frozenset({"deleted__exact"})
    search_fields = ("text",)
    search_help_text = _("Each search, and each message that you open, is recorded.")
    ordering = ("-pk",)
    fields = (
        "sender_link",
        "receiver_link",
        "created_at",
        "expires_at",
        "state",
        "words",
        "edits_shown",
        "picture",
        "files_shown",
        "reactions_shown",
    )
    actions = ("remove_selected", "restore_selected")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MessageList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages = super().get_queryset(request)
        two = Membership.objects.filter(conversation__lt=GROUP_KEYS).prefetch_related("user")
        return messages.prefetch_related(Prefetch("conversation__memberships", two), "sender")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Recorded here, before anything is found, whatever view or method calls it."""
        named = [one_line(request.GET.get(name, "")) for name in (PERSON, GROUP)]
        search = Search(one_line(search_term), *named)
        if search:
            record_search(request, str(search), Message)
        try:
            return find_messages(queryset, search), False
        except DomainError as error:
            messages.warning(request, error.message)
            return queryset.none(), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        message = context["original"]
        record(request, gettext("Opened"), Message, message.pk, self.describe(message))
        return super().render_change_form(request, context, *args, **kwargs)

    def describe(self, row: Message) -> str:
        return gettext("%(sender)s to %(receiver)s, number %(seq)s") % {
            "sender": _sender(row) or deleted_account(),
            "receiver": _receiver_name(row),
            "seq": row.seq,
        }

    def acts_for(self, request: HttpRequest, row: Message) -> list[Act]:
        """To one's own, and what people below wrote, as everywhere."""
        me, sender = cast(User, request.user), _sender(row)
        if sender and sender != me and not may_act_on(me, sender):
            return []
        if not row.deleted:
            return [REMOVE]
        # Of one that was files alone nothing is left once they are gone.
        has_files = row.image or row.attachments or row.view_once
        return [RESTORE] if row.text or row.details or has_files else []

    def remove(self, by: User, message: Message) -> None:
        service.remove(message=message)

    def restore(self, by: User, message: Message) -> None:
        service.restore(message=message)

    @admin.action(description=_("Delete the selected messages"))
    def remove_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.carry_out_all(request, queryset, REMOVE.name)

    @admin.action(description=_("Restore the selected messages"))
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.carry_out_all(request, queryset, RESTORE.name)

    @admin.display(description=_("sender"))
    def sender_name(self, message: Message) -> str:
        return str(_sender(message) or deleted_account())

    @admin.display(description=_("receiver"))
    def receiver_name(self, message: Message) -> str:
        return _receiver_name(message)

    @admin.display(description=_("sender"))
    def sender_link(self, message: Message) -> str:
        return _person_link(_sender(message))

    @admin.display(description=_("receiver"))
    def receiver_link(self, message: Message) -> str:
        if message.conversation.kind == Kind.GROUP:
            address = reverse("admin:messaging_group_change", args=[message.conversation_id])
            return format_html('<a href="{}">{}</a>', address, _receiver_name(message))
        if message.conversation.kind == Kind.SAVED:
            return _receiver_name(message)
        return _person_link(_receiver(message))

    @admin.display(description=_("picture"))
    def has_picture(self, message: Message) -> str:
        return gettext("Picture") if message.image else self.get_empty_value_display()

    @admin.display(description=_("state"))
    def state(self, message: Message) -> str:
        return gettext("Deleted") if message.deleted else gettext("Sent")

    @admin.display(description=_("text"))
    def words(self, message: Message) -> str:
        details = decoded(message.details) if message.details else None
        words = text_of(details) if details else message.text
        if once := decoded_once(message.view_once or ""):
            words = words_of_once(once)
        return format_html('<div class="words" dir="auto">{}</div>', words)

    @admin.display(description=_("edited"))
    def edits_shown(self, message: Message) -> str:
        """What it said before each edit, the first one first."""
        edits = message.edits.order_by("pk")
        people = User.objects.in_bulk({edit.editor_id for edit in edits})
        rows = (
            (
                formats.localize(timezone.localtime(edit.edited_at)),
                _person_link(people.get(edit.editor_id)),
                "\n".join(filter(None, [edit.text, *decoded_captions(edit.captions).values()])),
            )
            for edit in edits
        )
        listed = format_html_join(
            "", '<li>{} · {}<div class="words" dir="auto">{}</div></li>', rows
        )
        if not listed:
            return self.get_empty_value_display()
        return format_html('<ul class="members">{}</ul>', listed)

    @admin.display(description=_("picture"))
    def picture(self, message: Message) -> str:
        """Inside of the page: an address of its own would be a way past the record."""
        if not message.image:
            return self.get_empty_value_display()
        try:
            data = storage.read(message.image, withdrawn=message.deleted)
        except storage.StorageError:
            return gettext("The picture is not available at the moment.")
        encoded = base64.b64encode(data).decode()
        return format_html('<img class="picture" src="data:image/webp;base64,{}" alt="">', encoded)

    @admin.display(description=_("attachments"))
    def files_shown(self, message: Message) -> str:
        """By name and size; also of a deleted message."""
        files = attachments_of([message.pk]).get(message.pk, ())
        rows = ((each.name, filesizeformat(each.size)) for each in files)
        listed = format_html_join("", "<li><bdi>{}</bdi> · {}</li>", rows)
        if not listed:
            return self.get_empty_value_display()
        return format_html('<ul class="members">{}</ul>', listed)

    @admin.display(description=_("reactions"))
    def reactions_shown(self, message: Message) -> str:
        """With the people who are named in its record; also of a deleted message."""
        reactions = decoded_reactions(message.reactions)
        if not reactions:
            return self.get_empty_value_display()
        people = User.objects.in_bulk({key for each in reactions for key in each.people})
        rows = (
            (each.emoji, each.count, _people_links([people.get(key) for key in each.people]))
            for each in reactions
        )
        listed = format_html_join("", "<li>{} {} {}</li>", rows)
        return format_html('<ul class="members">{}</ul>', listed)


@admin.register(Group)
class GroupAdmin(ModeratedAdmin):
    for_admins = True
    change_form_template = "admin/group.html"
    list_display = ("title", "member_count", "created_at")
    search_fields = ("title",)
    search_help_text = _("Part of the name. Each group that you open is recorded.")
    ordering = ("-pk",)
    fields = (
        "portrait",
        "title",
        "description",
        "posting",
        "shows_history",
        "slow_seconds",
        "lifetime",
        "created_at",
        "member_count",
        "people",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return find_groups(super().get_queryset(request), "")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Group], search_term: str
    ) -> tuple[QuerySet[Group], bool]:
        return find_groups(queryset, search_term), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        group = context["original"]
        record(request, gettext("Opened"), Group, group.pk, self.describe(group))
        return super().render_change_form(request, context, *args, **kwargs)

    def acts_for(self, request: HttpRequest, row: Group) -> list[Act]:
        return []

    @admin.display(description=_("picture"))
    def portrait(self, group: Group) -> str:
        path = picture_path(group.pk, group.title, group.picture)
        return format_html('<img class="portrait" src="{}" alt="">', path)

    @admin.display(description=_("messages disappear after"))
    def lifetime(self, group: Group) -> str:
        return period(group.disappear_after) if group.disappear_after else ""

    @admin.display(description=_("members"))
    def people(self, group: Group) -> str:
        """Who is in it now, then who was."""
        members = sorted(
            group.memberships.prefetch_related("user"),
            key=lambda member: (member.until_seq is not None, member.user.sort_name, member.pk),
        )
        rows = format_html_join(
            "", "<li>{} · {}</li>", ((person_link(each.user), _role(each)) for each in members)
        )
        return format_html('<ul class="members">{}</ul>', rows)


@admin.register(Export)
class ExportAdmin(ModeratedAdmin):
    """That somebody has one, and how large it is. What is in it is theirs."""

    for_admins = True
    list_display = ("person", "created_at", "state", "size")
    list_select_related = ("user",)
    ordering = ("-created_at", "-pk")
    fields = ("person", "created_at", "state", "done", "total", "size", "ready_at")

    @admin.display(description=_("person"))
    def person(self, export: Export) -> str:
        return person_link(export.user)

    @admin.display(description=_("state"))
    def state(self, export: Export) -> str:
        words = {"working": gettext("Being made"), "ready": gettext("Ready")}
        return words.get(state_of(export), gettext("Given up"))

    def acts_for(self, request: HttpRequest, row: Export) -> list[Act]:
        return [REMOVE]

    def remove(self, by: User, export: Export) -> None:
        remove_export(user=export.user)


@admin.register(Import)
class ImportAdmin(ModeratedAdmin):
    """That somebody imports, and why it failed. What came is theirs."""

    for_admins = True
    list_display = ("person", "created_at", "state", "error")
    list_select_related = ("user",)
    ordering = ("-created_at", "-pk")
    fields = ("person", "created_at", "state", "done", "total", "ended_at", "error")

    @admin.display(description=_("person"))
    def person(self, row: Import) -> str:
        return person_link(row.user)

    @admin.display(description=_("state"))
    def state(self, row: Import) -> str:
        words = {"working": gettext("Being read"), "ready": gettext("Ready")}
        return words.get(imports.state_of(row), gettext("Failed"))

    def acts_for(self, request: HttpRequest, row: Import) -> list[Act]:
        return [REMOVE]

    def remove(self, by: User, row: Import) -> None:
        remove_import(user=row.user)


def _role(member: Membership) -> str:
    if member.until_seq is not None:
        return gettext("has left")
    return str(member.get_role_display())


def _sender(message: Message) -> User | None:
    """None of somebody whose account was deleted."""
    return getattr(message, "sender", None)


def _receiver(message: Message) -> User | None:
    """Whoever else is in a direct chat."""
    members = message.conversation.memberships.all()
    others = (member.user for member in members if member.user_id != message.sender_id)
    return next(others, None)


def _receiver_name(message: Message) -> str:
    if message.conversation.kind == Kind.SAVED:
        return saved_name()
    if message.conversation.kind == Kind.GROUP:
        return isolated(message.conversation.title)
    return str(_receiver(message) or deleted_account())


def _person_link(person: User | None) -> str:
    return person_link(person) if person else deleted_account()


def _people_links(people: Iterable[User | None]) -> str:
    return format_html_join(", ", "{}", ((_person_link(person),) for person in people))
