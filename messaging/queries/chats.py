"""A person's chat list: with whom or in which group, the last message, and how much is unread."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from accounts.models import User
from accounts.principal import Principal
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of_row
from chatsite.db import now
from chatsite.fastpath.expressions import EmptyText
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from chatsite.wire import absolute, timestamp
from messaging.models import FIRST_GROUP, Membership, Message, Posting, Role, is_group, saved_key
from messaging.queries.members import (
    NO_MARKS,
    Marks,
    are_marks_visible,
    delivered_mark,
    marks_of_others,
)
from messaging.queries.own import add_own
from messaging.queries.people import redact_for
from messaging.queries.privacy import Rules, rules
from messaging.queries.visibility import LAST, Stay, Stays, is_there
from messaging.shapes.chat_settings import COLUMNS as SETTINGS_COLUMNS
from messaging.shapes.chat_settings import NO_SETTINGS, ChatSettings, settings_of_row
from messaging.shapes.record import (
    COLUMNS,
    CONVERSATION,
    RARE,
    SENDER,
    MessageRecord,
    columns,
    record_of_row,
)
from messaging.shapes.saved import SAVED_PICTURE, saved_name

UNREAD_WINDOW = 1000  # how far an unread count looks; pages end at "99+"
CHUNK = 100  # conditions in one query


class Chat(msgspec.Struct, frozen=True, gc=False):
    """One row of a person's chat list. A group that they have left is as it was then, but for its
    name and picture.
    """

    peer: PersonRecord  # or a group, which reads like one
    conversation_id: str
    last_message: MessageRecord | None = None
    unread_count: int = 0
    last_seq: int = 0
    last_read_seq: int = 0
    peer_read_seq: int = 0
    is_group: bool = False
    member_count: int = 2
    role: str | None = None  # in a group, unless they have left it
    can_post: bool = True
    settings: ChatSettings = NO_SETTINGS
    last_seen_at: str | None = None
    last_delivered_seq: int = 0
    peer_delivered_seq: int = 0
    hidden: Sequence[Stay] = ()  # with `among`: `Stays.hidden`
    is_empty: bool = False  # deleted by who asks, for themselves: in no list until there is more
    reads_hidden: bool = False
    unread_mentions: int = 0  # of the unread messages, how many mention who asks
    is_saved: bool = False  # my saved messages
    disappear_after: int = 0  # seconds; 0: never


_LAST = "conversation__last_message"
_MINE = "conversation__memberships"
# Where columns begin, in a row of a direct chat:
SETTINGS = 12
PERSON = SETTINGS + len(SETTINGS_COLUMNS)
MESSAGE = PERSON + len(PERSON_COLUMNS)
EXPIRY = SETTINGS - 1
_GROUP = (
    "conversation_id",
    "conversation__last_seq",
    "last_read_seq",
    "last_delivered_seq",
    "since_seq",
    "until_seq",
    "earlier_stays",
    "role",
    "conversation__posting",
    "conversation__member_count",
    "conversation__title",
    "conversation__picture",
    "conversation__created_at",
    "conversation__disappear_after",
    "conversation__next_expiry",
    *SETTINGS_COLUMNS,
)
EXPIRY_IN_GROUP = _GROUP.index("conversation__next_expiry")


def _direct(*, me: Any) -> QuerySet[Membership, Row]:
    """By the memberships of the others, beside which are those of `me`."""
    theirs = Membership.objects.filter(
        **{f"{_MINE}__user_id": me, f"{_MINE}__conversation__lt": FIRST_GROUP},
        conversation__last_seq__gt=0,
    )
    return theirs.exclude(user_id=me).values_list(
        "conversation_id",
        "conversation__last_seq",
        f"{_MINE}__last_read_seq",
        f"{_MINE}__since_seq",
        f"{_MINE}__until_seq",
        f"{_MINE}__earlier_stays",
        f"{_MINE}__last_delivered_seq",
        "last_read_seq",
        "last_delivered_seq",
        "user__last_seen_at",
        "conversation__disappear_after",
        "conversation__next_expiry",
        *(f"{_MINE}__{name}" for name in SETTINGS_COLUMNS),
        *(f"user__{name}" for name in PERSON_COLUMNS),
        *columns(f"{_LAST}__"),
    )


def _groups(*, me: Any) -> QuerySet[Membership, Row]:
    mine = Membership.objects.filter(
        user_id=me, conversation__gte=FIRST_GROUP, conversation__last_seq__gt=0
    )
    return mine.values_list(*_GROUP, *columns(f"{_LAST}__"))


def _counts(which: Q, *, me: Any) -> QuerySet[Message, Row]:
    """By conversation, how many of the unread messages match `which`."""
    read = F(f"{_MINE}__last_read_seq")
    end = Coalesce(F(f"{_MINE}__until_seq"), F("conversation__last_seq"))
    unread = Message.objects.filter(
        which,
        **{f"{_MINE}__user_id": me},
        conversation__last_seq__gt=read,
        seq__gt=Greatest(read, F(f"{_MINE}__since_seq"), end - UNREAD_WINDOW),
        seq__lte=end,
    )
    return unread.values_list("conversation_id").annotate(Count("pk"))


def _deleted(*, me: Any) -> QuerySet[Message, Row]:
    """Few messages are, so they have a small index."""
    return _counts(Q(deleted=True), me=me)


def _expired(*, me: Any, moment: Any) -> QuerySet[Message, Row]:
    return _counts(_expired_by(moment), me=me)


def _expired_by(moment: Any) -> Q:
    """And not removed yet, by the condition of the index `expiring_messages`."""
    return Q(is_expiring=True, expires_at__lte=moment, deleted=False)


def _mentioning(*, me: Any, moment: Any) -> QuerySet[Message, Row]:
    """Messages that mention somebody have a small index, too."""
    return _counts(_mentions_of(me, moment), me=me)


def _mentions_of(person: Any, moment: Any) -> Q:
    """Repeats the condition of the index `mentioning_messages`. The stored keys are in quotes and
    all of the same length, so that a match is always a whole key.
    """
    nobody = "" if settings.MONGODB else EmptyText()
    return Q(is_there(moment), mentions__gt=nobody, mentions__contains=person)


class _Rows:
    """Of all of a person's conversations, or of some."""

    def __init__(
        self, build: Callable[..., QuerySet[Any, Row]], *, packed: bool = False, rare: int = 0
    ) -> None:
        self._all = Select(build, packed=packed, rare=rare)
        self._some = SelectAmong(
            lambda keys, **given: build(**given).filter(conversation__pk__in=keys),
            packed=packed,
            rare=rare,
        )

    def __call__(self, me: str, among: Collection[str] | None = None, **given: Any) -> list[Row]:
        if among is None:
            return self._all.rows(me=me, **given)
        return self._some.rows_among(among, me=me, **given)


