"""Conversations: locked while they change, moved on by messages, read up to a mark, joined and
left.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, ClassVar

import msgspec
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, repeatable
from chatsite.errors import Busy, DomainError, NotFound
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import Insert, SelectAmong, Update, run_batch
from chatsite.keys import is_key, new_key
from chatsite.language import each_read_in
from chatsite.locks import is_held, locking, locking_several
from messaging import events, recipients
from messaging.models import (
    LIVE_MARKS,
    Conversation,
    Kind,
    Membership,
    Message,
    MessageKind,
    Posting,
    Role,
    conversation_key,
    is_group,
    peer_in,
    saved_key,
)
from messaging.payloads import delivered_payload, read_payload
from messaging.queries.people import is_person, living_among
from messaging.queries.visibility import GONE, LAST, Stay, Stays, no_such_group, stays_in
from messaging.services.drafts import Draft
from messaging.services.notifications import retract_read
from messaging.services.search_index import add_full_blocks
from scheduler.services import schedule

_COLUMNS = (
    *("key", "pk", "last_seq", "version", "changed_at", "last_message_id", "posting"),
    "slow_seconds",
    "disappear_after",
    "next_expiry",
)


def _rows(conversations: QuerySet[Conversation]) -> Callable[[Any], QuerySet[Conversation, Any]]:
    return lambda keys: conversations.filter(key__in=keys).order_by("key").values_list(*_COLUMNS)


_LOCKED = SelectAmong(_rows(Conversation.objects.select_for_update()))
_LOCKED_IF_FREE = SelectAmong(_rows(Conversation.objects.select_for_update(skip_locked=True)))
_THERE = SelectAmong(_rows(Conversation.objects.all()))
_MEMBER = (
    "conversation_id",
    "user_id",
    "last_read_seq",
    "role",
    "since_seq",
    "until_seq",
    "earlier_stays",
    "last_delivered_seq",
    "is_request",
)
_MEMBERS = SelectAmong(
    lambda conversations: Membership.objects.filter(conversation__pk__in=conversations).values_list(
        *_MEMBER
    ),
    packed=True,
)
_CURRENT = SelectAmong(
    lambda groups: Membership.objects.filter(
        conversation__pk__in=groups, until_seq=None
    ).values_list("conversation_id", "user_id"),
    packed=True,
)
_WRITERS = SelectAmong(
    lambda pairs: Membership.objects.filter(_any(pairs)).values_list(*_MEMBER), width=2
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
_READ = Update(
    lambda conversation, reader, seq, moment: (
        Membership.objects.filter(conversation_id=conversation, user_id=reader),
        {"last_read_seq": seq, "read_at": moment},
    )
)
# Of marks that nobody else sees: `sync` brings them to the reader's own devices alone.
_READ_PRIVATELY = Update(
    lambda conversation, reader, seq, moment: (
        Membership.objects.filter(conversation_id=conversation, user_id=reader),
        {"last_read_seq": seq, "read_at": moment, "version": F("version") + 1},
    )
)
_DELIVERED = Update(
    lambda conversation, receiver, seq, moment: (
        Membership.objects.filter(conversation_id=conversation, user_id=receiver),
        {"last_delivered_seq": seq, "delivered_at": moment},
    )
)
_ACCEPTED = Update(
    lambda conversation, user: (
        Membership.objects.filter(conversation_id=conversation, user_id=user),
        {"is_request": False, "version": F("version") + 1},
    )
)
_ROLE_AND_END = Update(
    lambda conversation, user, role, until: (
        Membership.objects.filter(conversation_id=conversation, user_id=user),
        {"role": role, "until_seq": until},
    )
)


class LockedMember(msgspec.Struct, gc=False):
    """Of a conversation; also somebody who has left it."""

    mark: int = 0  # the seq they have read to
    role: str = Role.MEMBER.value
    since: int = 0
    until: int | None = None
    earlier: str = ""
    delivered: int | None = None  # the seq that their devices have acknowledged
    is_request: bool | int = False  # as the database has it

    def are_marks_frozen(self, conversation: str) -> bool:
        """In a direct chat with somebody they have blocked, or not accepted: the other one would
        see the marks move.
        """
        return bool(self.is_request) or (self.until is not None and not is_group(conversation))

    @property
    def is_gone(self) -> bool:
        """Their account was deleted."""
        return self.since == GONE[0]

    @property
    def stays(self) -> Stays:
        return Stays.of(self.since, self.until, self.earlier)


_CURRENT_MEMBER = LockedMember()  # who is in a group now, of whom no more has to be known
EXPIRE = "expire_messages"  # the kind of job
INSTANT = timedelta(milliseconds=1)  # what is later than before is later by this


@dataclass(slots=True, eq=False)
class LockedConversation:
    """Which nobody else changes until the commit: as it is, and as it is going to be."""

    key: str
    pk: str
    seq: int  # of the last message
    version: int
    changed_at: datetime
    message_id: str | None = None  # of the last message
    posting: str = Posting.ALL.value
    slow_seconds: int = 0  # between two messages of a member
    disappear_after: int = 0  # seconds; 0: never
    next_expiry: datetime | None = None
    expires_sooner: bool = False  # than it is stored
    members: dict[str, LockedMember] = field(default_factory=dict)  # and who has been one
    is_new: bool = False
    is_changed: bool = False
    joining: list[str] = field(default_factory=list)  # who become members
    returning: list[str] = field(default_factory=list)  # who were members before
    changed_members: set[str] = field(default_factory=set)  # who left, or have another role
    # Whose marks moved, and when: None for who only wrote.
    readers: dict[str, datetime | None] = field(default_factory=dict)
    private_readers: set[str] = field(default_factory=set)  # readers whose mark nobody else sees
    delivered: dict[str, datetime] = field(default_factory=dict)
    accepting: set[str] = field(default_factory=set)  # whose request this was

    @property
    def are_members_changed(self) -> bool:
        return bool(self.joining or self.returning or self.changed_members)

    @property
    def current(self) -> list[str]:
        """Who is in it now."""
        return [key for key, member in self.members.items() if member.until is None]

    @property
    def receivers(self) -> list[str]:
        """Of its last message: that of somebody's leaving is the last one that they see."""
        return [
            key
            for key, member in self.members.items()
            if (member.until is None or member.until >= self.seq) and not member.is_request
        ]

    def peer_of(self, user_id: str) -> str:
        return peer_in(self.key, user_id)

    @property
    def requests(self) -> list[str]:
        """Whose request it is, unless they have blocked the other."""
        if is_group(self.pk):
            return []
        return [key for key in self.current if self.members[key].is_request]

    def viewers_of(self, seq: int) -> list[str]:
        """Whoever may see that message, still in the conversation or not."""
        return [key for key, member in self.members.items() if member.stays.see(seq)]

    def receivers_of(self, seq: int) -> list[str]:
        """Who receives events about that message: in a direct chat not who has blocked the other,
        or has not accepted the request.
        """
        viewers = self.viewers_of(seq)
        if is_group(self.pk):
            return viewers
        receiving = set(self.current) - set(self.requests)
        return [key for key in viewers if key in receiving]

    def change(self, moment: datetime) -> None:
        """By somebody else's clock it may be later already: times only rise."""
        self.version += 1
        self.changed_at = max(self.changed_at, moment)
        self.is_changed = True

    def expire(self, sent_at: datetime) -> datetime:
        """When a message disappears that was sent at that moment."""
        expires_at = sent_at + timedelta(seconds=self.disappear_after)
        if self.next_expiry is None or expires_at < self.next_expiry:
            self.next_expiry, self.expires_sooner = expires_at, True
        return expires_at

    def add(
        self, message_id: str, sender_id: str, moment: datetime, *, is_unattended: bool = False
    ) -> bool:
        """The message's number, version and time are then those of this. Who writes has read what
        is there; returns whether that is news. The author of a system message, or of something
        written long ago, need not have.
        """
        sender = self.members.get(sender_id)  # None once the account is gone
        is_unread = sender is not None and sender.mark < self.seq
        self.change(moment)
        self.seq += 1
        self.message_id = message_id
        if sender and sender.is_request:
            self.accept(sender_id)
        if sender and not (is_unattended and is_unread):
            self.read(sender_id, max(sender.mark, self.seq), moment if is_unread else None)
        return is_unread and not is_unattended

    def read(self, reader_id: str, seq: int, moment: datetime | None) -> None:
        self.members[reader_id].mark = seq
        self.readers[reader_id] = moment or self.readers.get(reader_id)

    def read_privately(self, reader_id: str, seq: int, moment: datetime) -> None:
        """Without a change of the conversation: its version would show the others when."""
        self.read(reader_id, seq, moment)
        self.private_readers.add(reader_id)
        self.is_changed = True

    def accept(self, receiver_id: str) -> None:
        self.members[receiver_id].is_request = False
        self.accepting.add(receiver_id)

    def deliver(self, receiver_id: str, seq: int, moment: datetime) -> None:
        self.members[receiver_id].delivered = seq
        self.delivered[receiver_id] = moment

    # Each of these is followed by its system message, in the same transaction.

    def join(
        self,
        user_id: str,
        role: str = Role.MEMBER.value,
        *,
        sees_all: bool = False,
        but_for: Iterable[Stay] = (),
    ) -> None:
        """For somebody who is not in it now. They see what comes next, and with `sees_all` what was
        before, except the parts in `but_for`.
        """
        member = LockedMember(self.seq, role, since=0 if sees_all else self.seq)
        if before := self.members.get(user_id):
            if sees_all:
                seen = Stays([(0, LAST)]).without(but_for)
                member.since, member.earlier = seen.stored()
            else:
                member.earlier = msgspec.json.encode(before.stays).decode()
            self.returning.append(user_id)
        else:
            self.joining.append(user_id)
        self.members[user_id] = member

    def leave(self, user_id: str) -> None:
        """The next message is the last one that they see."""
        self.members[user_id].until = self.seq + 1
        self.members[user_id].role = Role.MEMBER.value
        self.changed_members.add(user_id)

    def give_role(self, user_id: str, role: str) -> None:
        self.members[user_id].role = role
        self.changed_members.add(user_id)


