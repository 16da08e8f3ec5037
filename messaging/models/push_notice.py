"""What browsers show of conversations in notifications."""

from django.conf import settings
from django.db import models

from accounts.models import PushSubscription
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.conversation import Conversation


class PushNotice(models.Model):
    """A browser was notified of the messages of a conversation up to `seq`, and not yet that they
    have been read.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    subscription = models.ForeignKey(
        PushSubscription, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "conversation"], name="one_push_notice")
        ]
        indexes = [
            models.Index(fields=["user", "conversation"], name="push_notices_of_person"),
            *on_mongodb(
                models.Index(fields=["subscription", "conversation"], name="push_notice_of_device")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} up to {self.seq}"