_DIRECT = _Rows(_direct, packed=True, rare=RARE)
_GROUPS = _Rows(_groups, packed=True, rare=RARE)
_DELETED, _EXPIRED, _MENTIONING = _Rows(_deleted), _Rows(_expired), _Rows(_mentioning)
_LAST_SEEN = SelectAmong(
    lambda pairs: Message.objects.filter(_any(pairs)).values_list(*COLUMNS),
    width=2,
    packed=True,
    rare=RARE,
)


def _any(pairs: Collection[tuple[Any, Any]]) -> Q:
    found = Q()
    for conversation, seq in pairs:
        found |= Q(conversation_id=conversation, seq=seq)
    return found


def chats_of(user: User | Principal, *, among: Collection[str] | None = None) -> list[Chat]:
    """Whom `user` has messages with, and their groups, those first that are pinned, then the latest
    activity: in all conversations; or in those of these keys, with what others have read in groups.
    """
    me, at = user.pk, now()
    moment = timestamp(at)
    people = None if among is None else [key for key in among if not is_group(key)]
    in_groups = None if among is None else [key for key in among if is_group(key)]
    if settings.MONGODB:
        direct, groups = _direct_on_mongodb(me, people), _groups_on_mongodb(me, in_groups)
        seen_rows = [*map(_direct_as_seen, direct), *map(_as_seen, groups)]
        deleted = _counts_on_mongodb(Q(deleted=True), seen_rows)
    else:
        direct, groups = _DIRECT(me, people), _GROUPS(me, in_groups)
        deleted = dict(_DELETED(me, among)) if direct or groups else {}
    _add_expired(deleted, me, direct, groups, at)
    earlier = _earlier_unread(me, direct, groups, at)
    site, shown = absolute(""), rules()
    seen = {row[0]: Stays.of(*row[3:6]) for row in direct if row[3] or row[4] is not None}
    ends = [(row[0], row[1]) for row in direct if row[3] >= row[1] or row[4] is not None]
    last_seen = _last_seen(ends, seen)
    chats = [
        _direct_chat(
            me, row, deleted.get(row[0], 0), seen.get(row[0]), last_seen, shown, site, moment
        )
        for row in direct
    ]
    if groups:
        mentions = _unread_mentions(me, groups, in_groups, at)
        chats += _group_chats(
            me, groups, deleted, mentions, site, moment, with_marks=among is not None
        )
    add_own(me, (chat.last_message for chat in chats if chat.last_message))
    if earlier:
        chats = [_with_unread(chat, *earlier.get(chat.peer.id, (0, 0))) for chat in chats]
    writers = {chat.peer.id for chat in chats if _is_last_theirs(chat)}
    redact_for(me, (chat.peer for chat in chats), writers=writers)
    chats.sort(key=_sort_key, reverse=True)
    return [chat for chat in chats if not chat.is_empty] if among is None else chats