def locked_conversations(
    keys: Collection[str], *, writers: Collection[tuple[str, str]] | None = None
) -> dict[str, LockedConversation]:
    """By key, those that exist, with their members. One alone is waited for; of several, those are
    left out that somebody else holds.

    With `writers`, each by the key of a group and their own: of groups, only what these have as
    members is known, and who else is in them now. A thousand rows would cost a send more than all
    the rest of it.
    """
    if len(keys) == 1:
        rows = _LOCKED.rows_among(keys)
    else:
        rows = _LOCKED_IF_FREE.rows_among(sorted(key for key in keys if not is_held(key)))
    found = {row[1]: LockedConversation(*row) for row in rows}
    # Queried after the lock, so that they are as whoever had it before has left them.
    groups = [] if writers is None else [key for key in found if is_group(key)]
    for conversation_id, user_id in _CURRENT.rows_among(groups):
        found[conversation_id].members[user_id] = _CURRENT_MEMBER
    rows = _MEMBERS.rows_among(found.keys() - set(groups))
    for conversation_id, user_id, *member in rows + _WRITERS.rows_among(
        (group, writer) for group, writer in writers or () if group in found
    ):
        found[conversation_id].members[user_id] = LockedMember(*member)
    return {conversation.key: conversation for conversation in found.values()}


