"""Messages. A deleted one stays for the audit; its content leaves every response."""

from functools import cache
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.conversation import CLIENT_ID_LENGTH, Conversation


class MessageKind(models.TextChoices):
    TEXT = "text", _("message")
    SYSTEM = "system", _("system message")  # about a change in a group


class Message(models.Model):
    id = HexIdField(primary_key=True, db_column="_id")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    # In a group it may be the key of an account that was deleted; what it wrote elsewhere goes with
    # it (`services/deletions.py`).
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="messages",
        db_index=False,
        db_constraint=False,
        verbose_name=_("sender"),
    )
    seq = models.PositiveBigIntegerField(_("number"), editable=False)
    # The conversation's version that the last change of this message made.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    kind = models.CharField(
        _("kind"), max_length=10, choices=MessageKind, default=MessageKind.TEXT, editable=False
    )
    text = models.TextField(_("text"), blank=True)
    # Of a system message: its content, as JSON (messaging/shapes/system_messages.py).
    details = models.TextField(blank=True, editable=False)
    # The key of the message of the same conversation that this one replies to, or "".
    reply_to = models.CharField(max_length=24, blank=True, editable=False)
    # The keys of the people of the group that the text names, as JSON; nullable for the same reason
    # as the next one.
    mentions = models.TextField(null=True, editable=False)  # noqa: DJ001
    # Of a copy of another message. Nullable, so that the column costs no rewrite of the table.
    forwarded = models.BooleanField(null=True, editable=False)
    # Of a text with a web address: true, else null, for the same reason.
    has_link = models.BooleanField(null=True, editable=False)
    # What the page of the first one says, as JSON (messaging/shapes/link_previews.py); "" once the
    # sender has removed it. Null otherwise, for the same reason.
    preview = models.TextField(null=True, editable=False)  # noqa: DJ001
    # Of a picture, also an attached one, of a voice message, and of another file.
    has_picture = models.BooleanField(null=True, editable=False)
    has_voice = models.BooleanField(null=True, editable=False)
    has_file = models.BooleanField(null=True, editable=False)
    image = models.CharField(_("picture"), max_length=200, blank=True)
    thumbnail = models.CharField(max_length=200, blank=True)
    image_width = models.PositiveIntegerField(null=True)
    image_height = models.PositiveIntegerField(null=True)
    # Sums up its `Attachment` rows, as JSON (messaging/shapes/attachments.py); nullable, too.
    attachments = models.TextField(null=True, editable=False)  # noqa: DJ001
    # In place of that, where each receiver is to see them once, as JSON
    # (messaging/shapes/view_once.py): so nothing else shows them. Nullable, too.
    view_once = models.TextField(null=True, editable=False)  # noqa: DJ001
    # When its text was last changed; what it said before is in `MessageEdit`.
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    deleted = models.BooleanField(_("deleted"), default=False)
    # Sums up its `Reaction` rows, as JSON (messaging/shapes/reactions.py); "" without any.
    reactions = models.TextField(blank=True, editable=False)
    # Pinned in its conversation: since when, and by whom. Null: a table of millions of rows takes
    # such columns at once.
    pinned_at = models.DateTimeField(null=True, editable=False)
    pinned_by = models.CharField(max_length=24, null=True, editable=False)  # noqa: DJ001
    # When it disappears, as the setting was when it was sent. From then on nobody sees it; what it
    # said is removed soon after. True until that is done, else null, for the same reason.
    expires_at = models.DateTimeField(_("disappears"), null=True, editable=False)
    is_expiring = models.BooleanField(null=True, editable=False)
    # Kept for good: it is what makes sending again safe.
    client_message_id = models.CharField(max_length=CLIENT_ID_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(_("sent"), default=now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=now, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_seq"),
            models.UniqueConstraint(
                fields=["sender", "client_message_id"],
                condition=Q(client_message_id__gt=""),
                name="one_client_message_id",
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "version"], name="message_by_version"),
            models.Index(
                fields=["conversation", "seq"], condition=Q(deleted=True), name="deleted_messages"
            ),
            # Copies share a picture; few messages have one.
            models.Index(fields=["image"], condition=Q(image__gt=""), name="message_by_image"),
            models.Index(
                fields=["conversation", "seq"],
                condition=Q(mentions__gt=""),
                name="mentioning_messages",
            ),
            models.Index(
                fields=["conversation", "pinned_at"],
                condition=Q(pinned_by__gt=""),
                name="pinned_messages",
            ),
            models.Index(
                fields=["conversation", "seq"],
                condition=Q(has_picture=True),
                name="shared_pictures",
            ),
            models.Index(
                fields=["conversation", "seq"], condition=Q(has_voice=True), name="shared_voice"
            ),
            models.Index(
                fields=["conversation", "seq"], condition=Q(has_file=True), name="shared_files"
            ),
            models.Index(
                fields=["conversation", "seq"], condition=Q(has_link=True), name="shared_links"
            ),
            models.Index(
                fields=["conversation", "expires_at"],
                condition=Q(is_expiring=True),
                name="expiring_messages",
            ),
            *on_mongodb(
                models.Index(fields=["sender", "client_message_id"], name="message_by_client_id"),
                models.Index(fields=["conversation", "seq"], name="message_by_seq"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} #{self.seq}"

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """One that has expired reads as deleted, at once."""
        message = super().from_db(*args, **kwargs)
        expires_at = message.__dict__.get("expires_at")
        if expires_at and expires_at <= now():
            message.deleted = True
        return message

    @property
    def receiver_id(self) -> str:
        """Reads `conversation`."""
        return self.conversation.peer_id(self.sender_id)


@cache
def blank_row() -> dict[str, Any]:
    """A message that says nothing, by column."""
    fields = {field.attname: field.get_default() for field in Message._meta.concrete_fields}
    return {**fields, "kind": MessageKind.TEXT.value}