def _is_last_theirs(chat: Chat) -> bool:
    """The other one of a direct chat has written; what they write in groups says nothing here."""
    return chat.last_message is not None and chat.last_message.sender_id == chat.peer.id


def _add_expired(
    deleted: dict[str, int],
    me: str,
    direct: Collection[Row],
    groups: Collection[Row],
    at: datetime,
) -> None:
    """To the counts of deleted messages, where one has expired that is not removed yet."""
    moment = timestamp(at)
    due = [row for row in direct if row[EXPIRY] and timestamp(row[EXPIRY]) <= moment]
    in_groups = [
        row for row in groups if row[EXPIRY_IN_GROUP] and timestamp(row[EXPIRY_IN_GROUP]) <= moment
    ]
    if not (due or in_groups):
        return
    if settings.MONGODB:
        seen = [*map(_direct_as_seen, due), *map(_as_seen, in_groups)]
        counts = _counts_on_mongodb(_expired_by(at), seen)
    else:
        counts = dict(_EXPIRED(me, [row[0] for row in [*due, *in_groups]], moment=at))
    for key, count in counts.items():
        deleted[key] = deleted.get(key, 0) + count


def _unread_mentions(
    me: str, groups: Collection[Row], among: Collection[str] | None, at: datetime
) -> dict[str, int]:
    """By group, how many unread messages mention them. No query when all is read."""
    unread = [each for each in map(_as_seen, groups) if each[2] < each[1]]
    if not unread:
        return {}
    if settings.MONGODB:
        return _counts_on_mongodb(_mentions_of(me, at), unread)
    return dict(_MENTIONING(me, among, moment=at))


