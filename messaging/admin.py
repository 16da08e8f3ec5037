"""Messages in the admin: none until a moderator looks for something, and each look is recorded."""

import base64
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import person_link
from accounts.models import User
from chatsite.errors import DomainError
from chatsite.moderation import Act, ModeratedAdmin, record
from chatsite.pictures import storage
from chatsite.text import one_line
from messaging.lookup import Search, find_messages
from messaging.models import Message
from messaging.services import messages as service

PERSON = "person"
REMOVE = Act("remove", _("Delete"), _("Deleted"), is_grave=True)
RESTORE = Act("restore", _("Restore"), _("Restored"))


class MessageList(ChangeList):
    """Knows a second search field: the person."""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        kept: dict[str, Any] = super().get_filters_params(params)
        kept.pop(PERSON, None)
        return kept

    @property
    def person(self) -> str:
        return str(self.params.get(PERSON, ""))


@admin.register(Message)
class MessageAdmin(ModeratedAdmin):
    list_display = ("created_at", "sender_name", "receiver_name", "has_picture", "state")
    list_filter = ("deleted",)
    filter_parameters = frozenset({"deleted__exact"})
    search_fields = ("text",)
    search_help_text = _("Each search, and each message that you open, is recorded.")
    ordering = ("-pk",)
    fields = ("sender_link", "receiver_link", "created_at", "state", "words", "picture")
    actions = ("remove_selected", "restore_selected")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MessageList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages = super().get_queryset(request)
        return messages.prefetch_related("conversation__memberships__user", "sender")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Recorded here, before anything is found, whatever view or method asks."""
        search = Search(one_line(search_term), one_line(request.GET.get(PERSON, "")))
        _record_once(request, search)
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
            "sender": row.sender,
            "receiver": _receiver(row),
            "seq": row.seq,
        }

    def acts_for(self, request: HttpRequest, row: Message) -> list[Act]:
        return [RESTORE if row.deleted else REMOVE]

    def remove(self, message: Message) -> None:
        service.remove(message=message)

    def restore(self, message: Message) -> None:
        service.restore(message=message)

    @admin.action(description=_("Delete the selected messages"))
    def remove_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.carry_out_all(request, queryset, REMOVE.name)

    @admin.action(description=_("Restore the selected messages"))
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.carry_out_all(request, queryset, RESTORE.name)

    @admin.display(description=_("sender"))
    def sender_name(self, message: Message) -> str:
        return str(message.sender)

    @admin.display(description=_("receiver"))
    def receiver_name(self, message: Message) -> str:
        return str(_receiver(message))

    @admin.display(description=_("sender"))
    def sender_link(self, message: Message) -> str:
        return person_link(message.sender)

    @admin.display(description=_("receiver"))
    def receiver_link(self, message: Message) -> str:
        return person_link(_receiver(message))

    @admin.display(description=_("picture"))
    def has_picture(self, message: Message) -> str:
        return gettext("Picture") if message.image else self.get_empty_value_display()

    @admin.display(description=_("state"))
    def state(self, message: Message) -> str:
        return gettext("Deleted") if message.deleted else gettext("Sent")

    @admin.display(description=_("text"))
    def words(self, message: Message) -> str:
        return format_html('<div class="words" dir="auto">{}</div>', message.text)

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


def _receiver(message: Message) -> User:
    """Whoever else is in the conversation."""
    members = message.conversation.memberships.all()
    return next(member.user for member in members if member.user_id != message.sender_id)


def _record_once(request: HttpRequest, search: Search) -> None:
    """A list that carries out an action searches twice for one request."""
    if search and getattr(request, "recorded_search", None) != search:
        record(request, str(search), Message)
        request.recorded_search = search  # type: ignore[attr-defined]
