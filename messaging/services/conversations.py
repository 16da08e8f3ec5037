"""Conversations: locked while they change, moved on by messages, read up to a mark."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.caller import Caller
from accounts.models import User
from chatsite.db import now, repeatable
from chatsite.errors import NotFound
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import Insert, SelectAmong, Update, run_at_once
from chatsite.keys import new_key
from chatsite.locks import is_held, locking
from messaging import audience, events
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.payloads import read_payload
from messaging.querysets import find_conversation, is_person, people_among
from messaging.services.drafts import Draft


def _rows(conversations: QuerySet[Conversation]) -> Callable[[Any], QuerySet[Conversation, Any]]:
    return lambda keys: (
        conversations.filter(key__in=keys)
        .order_by("key")
        .values_list("key", "pk", "last_seq", "version", "changed_at", "last_message_id")
    )


_LOCKED = SelectAmong(_rows(Conversation.objects.select_for_update()))
_LOCKED_IF_FREE = SelectAmong(_rows(Conversation.objects.select_for_update(skip_locked=True)))
_THERE = SelectAmong(_rows(Conversation.objects.all()))
_MARKS = SelectAmong(
    lambda conversations: Membership.objects.filter(conversation__pk__in=conversations).values_list(
        "conversation_id", "user_id", "last_read_seq"
    )
)
_CHANGE = Update(
    lambda key, seq, version, message, moment: (
        Conversation.objects.filter(pk=key),
        {"last_seq": seq, "version": version, "last_message": message, "changed_at": moment},
    )
)
_MARK = Update(
    lambda conversation, reader, seq: (
        Membership.objects.filter(conversation_id=conversation, user_id=reader),
        {"last_read_seq": seq},
    )
)


@dataclass(slots=True, eq=False)
class LockedConversation:
    """Which nobody else changes until the commit: as it is, and as it is going to be."""

    key: str
    pk: str
    seq: int  # of the last message
    version: int
    changed_at: datetime
    message_id: str | None = None  # of the last message
    marks: dict[str, int] = field(default_factory=dict)  # of each member: the seq they have read to
    is_new: bool = False
    is_changed: bool = False
    joining: list[str] = field(default_factory=list)  # who become members by the first message
    readers: set[str] = field(default_factory=set)  # whose marks moved

    def change(self, moment: datetime) -> None:
        """By somebody else's clock it may be later already: times only rise."""
        self.version += 1
        self.changed_at = max(self.changed_at, moment)
        self.is_changed = True

    def add(self, message_id: str, sender_id: str, moment: datetime) -> bool:
        """The message's number, version and time are then those of this. Who writes has read what
        is there; returns whether that is news.
        """
        is_news = self.marks[sender_id] < self.seq
        self.change(moment)
        self.seq += 1
        self.message_id = message_id
        self.read(sender_id, max(self.marks[sender_id], self.seq))
        return is_news

    def read(self, reader_id: str, seq: int) -> None:
        self.marks[reader_id] = seq
        self.readers.add(reader_id)


def locked_conversations(keys: Collection[str]) -> dict[str, LockedConversation]:
    """By key, those that exist, with their members. One alone is waited for; of several, those are
    left out that somebody else holds.
    """
    if len(keys) == 1:
        rows = _LOCKED.rows_among(keys)
    else:
        rows = _LOCKED_IF_FREE.rows_among(sorted(key for key in keys if not is_held(key)))
    found = {row[1]: LockedConversation(*row) for row in rows}
    # Asked after the lock, so that they are as whoever had it before has left them.
    for conversation_id, user_id, mark in _MARKS.rows_among(found):
        found[conversation_id].marks[user_id] = mark
    return {conversation.key: conversation for conversation in found.values()}


def conversations_for(drafts: Sequence[Draft]) -> dict[str, LockedConversation]:
    """The same of drafts, with those that begin with one of them, if its people exist."""
    keys = {draft.conversation for draft in drafts}
    found = locked_conversations(keys)
    begun = {key for key, conversation in found.items() if conversation.seq}
    if len(keys) > 1 and (lacking := keys - found.keys()):
        begun |= {row[0] for row in _THERE.rows_among(lacking)}.union(filter(is_held, lacking))
    beginning = [draft for draft in drafts if draft.conversation not in begun]
    people = people_among({key for each in beginning for key in (each.sender_id, each.receiver_id)})
    for draft in beginning:
        made = LockedConversation(draft.conversation, new_key(), 0, 0, now(), is_new=True)
        conversation = found.setdefault(draft.conversation, made)
        for person in {draft.sender_id, draft.receiver_id} & people - conversation.marks.keys():
            conversation.marks[person] = 0
            conversation.joining.append(person)
    return found


def store(
    conversations: Iterable[LockedConversation],
    *messages: tuple[Insert, Sequence[Values]],
) -> None:
    """What has changed of them, and what was added to them."""
    changed = [each for each in conversations if each.is_changed]
    if any(each.joining for each in changed):
        _begin(changed)
    changes = [
        {
            "key": each.pk,
            "seq": each.seq,
            "version": each.version,
            "message": each.message_id,
            "moment": each.changed_at,
        }
        for each in changed
    ]
    marks = [
        {"conversation": each.pk, "reader": reader, "seq": each.marks[reader]}
        for each in changed
        for reader in each.readers
    ]
    run_at_once(*messages, (_CHANGE, changes), (_MARK, marks))


def _begin(conversations: Sequence[LockedConversation]) -> None:
    """Members may lack though the conversation is there: without transactions, after a crash."""
    Conversation.objects.bulk_create(
        Conversation(pk=each.pk, key=each.key) for each in conversations if each.is_new
    )
    Membership.objects.bulk_create(
        Membership(conversation_id=each.pk, user_id=person)
        for each in conversations
        for person in each.joining
    )


@repeatable
def catch_up(key: str) -> None:
    """Without transactions a crash may leave a message that its conversation knows not of."""
    with locking(key):
        for conversation in locked_conversations([key]).values():
            last = Message.objects.filter(conversation=conversation.pk).order_by("-seq").first()
            if last and last.seq > conversation.seq:
                conversation.seq = last.seq - 1
                conversation.add(last.pk, last.sender_id, last.created_at)
                Message.objects.filter(pk=last.pk).update(version=conversation.version)
                store([conversation])


def mark_read(*, user: User | Caller, peer: str, seq: int) -> int:
    """Moves the mark of `user` up to `seq`, at most to the last message and never back; returns the
    mark.

    Raises DomainError 404 for an unknown peer.
    """
    if not is_person(peer):
        raise NotFound(_("No such person."))
    if find_conversation(user.pk, peer) is None:
        return 0
    return _mark_read(direct_key(user.pk, peer), user.pk, peer, seq)


@repeatable
def _mark_read(key: str, reader_id: str, peer_id: str, seq: int) -> int:
    with locking(key):
        conversation = locked_conversations([key])[key]
        mark = min(seq, conversation.seq)
        if mark <= (before := conversation.marks.get(reader_id, mark)):
            return before
        conversation.change(now())
        conversation.read(reader_id, mark)
        store([conversation])
        payload = read_payload(reader_id, peer_id, mark)
        events.publish(events.MESSAGES_READ, payload, to=audience.of(conversation.marks))
    return mark
