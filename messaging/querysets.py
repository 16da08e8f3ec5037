"""Reads. What a person may see is decided here: every query starts from their memberships."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.text import is_storable
from messaging.models import Conversation, Membership, Message, direct_key

UNREAD_WINDOW = 1000  # how far an unread count looks; pages end at "99+"
CHUNK = 100  # conditions in one query


@dataclass(frozen=True, slots=True)
class Chat:
    """One row of a person's chat list."""

    peer: User
    last_message: Message | None = None
    unread_count: int = 0
    last_seq: int = 0
    last_read_seq: int = 0
    peer_read_seq: int = 0


def find_user(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if is_key(key) else None


@dataclass(frozen=True, slots=True)
class ContactsPage:
    users: list[User]
    cursor: str  # of the next page, "" at the end


def contacts_page(
    user: User, *, search: str = "", limit: int | None = None, cursor: str = ""
) -> ContactsPage:
    """Everyone but `user`, by name. Raises DomainError 400 for a cursor that is none."""
    contacts = User.objects.contacts_of(user, search.strip())
    if cursor:
        name, key = _decoded(cursor)
        contacts = contacts.filter(Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=key))
    users = list(contacts if limit is None else contacts[: limit + 1])
    if limit is None or len(users) <= limit:
        return ContactsPage(users, "")
    return ContactsPage(users[:limit], _encoded(users[limit - 1]))


def _encoded(last: User) -> str:
    return base64.urlsafe_b64encode(f"{last.pk}{last.sort_name}".encode()).decode()


def _decoded(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    key, name = text[:24], text[24:]
    if not is_key(key) or not is_storable(name):
        message = _("This cursor is not one of ours.")
        raise DomainError(message, code="cursor", errors={"cursor": [message]})
    return name, key


def find_conversation(user_id: str, peer_id: str) -> Conversation | None:
    return Conversation.objects.filter(key=direct_key(user_id, peer_id)).first()


def visible_to(user: User) -> QuerySet[Message]:
    """Messages of the conversations that `user` is in, deleted ones included."""
    return Message.objects.filter(conversation__memberships__user=user)


def find_message(user: User, message_id: str) -> Message | None:
    if not is_key(message_id):
        return None
    return visible_to(user).select_related("conversation").filter(pk=message_id).first()


def history(
    user: User, peer: User, *, before: int | None, limit: int, include_deleted: bool = False
) -> list[Message]:
    """The newest `limit` messages between the two before seq `before`, oldest first."""
    conversation = find_conversation(user.pk, peer.pk)
    if conversation is None:
        return []
    messages = Message.objects.filter(conversation=conversation)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    if not include_deleted:
        messages = messages.filter(deleted=False)
    page = list(messages.order_by("-seq")[:limit])
    for message in page:
        message.conversation = conversation
    return page[::-1]


def chats_of(user: User, *, changed_since: datetime | None = None) -> list[Chat]:
    """Whom `user` has messages with, the latest activity first."""
    mine = Membership.objects.of(user.pk).filter(conversation__last_seq__gt=0)
    if changed_since is not None:
        mine = mine.filter(conversation__changed_at__gte=changed_since)
    memberships = sorted(  # here, because not every MongoDB server orders by a joined field
        mine.select_related("conversation").prefetch_related(
            "conversation__last_message", "conversation__memberships__user"
        ),
        key=lambda membership: membership.conversation.last_message_id or "",
        reverse=True,
    )
    unread = _unread_counts(memberships)
    return [
        _chat(membership, unread.get(membership.conversation_id, 0)) for membership in memberships
    ]


def read_marks(user: User, peer: User) -> tuple[int, int]:
    """How far the two have read: `user`, then `peer`."""
    # Not in one query: MongoDB would begin at everybody's memberships.
    conversation = find_conversation(user.pk, peer.pk)
    memberships = Membership.objects.filter(conversation=conversation)
    marks = dict(memberships.values_list("user_id", "last_read_seq") if conversation else ())
    return marks.get(user.pk, 0), marks.get(peer.pk, 0)


def _chat(mine: Membership, unread_count: int) -> Chat:
    conversation = mine.conversation
    theirs = next(m for m in conversation.memberships.all() if m.user_id != mine.user_id)
    last_message = conversation.last_message
    if last_message is not None:
        last_message.conversation = conversation
    return Chat(
        peer=theirs.user,
        last_message=last_message,
        unread_count=unread_count,
        last_seq=conversation.last_seq,
        last_read_seq=mine.last_read_seq,
        peer_read_seq=theirs.last_read_seq,
    )


def _unread_counts(memberships: Iterable[Membership]) -> dict[str, int]:
    """By conversation.

    The marks tell where anything is new; only there is counted, and not without bound.
    """
    unread = [m for m in memberships if m.last_read_seq < m.conversation.last_seq]
    counts: dict[str, int] = {}
    for start in range(0, len(unread), CHUNK):
        after_marks = Q()
        for membership in unread[start : start + CHUNK]:
            mark = max(membership.last_read_seq, membership.conversation.last_seq - UNREAD_WINDOW)
            after_marks |= Q(conversation=membership.conversation_id, seq__gt=mark)
        rows = Message.objects.filter(after_marks, deleted=False).values_list("conversation")
        counts.update(rows.annotate(Count("pk")))
    return counts
