"""The text of a message before an edit. Kept for moderators: no response has it, and of exports
that of who wrote it alone.
"""

from django.conf import settings
from django.db import models

from chatsite.keys import HexIdField
from messaging.models.message import Message


class MessageEdit(models.Model):
    """The primary keys order the edits of a message by time."""

    id = HexIdField(primary_key=True, db_column="_id")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="edits")
    # It stays when the account is deleted, as messages in groups do.
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    text = models.TextField(blank=True)  # before this edit
    # The captions that it changed, as they were: JSON, by the keys of the files.
    captions = models.TextField(blank=True, default="", db_default="")
    edited_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.message_id} at {self.edited_at}"