def _any(pairs: Collection[tuple[Any, Any]]) -> Q:
    return reduce(or_, (Q(conversation_id=group, user_id=writer) for group, writer in pairs))


def _held_by_others(lacking: Collection[str]) -> set[str]:
    """Of the keys that were not among the locked ones, those of conversations that exist."""
    if not lacking:
        return set()
    return {row[0] for row in _THERE.rows_among(lacking)}.union(filter(is_held, lacking))


def conversations_for(drafts: Sequence[Draft]) -> dict[str, LockedConversation]:
    """The same of drafts, with direct chats and saved messages that begin with one of them, if its
    people exist. A group that does not exist has no members here.
    """
    keys = {draft.conversation for draft in drafts}
    in_groups = [draft for draft in drafts if is_group(draft.receiver_id)]
    writers = {(draft.receiver_id, draft.sender_id) for draft in in_groups}
    found = locked_conversations(keys, writers=writers)
    begun = {key for key, conversation in found.items() if conversation.seq}
    if len(keys) > 1:
        begun |= _held_by_others(keys - found.keys())
    beginning = [draft for draft in drafts if draft.conversation not in begun]
    people = living_among({key for each in beginning for key in _initial_members(each)})
    for draft in beginning:
        key = draft.receiver_id if is_group(draft.receiver_id) else new_key()
        made = LockedConversation(draft.conversation, key, 0, 0, now(), is_new=True)
        conversation = found.setdefault(draft.conversation, made)
        for person in _initial_members(draft) & people:
            if person not in conversation.members:
                conversation.join(person)
    return found


