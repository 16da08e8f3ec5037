"""Conversations: made by the first message, moved on by each, read up to a mark."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.caller import Caller
from accounts.models import User
from chatsite.db import now, repeatable
from chatsite.errors import NotFound
from chatsite.fastpath.statements import Get, Update
from chatsite.locks import locking
from messaging import audience, events
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.payloads import read_payload
from messaging.querysets import find_conversation, is_person

_LOCKED = Get(lambda key: Conversation.objects.select_for_update().filter(key=key))
MOVE_ON = Update(
    lambda key, seq, version, message, moment: (
        Conversation.objects.filter(pk=key),
        {"last_seq": seq, "version": version, "last_message": message, "changed_at": moment},
    )
)
MARK_NEXT = Update(
    lambda conversation, reader, before, seq: (
        mark_of(conversation, reader).filter(last_read_seq=before),
        {"last_read_seq": seq},
    )
)


def mark_of(conversation_id: str, reader_id: str) -> QuerySet[Membership]:
    return Membership.objects.filter(conversation_id=conversation_id, user_id=reader_id)


def locked_conversation(conversation_id: str) -> Conversation:
    """Its row locked until the commit."""
    return Conversation.objects.select_for_update().get(pk=conversation_id)


def conversation_for_update(user_id: str, peer_id: str) -> Conversation:
    """The one conversation of the two, made if need be, its row locked until the commit."""
    key = direct_key(user_id, peer_id)
    conversation: Conversation = _LOCKED.one(key=key) or _made(key)
    if not conversation.last_seq:
        _add_members(conversation)
    return conversation


def _made(key: str) -> Conversation:
    return Conversation.objects.select_for_update().get_or_create(key=key)[0]


def _add_members(conversation: Conversation) -> None:
    """Whoever lacks: without transactions, a crash may have left a conversation without them."""
    present = conversation.memberships.values_list("user_id", flat=True)
    Membership.objects.bulk_create(
        Membership(conversation=conversation, user_id=member_id)
        for member_id in sorted(set(conversation.member_ids) - set(present))
    )


def advance(conversation: Conversation, message: Message) -> None:
    """Makes `message` the last one; who writes has read what is there, and the others are told."""
    conversation.last_seq = message.seq
    conversation.version = message.version
    conversation.last_message_id = message.pk
    conversation.changed_at = max(conversation.changed_at, message.created_at)
    MOVE_ON.run(
        key=conversation.pk,
        seq=message.seq,
        version=message.version,
        message=message.pk,
        moment=conversation.changed_at,
    )
    mark = {"conversation": conversation.pk, "reader": message.sender_id, "seq": message.seq}
    if not MARK_NEXT.run(**mark, before=message.seq - 1):
        mark_of(conversation.pk, message.sender_id).update(last_read_seq=message.seq)
        publish_read(conversation, message.sender_id, message.seq)


def catch_up(user_id: str, peer_id: str) -> None:
    """Without transactions a crash may leave a message that its conversation knows not of."""
    conversation = find_conversation(user_id, peer_id)
    last = conversation and conversation.messages.order_by("-seq").first()
    if conversation and last and last.seq > conversation.last_seq:
        last.version = conversation.version + 1
        Message.objects.filter(pk=last.pk).update(version=last.version)
        advance(conversation, last)


def mark_changed(conversation: Conversation, moment: datetime) -> None:
    """Of one whose row is locked. Its time never goes back, as clocks do."""
    conversation.version += 1
    conversation.changed_at = max(conversation.changed_at, moment)
    Conversation.objects.filter(pk=conversation.pk).update(
        version=conversation.version, changed_at=conversation.changed_at
    )


def mark_read(*, user: User | Caller, peer: str, seq: int) -> int:
    """Moves the mark of `user` up to `seq`, at most to the last message and never back; returns the
    mark.

    Raises DomainError 404 for an unknown peer.
    """
    if not is_person(peer):
        raise NotFound(_("No such person."))
    conversation = find_conversation(user.pk, peer)
    if conversation is None:
        return 0
    mark = min(seq, conversation.last_seq)
    mine = mark_of(conversation.pk, user.pk)
    if not _raise_mark(conversation, mine.filter(last_read_seq__lt=mark), mark):
        return mine.get().last_read_seq
    publish_read(conversation, user.pk, mark)
    return mark


def publish_read(conversation: Conversation, reader_id: str, seq: int) -> None:
    payload = read_payload(reader_id, conversation.peer_id(reader_id), seq)
    events.publish(events.MESSAGES_READ, payload, to=audience.of(conversation))


@repeatable
def _raise_mark(conversation: Conversation, lower: QuerySet[Membership], mark: int) -> bool:
    with locking(conversation.key):
        # The conversation first, as a send takes them: else the two wait for each other.
        locked = locked_conversation(conversation.pk)
        moved = lower.update(last_read_seq=mark)
        if moved:
            mark_changed(locked, now())
    return bool(moved)
