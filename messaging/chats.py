"""A person's chat list: with whom, the last message, and how much of it is unread."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Greatest

from accounts.caller import Caller
from accounts.models import User
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of, person_of_row
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from messaging.models import Membership, Message
from messaging.record import SENDER, MessageRecord, columns, record_of, record_of_row

UNREAD_WINDOW = 1000  # how far an unread count looks; pages end at "99+"
CHUNK = 100  # conditions in one query


class Chat(NamedTuple):
    """One row of a person's chat list."""

    peer: PersonRecord
    last_message: MessageRecord | None = None
    unread_count: int = 0
    last_seq: int = 0
    last_read_seq: int = 0
    peer_read_seq: int = 0


_LAST = "conversation__last_message"
_MINE = "conversation__memberships"
PERSON, MESSAGE = 4, 4 + len(PERSON_COLUMNS)  # where their columns begin


def _chats(*, me: Any) -> QuerySet[Membership, Row]:
    """By the memberships of the others, beside which are those of `me`."""
    theirs = Membership.objects.filter(**{f"{_MINE}__user_id": me}, conversation__last_seq__gt=0)
    return (
        theirs.exclude(user_id=me)
        .order_by(F(f"{_LAST}_id").desc(nulls_last=True))
        .values_list(
            "conversation_id",
            "conversation__last_seq",
            f"{_MINE}__last_read_seq",
            "last_read_seq",
            *(f"user__{name}" for name in PERSON_COLUMNS),
            *columns(f"{_LAST}__"),
        )
    )


def _deleted(*, me: Any) -> QuerySet[Message, Row]:
    """Few messages are, so they have a small index."""
    after = Greatest(
        F("conversation__memberships__last_read_seq"), F("conversation__last_seq") - UNREAD_WINDOW
    )
    deleted = Message.objects.filter(
        conversation__memberships__user_id=me,
        conversation__last_seq__gt=F("conversation__memberships__last_read_seq"),
        deleted=True,
        seq__gt=after,
    )
    return deleted.values_list("conversation_id").annotate(Count("pk"))


class _Rows:
    """Of all of a person's conversations, or of some."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._all = Select(build, packed=True)
        self._some = SelectAmong(
            lambda keys, *, me: build(me=me).filter(conversation__pk__in=keys), packed=True
        )

    def __call__(self, me: str, among: Collection[str] | None = None) -> list[Row]:
        return self._all.rows(me=me) if among is None else self._some.rows_among(among, me=me)


_CHATS, _DELETED = _Rows(_chats), _Rows(_deleted)


def chats_of(user: User | Caller, *, among: Collection[str] | None = None) -> list[Chat]:
    """Whom `user` has messages with, the latest activity first: in all conversations, or in those
    of these keys.
    """
    if settings.MONGODB:
        return _from_models(user, among)
    rows = _CHATS(user.pk, among)
    if not rows:
        return []
    if among is not None:  # which are asked for by parts
        rows.sort(key=lambda row: row[MESSAGE] or "", reverse=True)
    deleted = deleted_unread(user.pk, among)
    return [_chat(user.pk, row, deleted.get(row[0], 0)) for row in rows]


def deleted_unread(me: str, among: Collection[str] | None = None) -> dict[str, int]:
    """How many of a person's unread messages are deleted, by conversation, where any are."""
    return dict(_DELETED(me, among))


def _chat(me: str, row: Row, deleted: int) -> Chat:
    _key, last_seq, read_seq, peer_read_seq = row[:PERSON]
    peer, message = person_of_row(row[PERSON:MESSAGE]), row[MESSAGE:]
    last_message = None
    if message[0]:
        last_message = record_of_row(message, peer.id if message[SENDER] == me else me)
    count = unread(last_seq, read_seq, deleted)
    return Chat(peer, last_message, count, last_seq, read_seq, peer_read_seq)


def unread(last_seq: int, last_read_seq: int, deleted: int) -> int:
    """`seq` has no gaps, so that nothing but what was deleted has to be counted."""
    if last_seq <= last_read_seq:
        return 0
    return max(0, min(last_seq - last_read_seq, UNREAD_WINDOW) - deleted)


def _from_models(user: User | Caller, among: Collection[str] | None) -> list[Chat]:
    """The same for MongoDB, whose servers are slow to count and order by what is joined."""
    mine = Membership.objects.of(user.pk).filter(conversation__last_seq__gt=0)
    if among is not None:
        mine = mine.filter(conversation__in=list(among))
    memberships = sorted(
        mine.select_related("conversation").prefetch_related(
            "conversation__last_message", "conversation__memberships__user"
        ),
        key=lambda membership: membership.conversation.last_message_id or "",
        reverse=True,
    )
    unread = _unread_counts(memberships)
    return [
        _from_memberships(mine, theirs, unread.get(mine.conversation_id, 0))
        for mine in memberships
        for theirs in mine.conversation.memberships.all()
        if theirs.user_id != mine.user_id
    ]


def _from_memberships(mine: Membership, theirs: Membership, unread_count: int) -> Chat:
    conversation = mine.conversation
    last, me, peer = conversation.last_message, mine.user_id, person_of(theirs.user)
    return Chat(
        peer=peer,
        last_message=record_of(last, peer.id if last.sender_id == me else me) if last else None,
        unread_count=unread_count,
        last_seq=conversation.last_seq,
        last_read_seq=mine.last_read_seq,
        peer_read_seq=theirs.last_read_seq,
    )


def _unread_counts(memberships: Iterable[Membership]) -> dict[str, int]:
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