def _initial_members(draft: Draft) -> set[str]:
    """Who is in the conversation if it begins with this draft."""
    if draft.receiver_id == saved_key(draft.sender_id):
        return {draft.sender_id}
    return set() if is_group(draft.receiver_id) else {draft.sender_id, draft.receiver_id}


def store(
    conversations: Iterable[LockedConversation],
    *messages: tuple[Insert, Sequence[Values]],
) -> None:
    """What has changed of them, and what was added to them."""
    changed = [each for each in conversations if each.is_changed]
    if with_members := [each for each in changed if each.are_members_changed]:
        _store_members(with_members)
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
        {"conversation": each.pk, "reader": reader, "seq": each.members[reader].mark}
        for each in changed
        for reader, moment in each.readers.items()
        if moment is None
    ]
    reads: list[Values] = []
    private: list[Values] = []
    for each in changed:
        for reader, moment in each.readers.items():
            if moment:
                row = {"reader": reader, "seq": each.members[reader].mark, "moment": moment}
                some = private if reader in each.private_readers else reads
                some.append({"conversation": each.pk, **row})
    deliveries = [
        {
            "conversation": each.pk,
            "receiver": receiver,
            "seq": each.members[receiver].delivered,
            "moment": moment,
        }
        for each in changed
        for receiver, moment in each.delivered.items()
    ]
    retract_read(
        (each.pk, reader, each.members[reader].mark)
        for each in changed
        for reader, moment in each.readers.items()
        if moment
    )
    accepted = [
        {"conversation": each.pk, "user": person} for each in changed for person in each.accepting
    ]
    for each in changed:
        if each.expires_sooner:
            schedule_expiry(each)
    run_batch(
        *messages,
        (_CHANGE, changes),
        (_MARK, marks),
        (_READ, reads),
        (_READ_PRIVATELY, private),
        (_DELIVERED, deliveries),
        (_ACCEPTED, accepted),
    )


def schedule_expiry(conversation: LockedConversation) -> None:
    """At `next_expiry`. Before the messages are stored: without transactions, a stop in between
    leaves a job that finds nothing.
    """
    conversation.expires_sooner = False
    expiry = conversation.next_expiry
    schedule(EXPIRE, name=f"{EXPIRE}:{conversation.pk}", run_at=expiry, key=conversation.key)
    Conversation.objects.filter(pk=conversation.pk).update(next_expiry=expiry)


