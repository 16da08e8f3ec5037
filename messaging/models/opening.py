"""Who has opened which message that is seen once."""

from django.conf import settings
from django.db import models

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.conversation import CLIENT_ID_LENGTH
from messaging.models.message import Message


class Opening(models.Model):
    """By somebody of what another person sent: the only time. Whoever knows `client_id`, which they
    chose, may load the files until `until`.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="openings", db_index=False
    )
    # It stays when the account is deleted, as reactions do.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    client_id = models.CharField(max_length=CLIENT_ID_LENGTH)
    at = models.DateTimeField(default=now)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_opening")]
        indexes = [
            *on_mongodb(models.Index(fields=["message", "user"], name="opening_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.message_id}"