def _earlier_unread(
    me: str, direct: Collection[Row], groups: Collection[Row], at: datetime
) -> dict[str, tuple[int, int]]:
    """By peer, what is unread before `since_seq`: how many messages they see there, and how many of
    those mention them. No query unless they have deleted something unread for themselves.
    """
    parts: dict[str, Stays] = {}
    peers: dict[str, str] = {}
    rows = [
        (*row[:4], row[5], row[PERSON])
        for row in direct
        if row[5] and row[4] is None  # of whom they have blocked nothing counts as unread
    ]
    rows += [
        (group.key, group.end, group.read_seq, group.since, group.earlier, group.key)
        for group in (_GroupRow(*row[: len(_GROUP)]) for row in groups)
        if group.earlier
    ]
    for key, end, read_seq, since, earlier, peer in rows:
        after = max(read_seq, end - UNREAD_WINDOW)
        if after < since:
            parts[key] = Stays.of(since, None, earlier).without([(0, after), (since, LAST)])
            peers[key] = peer
    counts = {key: [sum(until - since for since, until in seen), 0] for key, seen in parts.items()}
    keys = [key for key, (messages, _mentions) in counts.items() if messages]
    for start in range(0, len(keys), CHUNK):
        ranges = Q()
        for key in keys[start : start + CHUNK]:
            first, last = parts[key][0][0], parts[key][-1][1]
            ranges |= Q(conversation=key, seq__gt=first, seq__lte=last)
        gone = Q(deleted=True) | Q(expires_at__lte=at)
        found = Message.objects.filter(ranges, gone | _mentions_of(me, at))
        rows_found = found.values_list("conversation_id", "seq", "deleted", "expires_at")
        for key, seq, is_deleted, expires_at in rows_found:
            if not parts[key].see(seq):
                continue
            if is_deleted or (expires_at and expires_at <= at):
                counts[key][0] -= 1
            else:
                counts[key][1] += 1
    return {peers[key]: (messages, mentions) for key, (messages, mentions) in counts.items()}


def _with_unread(chat: Chat, messages: int, mentions: int) -> Chat:
    return msgspec.structs.replace(
        chat,
        unread_count=chat.unread_count + messages,
        unread_mentions=chat.unread_mentions + mentions,
    )


def _last_seen(ends: Collection[tuple[str, int]], seen: Mapping[str, Stays]) -> dict[str, Row]:
    """The last message that they see of each of these conversations, up to so far."""
    last = [(key, seq) for key, end in ends if (seq := seen[key].last(end))]
    return {row[CONVERSATION]: row for row in _LAST_SEEN.rows_among(last)}


def _sort_key(chat: Chat) -> tuple[str, str]:
    """static/js/elements/chat-rows.js has the same order."""
    return chat.settings.pinned_at or "", chat.last_message.id if chat.last_message else ""


def _direct_chat(
    me: str,
    row: Row,
    deleted: int,
    seen: Stays | None,
    last_seen: Mapping[str, Row],
    shown: Rules,
    site: str,
    moment: str,
) -> Chat:
    # Runs a thousand times for whoever has as many chats: each call counts.
    (
        key,
        last_seq,
        read_seq,
        since,
        until,
        _earlier,
        delivered,
        peer_read,
        peer_delivered,
        seen_at,
        disappear_after,
        _expiry,
    ) = row[:SETTINGS]
    peer, message = person_of_row(row[PERSON:MESSAGE], site), row[MESSAGE:]
    is_gone = row[PERSON + 2] == peer.id  # a deleted account has no address
    blocked = until is not None
    if until is not None:
        last_seq, peer_read = until, min(peer_read, until)
        peer_delivered = peer_delivered and min(peer_delivered, until)
    if blocked or since >= last_seq:  # they may have deleted that one for themselves
        message = last_seen.get(key) or (None,)
    last_message = None
    if message[0]:
        last_message = record_of_row(message, peer.id if message[SENDER] == me else me)
    reads_hidden = not shown.sees("read_receipts", me, peer.id)
    seen_at = shown.last_seen(me, peer.id, seen_at)
    return Chat(
        peer,
        key,
        last_message,
        0 if blocked else unread(last_seq, max(read_seq, since), deleted),
        last_seq,
        read_seq,
        0 if reads_hidden else peer_read,
        can_post=not (blocked or is_gone),
        settings=settings_of_row(
            row[SETTINGS:PERSON], end=last_seq, read_seq=read_seq, moment=moment, blocked=blocked
        ),
        reads_hidden=reads_hidden,
        last_seen_at=timestamp(seen_at) if seen_at else None,
        last_delivered_seq=delivered_mark(read_seq, delivered),
        peer_delivered_seq=delivered_mark(peer_read, peer_delivered),
        hidden=seen.hidden(last_seq) if seen else (),
        is_empty=seen is not None and not seen.last(last_seq),
        disappear_after=0 if blocked else disappear_after,
    )