def _store_members(conversations: Sequence[LockedConversation]) -> None:
    """Members may lack though the conversation is there: without transactions, after a crash."""
    Conversation.objects.bulk_create(
        Conversation(
            pk=each.pk, key=each.key, kind=Kind.SAVED if is_group(each.pk) else Kind.DIRECT
        )
        for each in conversations
        if each.is_new
    )
    Membership.objects.bulk_create(
        Membership(
            conversation_id=each.pk,
            user_id=key,
            role=each.members[key].role,
            since_seq=each.members[key].since,
            last_read_seq=each.members[key].mark,
            is_request=bool(each.members[key].is_request),
            joined_at=each.changed_at,
        )
        for each in conversations
        for key in each.joining
    )
    for each in conversations:
        if is_group(each.pk):
            _store_stays(each)
        # A transaction may make several changes, one after the other.
        for stored in (each.joining, each.returning, each.changed_members):
            stored.clear()


def _store_stays(conversation: LockedConversation) -> None:
    count = len(conversation.current)
    Conversation.objects.filter(pk=conversation.pk).update(member_count=count)
    changed = [
        {
            "conversation": conversation.pk,
            "user": key,
            "role": conversation.members[key].role,
            "until": conversation.members[key].until,
        }
        for key in conversation.changed_members
    ]
    run_batch((_ROLE_AND_END, changed))
    for key in conversation.returning:
        member = conversation.members[key]
        Membership.objects.filter(conversation_id=conversation.pk, user_id=key).update(
            role=member.role,
            since_seq=member.since,
            until_seq=member.until,
            earlier_stays=member.earlier,
            last_read_seq=member.mark,
            joined_at=conversation.changed_at,
        )


@repeatable
def catch_up(key: str) -> None:
    """Without transactions a crash may leave a message that its conversation does not count."""
    with locking(key):
        for conversation in locked_conversations([key]).values():
            last = Message.objects.filter(conversation=conversation.pk).order_by("-seq").first()
            if last and last.seq > conversation.seq:
                new = range(conversation.seq + 1, last.seq + 1)
                conversation.seq = last.seq - 1
                is_system = last.kind == MessageKind.SYSTEM
                conversation.add(last.pk, last.sender_id, last.created_at, is_unattended=is_system)
                Message.objects.filter(pk=last.pk).update(version=conversation.version)
                store([conversation])
                add_full_blocks((conversation.pk, seq) for seq in new)


@dataclass(frozen=True, slots=True)
class ReadMark:
    """`reader_id` has read what `peer`, a person or a group, wrote up to `seq`."""

    reader_id: str
    peer: str
    seq: int
    is_delivery: ClassVar[bool] = False

    @property
    def conversation(self) -> str:
        """Its key."""
        return conversation_key(self.reader_id, self.peer)


class DeliveredMark(ReadMark):
    """A device of `reader_id` has it, whether or not they have read it."""

    is_delivery: ClassVar[bool] = True


def mark_read(*, user: User | Principal, peer: str, seq: int) -> int:
    """Moves the mark of `user` up to `seq`, at most to the last message and never back; returns the
    mark.

    Raises DomainError 404 for an unknown peer, and for a group that `user` never was in.
    """
    return move_mark(ReadMark(user.pk, _checked_key(peer), seq))


def mark_delivered(*, user: User | Principal, peer: str, seq: int) -> int:
    """The same of what a device of `user` has. The mark is never below that of what they read. In
    a group of more than LIVE_MARKS nothing is kept, and 0 returned.
    """
    return move_mark(DeliveredMark(user.pk, _checked_key(peer), seq))


def _checked_key(peer: str) -> str:
    if not is_key(peer):
        raise NotFound(_("No such person."))
    return peer


