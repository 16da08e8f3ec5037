"""Who has listened to which voice message."""

from django.conf import settings
from django.db import models

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.message import Message


class Listening(models.Model):
    """Of somebody to what another person said: the first time."""

    id = HexIdField(primary_key=True, db_column="_id")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="listenings", db_index=False
    )
    # It stays when the account is deleted, as reactions do.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_listening")]
        indexes = [
            *on_mongodb(models.Index(fields=["message", "user"], name="listening_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.message_id}"
