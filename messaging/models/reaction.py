"""Reactions to messages. These rows are the truth; `Message.reactions` sums them up."""

from django.conf import settings
from django.db import models

from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.message import Message

EMOJI_LENGTH = 16  # code points: the longest emoji has 10


class Reaction(models.Model):
    """The primary keys order the reactions of a message by time."""

    id = HexIdField(primary_key=True, db_column="_id")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="reaction_rows", db_index=False
    )
    # It stays when the account is deleted, as messages in groups do: counts do not change then.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    emoji = models.CharField(max_length=EMOJI_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="one_reaction")
        ]
        indexes = [
            models.Index(fields=["message", "id"], name="reaction_by_message"),
            *on_mongodb(models.Index(fields=["message", "user"], name="reaction_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user_id}"