@repeatable
def move_mark(mark: ReadMark) -> int:
    """In a transaction of its own. Raises DomainError."""
    [outcome] = move_marks([mark])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def move_marks(marks: Sequence[ReadMark], languages: Iterable[str] = ()) -> list[int | DomainError]:
    """As `mark_read`, in one transaction. `languages`: of who reads why each is refused.

    Of several conversations, those are refused (503) whose row somebody else holds. One alone is
    waited for, and raises Busy.
    """
    large = _large_groups(mark for mark in marks if mark.is_delivery)
    kept = [each for each in marks if each.conversation not in large or not each.is_delivery]
    keys = {mark.conversation for mark in kept}
    readers = {(mark.peer, mark.reader_id) for mark in kept if is_group(mark.peer)}
    with locking(*keys) if len(keys) == 1 else locking_several():
        found = locked_conversations(keys, writers=readers)
        busy = _held_by_others(keys - found.keys()) if len(keys) > 1 else set()

        def outcome(mark: ReadMark) -> int | DomainError:
            conversation = found.get(mark.conversation)
            if mark.is_delivery and mark.conversation in large:
                return _not_kept(mark)
            if conversation and mark.reader_id in conversation.members:
                return _move_mark(mark, conversation)
            return Busy() if mark.conversation in busy else _without_conversation(mark)

        outcomes = each_read_in(languages, outcome, marks)
        store(found.values())
    return outcomes


_LARGE = SelectAmong(
    lambda keys: Conversation.objects.filter(key__in=keys, member_count__gt=LIVE_MARKS).values_list(
        "key"
    )
)


def _large_groups(marks: Iterable[ReadMark]) -> set[str]:
    """Groups that store no delivered marks: each message would bring a thousand of them."""
    keys = {mark.conversation for mark in marks if is_group(mark.peer)}
    return {key for (key,) in _LARGE.rows_among(keys)}


def _not_kept(mark: ReadMark) -> int | DomainError:
    return no_such_group() if stays_in(mark.peer, mark.reader_id) is None else 0


def _move_mark(mark: ReadMark, conversation: LockedConversation) -> int:
    reader = conversation.members[mark.reader_id]
    end = conversation.seq if reader.until is None else reader.until
    seq = min(mark.seq, end)
    before = max(reader.mark, reader.delivered or 0) if mark.is_delivery else reader.mark
    if seq <= before or reader.are_marks_frozen(conversation.pk):
        return before
    moment = now()
    if mark.is_delivery:
        conversation.change(moment)
        conversation.deliver(mark.reader_id, seq, moment)
        delivered = delivered_payload(conversation.pk, mark.reader_id, mark.peer, seq)
        to = recipients.of_mark(mark.reader_id, conversation.current)
        events.publish(events.MESSAGES_DELIVERED, delivered, to=to)
        return seq
    to, hidden = recipients.of_read_mark(mark.reader_id, conversation.current)
    if to == recipients.of([mark.reader_id]) and (not hidden or seq <= (reader.delivered or 0)):
        conversation.read_privately(mark.reader_id, seq, moment)
    else:
        conversation.change(moment)
        conversation.read(mark.reader_id, seq, moment)
    events.publish_all(read_events(mark.reader_id, mark.peer, conversation))
    return seq


def read_events(reader_id: str, peer: str, conversation: LockedConversation) -> list[events.Event]:
    """How far somebody has read; to those who may not see that, only that it was delivered. What
    was delivered before is not published again: that would show when it was read.
    """
    reader = conversation.members[reader_id]
    seq = reader.mark
    to, hidden = recipients.of_read_mark(reader_id, conversation.current)
    outgoing: list[events.Event] = [
        (events.MESSAGES_READ, read_payload(conversation.pk, reader_id, peer, seq), to, "")
    ]
    if hidden and seq > (reader.delivered or 0):
        delivered = delivered_payload(conversation.pk, reader_id, peer, seq)
        outgoing.append((events.MESSAGES_DELIVERED, delivered, hidden, ""))
    return outgoing


def _without_conversation(mark: ReadMark) -> int | DomainError:
    if mark.peer == saved_key(mark.reader_id):
        return 0
    if is_group(mark.peer):
        return no_such_group()
    return 0 if is_person(mark.peer) else NotFound(_("No such person."))
