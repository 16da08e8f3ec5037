"""Conversations, and who is in them up to which message."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField, new_key
from chatsite.operations import on_mongodb
from chatsite.text import isolated

GROUP = "f"  # what the primary keys of groups begin with
TITLE_LENGTH = 100
DESCRIPTION_LENGTH = 500
PINS = 5  # chats, at most, that somebody keeps on top of their list
PINNED_MESSAGES = 50  # in a conversation, at most
CLIENT_ID_LENGTH = 64


class Kind(models.TextChoices):
    DIRECT = "direct", _("direct chat")
    GROUP = "group", _("group")
    SAVED = "saved", _("saved messages")  # a chat with oneself
    IMPORTED = "imported", _("imported chat")  # its importer's alone, who has left it: read-only


class Posting(models.TextChoices):
    """Who may write in a group."""

    ALL = "all", _("everybody")
    ADMINS = "admins", _("only admins")


class Role(models.TextChoices):
    """Of a member of a group; in direct chats everybody is a member."""

    OWNER = "owner", _("owner")
    ADMIN = "admin", _("admin")
    MEMBER = "member", _("member")


MAX_SLOW_SECONDS = 3600  # seconds between two messages of a member of a group, at most
MIN_LIFETIME = 60  # seconds after which messages may disappear
MAX_LIFETIME = 365 * 24 * 3600

# A key shows by itself what it names: that of a group begins with f, and no other does, since keys
# begin with the time in seconds, which reaches f0000000 in 2097.
FIRST_GROUP = f"{GROUP}{'0' * 23}"
# In a group of more members, what the others have read is not published live.
LIVE_MARKS = 50


def new_group_key() -> str:
    """The primary key of a group."""
    return f"{GROUP}{new_key()[1:]}"


def is_group(key: str) -> bool:
    """Whether a `peer` is a group rather than a person. Saved messages count as a group here."""
    return key.startswith(GROUP)


def saved_key(user_id: str) -> str:
    """The primary key of somebody's saved messages. It is derived from their own key, so that they
    cannot have two such conversations, and finding it takes no query. Two characters are replaced,
    because the demo's group has the key of its owner with one replaced.
    """
    return f"{GROUP}f{user_id[2:]}"


def direct_key(one: str, other: str) -> str:
    """The same for both people, so that they can have but one conversation."""
    low, high = sorted((one, other))
    return f"{Kind.DIRECT}:{low}:{high}"


def conversation_key(user_id: str, peer: str) -> str:
    """Of the conversation in which `user_id` writes to `peer`, a person or a group."""
    return f"{Kind.GROUP}:{peer}" if is_group(peer) else direct_key(user_id, peer)


def peer_in(key: str, user_id: str) -> str:
    """Whom `user_id` writes to in the conversation of that key: the other person, or the group."""
    kind, *ends = key.split(":")
    if kind == Kind.GROUP:
        return ends[0]
    low, high = ends
    return high if user_id == low else low


class Conversation(models.Model):
    """Messages in the order of `seq`, which counts 1, 2, 3 … without gaps."""

    id = HexIdField(primary_key=True, db_column="_id")
    key = models.CharField(max_length=80, unique=True, editable=False)
    kind = models.CharField(
        _("kind"), max_length=10, choices=Kind, default=Kind.DIRECT, editable=False
    )
    # Of a group:
    title = models.CharField(_("name"), max_length=TITLE_LENGTH, blank=True)
    description = models.CharField(_("description"), max_length=DESCRIPTION_LENGTH, blank=True)
    picture = models.CharField(_("picture"), max_length=200, blank=True)
    posting = models.CharField(
        _("who may write"), max_length=10, choices=Posting, default=Posting.ALL
    )
    shows_history = models.BooleanField(_("new members see what was before"), default=False)
    # Between two messages of one member, unless they are an admin.
    slow_seconds = models.PositiveSmallIntegerField(_("slow mode"), default=0, db_default=0)
    # Seconds after which what is sent from now on disappears; 0: never.
    disappear_after = models.PositiveIntegerField(
        _("messages disappear after"), default=0, db_default=0, editable=False
    )
    # When the first of its messages expires, if one does.
    next_expiry = models.DateTimeField(null=True, editable=False)
    # The key of its creator, also once that account is gone, and the id that they chose for the
    # group: by both, a repeated request finds it.
    creator = models.CharField(max_length=24, blank=True, editable=False)
    client_group_id = models.CharField(max_length=CLIENT_ID_LENGTH, blank=True, editable=False)
    # Of those who are in it now: counted anew whenever somebody comes or goes.
    member_count = models.PositiveIntegerField(_("number of members"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    last_message = models.ForeignKey(
        "messaging.Message",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        editable=False,
        # It changes with every message: without an index PostgreSQL adds to no other index of the
        # table either, and SQLite writes a page less. Nothing may look for it then: whoever
        # deletes the last message empties this, and the database does not watch over it.
        db_index=False,
        db_constraint=False,
    )
    # Counts the changes of the conversation, its messages and its read marks, under the row's lock:
    # what `sync` goes by.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    # Not before the newest time in the conversation, whatever the workers' clocks say.
    changed_at = models.DateTimeField(_("changed"), default=now, editable=False)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "client_group_id"],
                condition=Q(client_group_id__gt=""),
                name="one_client_group_id",
            )
        ]
        indexes = [
            models.Index(fields=["key"], name="conversation_by_key"),
            *on_mongodb(
                models.Index(fields=["creator", "client_group_id"], name="group_by_client_id")
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def peer_id(self, user_id: str) -> str:
        """Whom `user_id` writes to in it."""
        return peer_in(self.key, user_id)


class Group(Conversation):
    """A conversation of kind GROUP, for the admin."""

    class Meta:
        proxy = True
        verbose_name = _("group")
        verbose_name_plural = _("groups")

    def __str__(self) -> str:
        return isolated(self.title)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, user_id: str) -> Self:
        return self.filter(user_id=user_id)


class Membership(models.Model):
    """A person in a conversation, also after they have left it.

    They see the messages after `since_seq`, up to `until_seq` if they have left, and those of their
    earlier stays (`visibility.Stays`). In a direct chat, who has blocked the other has left.
    Unread is what they see after `last_read_seq`, never
    less than `since_seq`.

    How they keep the chat in their list is theirs alone (`shapes.chat_settings`). Whether it is
    archived or marked as unread follows from marks, so that no send has to write it.
    """

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
    # What a device of theirs has acknowledged. What is read is delivered, without being written
    # here: the higher of both marks counts.
    last_delivered_seq = models.PositiveBigIntegerField(null=True, editable=False)
    # When either mark moved last; not by writing, which moves the read mark, too.
    delivered_at = models.DateTimeField(null=True, editable=False)
    read_at = models.DateTimeField(null=True, editable=False)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    since_seq = models.PositiveBigIntegerField(default=0, editable=False)
    until_seq = models.PositiveBigIntegerField(null=True, editable=False)
    # Who left and came back was there twice: JSON, `[[since, until], …]`.
    earlier_stays = models.TextField(blank=True, editable=False)
    # In a direct chat that a stranger began, until they accept it.
    is_request = models.BooleanField(default=False, db_default=False, editable=False)
    joined_at = models.DateTimeField(_("joined"), default=now, editable=False)
    # Counts the changes that concern this person alone, under the row's lock: `sync` adds it to the
    # conversation's own version.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    pinned_at = models.DateTimeField(null=True, editable=False)
    # 1 … PINS of a pinned chat, no two the same, which is what keeps them to PINS.
    pin_slot = models.PositiveSmallIntegerField(default=0, editable=False)
    archived_seq = models.PositiveBigIntegerField(null=True, editable=False)
    muted_until = models.DateTimeField(null=True, editable=False)
    marked_unread_seq = models.PositiveBigIntegerField(null=True, editable=False)
    # What they have begun to write: a `SavedDraft` as JSON; "" before the first.
    draft = models.TextField(blank=True, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="one_membership"),
            models.UniqueConstraint(
                fields=["user", "pin_slot"], condition=Q(pin_slot__gt=0), name="one_pin_slot"
            ),
        ]
        indexes = on_mongodb(
            models.Index(fields=["user", "conversation"], name="membership_of_user")
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
