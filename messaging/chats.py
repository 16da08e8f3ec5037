"""A person's chat list: with whom, the last message, and how much of it is unread."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Greatest

from accounts.caller import Caller
from accounts.models import User
from chatsite.fastpath.expressions import WireTimestamp
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from messaging.models import Membership, Message

UNREAD_WINDOW = 1000  # how far an unread count looks; pages end at "99+"
CHUNK = 100  # conditions in one query


class PersonRow(NamedTuple):
    """A person as `user_payload` needs them, without the model around them."""

    pk: str
    full_name: str
    email: str
    picture: str
    created_at: str  # as it goes over the wire


class MessageRow(NamedTuple):
    """A message as `message_payload` needs it, without the model around it."""

    pk: str
    sender_id: str
    seq: int
    text: str
    image: str
    thumbnail: str
    image_width: int | None
    image_height: int | None
    client_message_id: str
    created_at: str  # as it goes over the wire
    updated_at: str
    receiver_id: str
    deleted: bool = False

    @classmethod
    def stored(cls) -> tuple[str, ...]:
        """The fields that are as the model's."""
        return cls._fields[: cls._fields.index("created_at")]


class Chat(NamedTuple):
    """One row of a person's chat list."""

    peer: User | PersonRow
    last_message: Message | MessageRow | None = None
    unread_count: int = 0
    last_seq: int = 0
    last_read_seq: int = 0
    peer_read_seq: int = 0


_LAST = "conversation__last_message__"


def _mine(*, me: Any) -> QuerySet[Membership, Row]:
    mine = Membership.objects.filter(user_id=me, conversation__last_seq__gt=0)
    return mine.order_by(F("conversation__last_message_id").desc(nulls_last=True)).values_list(
        "conversation_id",
        "conversation__last_seq",
        "last_read_seq",
        *(f"{_LAST}{name}" for name in MessageRow.stored()),
        WireTimestamp(f"{_LAST}created_at"),
        WireTimestamp(f"{_LAST}updated_at"),
        f"{_LAST}deleted",
    )


def _theirs(*, me: Any) -> QuerySet[Membership, Row]:
    theirs = Membership.objects.filter(conversation__memberships__user_id=me).exclude(user_id=me)
    return theirs.values_list(
        "conversation_id",
        "last_read_seq",
        "user_id",
        "user__full_name",
        "user__email",
        "user__picture",
        WireTimestamp("user__created_at"),
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
        self._all = Select(build)
        self._some = SelectAmong(lambda keys, *, me: build(me=me).filter(conversation__pk__in=keys))

    def __call__(self, me: str, among: Collection[str] | None = None) -> list[Row]:
        return self._all.rows(me=me) if among is None else self._some.rows_among(among, me=me)


_MINE, _THEIRS, _DELETED = _Rows(_mine), _Rows(_theirs), _Rows(_deleted)


def chats_of(user: User | Caller, *, among: Collection[str] | None = None) -> list[Chat]:
    """Whom `user` has messages with, the latest activity first: in all conversations, or in those
    of these keys.
    """
    if settings.MONGODB:
        return _from_models(user, among)
    mine = _MINE(user.pk, among)
    if not mine:
        return []
    if among is not None:  # which are asked for by parts
        mine.sort(key=lambda row: row[3] or "", reverse=True)
    theirs = {row[0]: row for row in _THEIRS(user.pk, among)}
    deleted = deleted_unread(user.pk, among)
    return [
        _chat(user.pk, row, theirs[row[0]], deleted.get(row[0], 0))
        for row in mine
        if row[0] in theirs  # an account was removed meanwhile
    ]


def deleted_unread(me: str, among: Collection[str] | None = None) -> dict[str, int]:
    """How many of a person's unread messages are deleted, by conversation, where any are."""
    return dict(_DELETED(me, among))


def _chat(me: str, mine: Row, theirs: Row, deleted: int) -> Chat:
    last_seq, last_read_seq = mine[1], mine[2]
    peer = PersonRow._make(theirs[2:])
    last_message = None
    if mine[3]:
        receiver = peer.pk if mine[4] == me else me
        last_message = MessageRow._make((*mine[3:-1], receiver, mine[-1]))
    unread_count = unread(last_seq, last_read_seq, deleted)
    return Chat(peer, last_message, unread_count, last_seq, last_read_seq, theirs[1])


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
    return [_from_model(each, unread.get(each.conversation_id, 0)) for each in memberships]


def _from_model(mine: Membership, unread_count: int) -> Chat:
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