def unread(last_seq: int, last_read_seq: int, deleted: int) -> int:
    """`seq` has no gaps, so that nothing but what was deleted has to be counted. What is before
    `since_seq` is counted by `_earlier_unread`.
    """
    if last_seq <= last_read_seq:
        return 0
    return max(0, min(last_seq - last_read_seq, UNREAD_WINDOW) - deleted)


class _GroupRow(NamedTuple):
    """The first columns of a group's row: `_GROUP`."""

    key: str
    last_seq: int
    read_seq: int
    delivered_seq: int | None
    since: int
    until: int | None
    earlier: str
    role: str
    posting: str
    member_count: int
    title: str
    picture: str
    created_at: Any
    disappear_after: int
    next_expiry: Any
    pinned_at: Any
    archived_seq: int | None
    muted_until: Any
    marked_unread_seq: int | None
    draft: str
    is_request: bool

    @property
    def settings(self) -> Row:
        return self[-len(SETTINGS_COLUMNS) :]

    @property
    def end(self) -> int:
        """The last message that was sent to them."""
        return self.last_seq if self.until is None else min(self.until, self.last_seq)

    @property
    def sees_another_last(self) -> bool:
        """Than that of the group."""
        return self.until is not None or self.since >= self.last_seq


def _group_chats(
    me: str,
    rows: Collection[Row],
    deleted: dict[str, int],
    mentions: dict[str, int],
    site: str,
    moment: str,
    *,
    with_marks: bool,
) -> Iterator[Chat]:
    groups = [(_GroupRow(*row[: len(_GROUP)]), row[len(_GROUP) :]) for row in rows]
    seen = {
        group.key: Stays.of(group.since, group.until, group.earlier)
        for group, _last in groups
        if group.since or group.until is not None
    }
    ends = [(group.key, group.end) for group, _last in groups if group.sees_another_last]
    last_seen = _last_seen(ends, seen)
    live = [
        group.key for group, _last in groups if are_marks_visible(group.until, group.member_count)
    ]
    marks = marks_of_others(me, live) if with_marks else {}
    for group, last in groups:
        message = last_seen.get(group.key) if group.sees_another_last else last
        others = marks.get(group.key, NO_MARKS)
        chat = _group_chat(group, message, deleted.get(group.key, 0), others, site, moment)
        if count := mentions.get(group.key):
            chat = msgspec.structs.replace(chat, unread_mentions=count)
        is_saved = group.key == saved_key(me)
        if is_saved:
            chat = _saved_chat(chat, site)
        stays = seen.get(group.key)
        if stays and with_marks:
            chat = msgspec.structs.replace(chat, hidden=stays.hidden(group.end))
        is_left = group.until is not None or is_saved
        if stays and is_left and not stays.last(group.end):
            chat = msgspec.structs.replace(chat, is_empty=True)
        yield chat


