"""The index of what messages say."""

from django.db import models

from chatsite.keys import HexIdField
from messaging.models.conversation import Conversation

BLOCK = 24  # messages


class SearchBlock(models.Model):
    """What BLOCK messages in a row say, folded (shapes/search_text.py), so that the texts of
    somebody's conversations lie together and are read at once. Block 0 has the messages from seq 1
    to BLOCK. The last messages of a conversation have none until they fill one.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveBigIntegerField()
    # When the first and the last of the messages were sent.
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        # Not unique: for a moment there is the old one beside the new one.
        indexes = [models.Index(fields=["conversation", "number"], name="search_block_of")]

    def __str__(self) -> str:
        return f"{self.conversation_id} #{self.number}"


class SearchBuild(models.Model):
    """How far the index of a database has come that is older than the index; no row once it is
    complete.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    after = models.CharField(max_length=24, blank=True)  # the key of the last conversation done

    def __str__(self) -> str:
        return self.after
