"""Messages that are not sent yet."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField

ERROR_LENGTH = 300


class ScheduledMessage(models.Model):
    """Gone once it is sent, but for one that was sent late: its writer is to learn of that."""

    id = HexIdField(primary_key=True, db_column="_id")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scheduled_messages"
    )
    peer = models.CharField(max_length=24)  # whom it goes to, as the wire names it
    text = models.TextField(blank=True)
    view_once = models.BooleanField(default=False)  # its files
    reply_to = models.CharField(max_length=24, blank=True)
    mentions = models.TextField(blank=True)  # keys of people, as JSON
    send_at = models.DateTimeField(null=True)  # None: when the peer comes online
    error = models.CharField(max_length=ERROR_LENGTH, blank=True)  # why it was refused at that time
    message = models.CharField(max_length=24, blank=True)  # as which it was sent, late
    version = models.PositiveIntegerField(default=0)  # counts its changes
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("scheduled message")
        verbose_name_plural = _("scheduled messages")
        # Few rows have no time, and every worker asks for all of these.
        indexes = [models.Index(fields=["send_at"], name="scheduled_by_time")]

    def __str__(self) -> str:
        return f"{self.sender_id} to {self.peer}"
