"""Files of messages. These rows are the truth; `Message.attachments` sums them up."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chatsite.db import now
from chatsite.keys import HexIdField
from messaging.models.conversation import Conversation
from messaging.models.message import Message
from messaging.models.scheduled import ScheduledMessage

NAME_LENGTH = 255
WAVEFORM_LENGTH = 64
CAPTION_LENGTH = 1000


class AttachmentState(models.TextChoices):
    UPLOADING = "uploading", _("being uploaded")
    READY = "ready", _("not sent")
    SENT = "sent", _("sent")


class AttachmentKind(models.TextChoices):
    PICTURE = "picture", _("picture")
    VIDEO = "video", _("video")
    AUDIO = "audio", _("audio")
    FILE = "file", _("file")


class Attachment(models.Model):
    """One file at one message, or before it is sent. Copies of a message have rows of their own,
    which name the same stored file.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    # It stays when the account is deleted, as messages in groups do.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=pgettext_lazy("of a file", "owner"),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=AttachmentState, default=AttachmentState.UPLOADING
    )
    # Once it is sent:
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="attachment_rows", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # Before that, of a message that is sent later: nobody else has it, and it does not expire.
    scheduled = models.ForeignKey(
        ScheduledMessage, null=True, on_delete=models.CASCADE, related_name="files"
    )
    position = models.PositiveSmallIntegerField(default=0)  # among those of the message
    # Of a forwarded message: counts for nobody, as long as the original is there.
    is_copy = models.BooleanField(default=False)
    stored = models.CharField(max_length=40)  # by what name the store has it
    thumbnail = models.CharField(max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    # What its sender says of it, once it is sent.
    caption = models.CharField(_("caption"), max_length=CAPTION_LENGTH, blank=True)
    kind = models.CharField(
        _("kind"), max_length=10, choices=AttachmentKind, default=AttachmentKind.FILE
    )
    # While it is uploaded, as its sender says; then by its content.
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size"))  # bytes; while it is uploaded, as announced
    # Of a video those of its poster, which is its `thumbnail`.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration = models.PositiveIntegerField(null=True)  # milliseconds, as its sender says
    # Of a voice message, and what makes a sound one: how loud it is from its beginning to its end,
    # each level a digit from 0 to v (31).
    waveform = models.CharField(max_length=WAVEFORM_LENGTH, blank=True)
    created_at = models.DateTimeField(_("uploaded"), default=now)
    updated_at = models.DateTimeField(default=now)  # when something of it arrived last

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            # Of which a sum is read without the rows.
            models.Index(fields=["owner", "is_copy", "size"], name="attachment_room"),
            models.Index(fields=["message"], name="attachment_of_message"),
            models.Index(fields=["conversation", "kind", "message"], name="attachments_in"),
            models.Index(fields=["state", "updated_at"], name="attachment_by_state"),
        ]

    def __str__(self) -> str:
        return self.name
