"""Conversations, and who is in them up to which message."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField

DIRECT = "direct"


def direct_key(one: str, other: str) -> str:
    """The same for both people, so that they can have but one conversation."""
    low, high = sorted((one, other))
    return f"{DIRECT}:{low}:{high}"


def peer_in(key: str, user_id: str) -> str:
    """Whom `user_id` writes to in the direct conversation of that key."""
    _kind, low, high = key.split(":")
    return high if user_id == low else low


class Conversation(models.Model):
    """Messages in the order of `seq`, which counts 1, 2, 3 … without gaps."""

    id = HexIdField(primary_key=True, db_column="_id")
    key = models.CharField(max_length=80, unique=True, editable=False)
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    last_message = models.ForeignKey(
        "messaging.Message", null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    # Counts the changes of the conversation, its messages and its read marks, under the row's lock:
    # what `sync` goes by.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    # Not before the newest time in the conversation, whatever the workers' clocks say.
    changed_at = models.DateTimeField(_("changed"), default=now, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [models.Index(fields=["key"], name="conversation_by_key")]

    def __str__(self) -> str:
        return self.key

    def peer_id(self, user_id: str) -> str:
        """Whom `user_id` writes to in a direct conversation."""
        return peer_in(self.key, user_id)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, user_id: str) -> Self:
        return self.filter(user_id=user_id)


class Membership(models.Model):
    """A person in a conversation. Unread is what lies after `last_read_seq`."""

    id = HexIdField(primary_key=True, db_column="_id")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,
    )
    last_read_seq = models.PositiveBigIntegerField(default=0, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="one_membership")
        ]
        indexes = [  # on MongoDB only: migration 0003
            models.Index(fields=["user", "conversation"], name="membership_of_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
