"""Reads. What a person may see is decided here: every query starts from their memberships."""

import base64
import binascii
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.caller import Caller
from accounts.models import User
from chatsite.errors import DomainError
from chatsite.fastpath.statements import Get, Select
from chatsite.keys import is_key
from chatsite.text import is_storable
from messaging.models import Conversation, Membership, Message, direct_key


def find_user(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if is_key(key) else None


_PERSON = Select(lambda key: User.objects.filter(pk=key).values_list("pk"))


def is_person(key: str) -> bool:
    return is_key(key) and _PERSON.first(key=key) is not None


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
        message = _("This cursor is not valid.")
        raise DomainError(message, code="cursor", errors={"cursor": [message]})
    return name, key


_CONVERSATION = Get(lambda key: Conversation.objects.filter(key=key))


def find_conversation(user_id: str, peer_id: str) -> Conversation | None:
    conversation: Conversation | None = _CONVERSATION.one(key=direct_key(user_id, peer_id))
    return conversation


def visible_to(user: User | Caller) -> QuerySet[Message]:
    """Messages of the conversations that `user` is in, deleted ones included."""
    return Message.objects.filter(conversation__memberships__user_id=user.pk)


def find_message(user: User | Caller, message_id: str) -> Message | None:
    if not is_key(message_id):
        return None
    return visible_to(user).select_related("conversation").filter(pk=message_id).first()


def history(
    user: User | Caller,
    peer: User,
    *,
    before: int | None,
    limit: int,
    include_deleted: bool = False,
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


def first_unread(user: User, peer: User, *, read_seq: int) -> int | None:
    """The seq of the first message from `peer` after that, unless none is left."""
    conversation = find_conversation(user.pk, peer.pk)
    unread = Message.objects.filter(
        conversation=conversation, seq__gt=read_seq, sender=peer, deleted=False
    )
    seqs: QuerySet[Message, int] = unread.order_by("seq").values_list("seq", flat=True)
    return seqs.first() if conversation else None


def read_marks(user: User, peer: User) -> tuple[int, int]:
    """How far the two have read: `user`, then `peer`."""
    # Not in one query: MongoDB would begin at everybody's memberships.
    conversation = find_conversation(user.pk, peer.pk)
    memberships = Membership.objects.filter(conversation=conversation)
    marks = dict(memberships.values_list("user_id", "last_read_seq") if conversation else ())
    return marks.get(user.pk, 0), marks.get(peer.pk, 0)
