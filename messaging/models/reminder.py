"""Whom to remind of which message."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.message import Message


class Reminder(models.Model):
    """Stays once it is due, until its person has done with it."""

    id = HexIdField(primary_key=True, db_column="_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    remind_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)  # when it was due, and its person notified
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [models.UniqueConstraint(fields=["user", "message"], name="one_reminder")]
        indexes = [
            *on_mongodb(models.Index(fields=["user", "message"], name="reminder_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.message_id}"