def _group_chat(
    group: _GroupRow, message: Row | None, deleted: int, others: Marks, site: str, moment: str
) -> Chat:
    is_in = group.until is None
    last_message = None
    if message and message[0]:
        last_message = record_of_row(message, group.key)
    return Chat(
        peer=person_of_row((group.key, group.title, "", group.picture, group.created_at), site),
        conversation_id=group.key,
        last_message=last_message,
        unread_count=unread(group.end, max(group.read_seq, group.since), deleted),
        last_seq=group.end,
        last_read_seq=group.read_seq,
        peer_read_seq=others.read,
        last_delivered_seq=delivered_mark(group.read_seq, group.delivered_seq),
        peer_delivered_seq=others.delivered,
        is_group=True,
        member_count=group.member_count if is_in else 0,
        role=group.role if is_in else None,
        disappear_after=group.disappear_after if is_in else 0,
        can_post=is_in and (group.posting == Posting.ALL or group.role != Role.MEMBER),
        settings=settings_of_row(
            group.settings, end=group.end, read_seq=group.read_seq, moment=moment
        ),
    )


def _saved_chat(chat: Chat, site: str) -> Chat:
    picture = site + SAVED_PICTURE
    peer = msgspec.structs.replace(chat.peer, full_name=saved_name(), profile_pic=picture)
    return msgspec.structs.replace(chat, peer=peer, is_saved=True)


# MongoDB's servers are slow to count and order by what is joined.

_person, _message = attrgetter(*PERSON_COLUMNS), attrgetter(*COLUMNS)
_settings = attrgetter(*SETTINGS_COLUMNS)
_group = attrgetter(*(name.replace("__", ".") for name in _GROUP))


def _mine_on_mongodb(me: str, among: Collection[str] | None) -> QuerySet[Membership]:
    mine = Membership.objects.of(me).filter(conversation__last_seq__gt=0)
    if among is not None:
        mine = mine.filter(conversation__in=list(among))
    return mine.select_related("conversation").prefetch_related(_LAST)


def _direct_on_mongodb(me: str, among: Collection[str] | None) -> list[Row]:
    direct = _mine_on_mongodb(me, among).filter(conversation__lt=FIRST_GROUP)
    return [
        (
            mine.conversation_id,
            mine.conversation.last_seq,
            mine.last_read_seq,
            mine.since_seq,
            mine.until_seq,
            mine.earlier_stays,
            mine.last_delivered_seq,
            theirs.last_read_seq,
            theirs.last_delivered_seq,
            theirs.user.last_seen_at,
            mine.conversation.disappear_after,
            mine.conversation.next_expiry,
            *_settings(mine),
            *_person(theirs.user),
            *_columns_of(mine.conversation.last_message),
        )
        for mine in direct.prefetch_related(f"{_MINE}__user")
        for theirs in mine.conversation.memberships.all()
        if theirs.user_id != me
    ]


def _groups_on_mongodb(me: str, among: Collection[str] | None) -> list[Row]:
    groups = _mine_on_mongodb(me, among).filter(conversation__gte=FIRST_GROUP)
    return [(*_group(mine), *_columns_of(mine.conversation.last_message)) for mine in groups]


def _columns_of(message: Message | None) -> Row:
    return _message(message) if message else (None,) * len(COLUMNS)


def _direct_as_seen(row: Row) -> Row:
    end = row[1] if row[4] is None else row[4]
    return row[0], end, max(row[2], row[3])


def _as_seen(row: Row) -> Row:
    group = _GroupRow(*row[: len(_GROUP)])
    return group.key, group.end, max(group.read_seq, group.since)


def _counts_on_mongodb(which: Q, rows: Collection[Row]) -> dict[str, int]:
    unread = [(key, end, read_seq) for key, end, read_seq in rows if read_seq < end]
    counts: dict[str, int] = {}
    for start in range(0, len(unread), CHUNK):
        unseen = Q()
        for key, end, read_seq in unread[start : start + CHUNK]:
            after = max(read_seq, end - UNREAD_WINDOW)
            unseen |= Q(conversation=key, seq__gt=after, seq__lte=end)
        found = Message.objects.filter(unseen, which).values_list("conversation")
        counts.update(found.annotate(Count("pk")))
    return counts
