"""The messages of a conversation, as somebody in it may see them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select
from chatsite.keys import is_key
from messaging.models import Conversation, Membership, Message, direct_key, is_group
from messaging.queries.own import add_own
from messaging.queries.people import is_person
from messaging.queries.visibility import (
    LAST,
    Stays,
    check_peer,
    find_conversation,
    is_there,
    stays_in,
    stays_with,
    unexpired,
)
from messaging.shapes.record import COLUMNS, RARE, SENDER, SEQ, MessageRecord, record_of_row


@dataclass(frozen=True, slots=True)
class HistoryPage:
    messages: list[MessageRecord]  # oldest first
    before: int | None  # where the page before ends, if there is one


def history_page(
    user: User | Principal, peer: str, *, before: int | None, limit: int
) -> HistoryPage:
    """Without deleted messages. Raises NotFound when there is no such peer."""
    messages = history(user, peer, before=before, limit=limit + 1)
    if not messages:
        check_peer(peer, user.pk)
    page = messages[-limit:]
    return HistoryPage(page, page[0].seq if len(messages) > limit else None)


def history(
    user: User | Principal,
    peer: str,
    *,
    before: int | None,
    limit: int,
    include_deleted: bool = False,
) -> list[MessageRecord]:
    """The newest `limit` messages with that peer before seq `before`, oldest first. What has
    disappeared is not among them, deleted or not.
    """
    if not is_key(peer):
        return []
    me = user.pk  # which a User looks for each time
    if is_group(peer):
        rows = _group_history(me, peer, before, limit, include_deleted)
        records = [record_of_row(row, peer) for row in reversed(rows)]
        add_own(me, records)
        return records
    given: dict[str, Any] = {} if before is None else {"before": before}
    if settings.MONGODB:
        rows = _history_on_mongodb(me, peer, before, limit, include_deleted)
    else:
        key = direct_key(me, peer)
        rows = _HISTORY.rows(
            limit, include_deleted, key=key, me=me, peer=peer, moment=now(), **given
        )
        if len(rows) < limit and not (rows and rows[-1][SEQ] == 1):
            rows = _rest(rows, me, peer, before, limit, include_deleted)
    records = [record_of_row(row, peer if row[SENDER] == me else me) for row in reversed(rows)]
    add_own(me, records)
    return records


def _history(
    limit: int,
    include_deleted: bool,
    *,
    conversation: Any,
    moment: Any,
    after: Any = None,
    before: Any = None,
    until: Any = None,
) -> QuerySet[Message, Row]:
    messages = Message.objects.filter(conversation_id=conversation)
    if until is not None:
        messages = messages.filter(seq__lte=until)
    if after is not None:
        messages = messages.filter(seq__gt=after)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    messages = messages.filter(unexpired(moment) if include_deleted else is_there(moment))
    return messages.order_by("-seq").values_list(*COLUMNS)[:limit]


def _history_with(
    limit: int, include_deleted: bool, *, key: Any, me: Any, peer: Any, **given: Any
) -> QuerySet[Message, Row]:
    """Of the conversation of that key, in which `peer` still is: what is after the last message
    that `me` has deleted for themselves.
    """
    conversations = Conversation.objects.filter(key=key, memberships__user_id=peer).values("pk")
    mine = Membership.objects.filter(conversation__key=key, user_id=me)
    given["after"] = Subquery(mine.values("since_seq"))
    end = Value(LAST, output_field=BigIntegerField())  # until there: of who has blocked `peer`
    given["until"] = Coalesce(Subquery(mine.values("until_seq")), end)
    return _history(limit, include_deleted, conversation=Subquery(conversations), **given)


_HISTORY = Select(_history_with, packed=True, rare=RARE)

_PART = Select(_history, packed=True, rare=RARE)


def _rest(
    rows: list[Row], me: str, peer: str, before: int | None, limit: int, include_deleted: bool
) -> list[Row]:
    """What `me` sees before those of a page that is not full."""
    conversation = find_conversation(me, peer)
    stays = stays_in(conversation.pk, me) if conversation and is_person(peer) else None
    if conversation is None or not stays or stays == [(0, LAST)]:
        return rows
    return _seen(conversation.pk, stays, before, limit, include_deleted)


def _group_history(
    me: str, group: str, before: int | None, limit: int, include_deleted: bool
) -> list[Row]:
    return _seen(group, stays_in(group, me) or Stays(), before, limit, include_deleted)


def _seen(
    conversation: str, stays: Stays, before: int | None, limit: int, include_deleted: bool
) -> list[Row]:
    read = partial(_PART.rows, limit, include_deleted, conversation=conversation, moment=now())
    return seen_rows(stays, before, limit, read)


def seen_rows(
    stays: Stays, before: int | None, limit: int, read: Callable[..., list[Row]]
) -> list[Row]:
    """The newest rows, at most `limit`, out of the pages that `read(after=…, before=…)` returns.
    Hidden messages are skipped here: however many parts are hidden, they take no query each.
    """
    rows: list[Row] = []
    after = min((since for since, _until in stays), default=0)
    end = LAST if before is None else before
    while len(rows) < limit and (last := stays.last(end - 1)):
        page = read(after=after, before=last + 1)
        rows += [row for row in page if stays.see(row[SEQ])]
        if len(page) < limit:
            break
        end = page[-1][SEQ]
    return rows[:limit]


def _history_on_mongodb(
    me: str, peer: str, before: int | None, limit: int, include_deleted: bool
) -> list[Row]:
    """Which would begin at everybody's memberships."""
    conversation = find_conversation(me, peer)
    if conversation is None or not is_person(peer):
        return []
    stays = stays_in(conversation.pk, me) or Stays()
    return _seen(conversation.pk, stays, before, limit, include_deleted)


def history_oldest_first(
    user: User | Principal, peer: str, *, limit: int
) -> Iterator[list[MessageRecord]]:
    """All messages with that peer, the oldest first, at most `limit` at once, without deleted ones:
    for what passes through the whole of a conversation.
    """
    me = user.pk
    conversation, stays = stays_with(me, peer)
    ends = Conversation.objects.filter(pk=conversation).values_list("last_seq", flat=True)
    end = ends.first() or 0
    for since, until in (stays or Stays()).merged():
        last = min(until, end)
        for after in range(since, last, limit):
            before = min(after + limit, last) + 1
            part = {"conversation": conversation, "after": after, "before": before}
            rows = _PART.rows(limit, False, moment=now(), **part)
            records = [
                record_of_row(row, me if not is_group(peer) and row[SENDER] != me else peer)
                for row in reversed(rows)
            ]
            add_own(me, records)
            if records:
                yield records


def originals_of(
    user: User | Principal, peer: str, keys: Iterable[str]
) -> dict[str, MessageRecord]:
    """Of these messages, those in the conversation with that peer that `user` may see, deleted or
    not.
    """
    me = user.pk
    conversation, stays = stays_with(me, peer)
    if stays is None:
        return {}
    found = Message.objects.filter(pk__in=list(keys), conversation_id=conversation)
    records = [
        record_of_row(row, me if not is_group(peer) and row[SENDER] != me else peer)
        for row in found.values_list(*COLUMNS)
    ]
    add_own(me, records)
    return {record.id: record for record in records if stays.see(record.seq)}


def first_unread(user: User, peer: str, *, read_seq: int) -> int | None:
    """The seq of the first message from somebody else after that, unless none is left."""
    conversation, stays = stays_with(user.pk, peer)
    for since, until in stays or ():
        if until <= read_seq:
            continue
        unread = Message.objects.filter(
            is_there(now()),
            conversation_id=conversation,
            seq__gt=max(read_seq, since),
            seq__lte=until,
        ).exclude(sender_id=user.pk)
        first = unread.order_by("seq").values_list("seq", flat=True).first()
        if first is not None:
            return first
    return None


def first_since(user: User, peer: str, moment: datetime) -> tuple[str, int] | None:
    """Key and seq of the first message at that moment or later which they may see, or else of the
    newest one; None without any.
    """
    conversation, stays = stays_with(user.pk, peer)
    newest = None
    for since, until in stays or ():
        messages = Message.objects.filter(
            conversation_id=conversation, seq__gt=since, seq__lte=until
        ).values_list("pk", "seq", "created_at")
        last = messages.order_by("-seq").first()
        if last and last[2] >= moment:
            return _first_since(messages, since + 1, last[1], moment)
        newest = last[:2] if last else newest
    return newest


def _first_since(messages: Any, low: int, high: int, moment: datetime) -> tuple[str, int]:
    """Between these two `seq`. The times of a conversation rise with it, so that twenty steps along
    its index find one of a million; times themselves need none.
    """
    while True:
        middle = (low + high) // 2
        key, seq, created_at = messages.filter(seq__gte=middle).order_by("seq").first()
        if created_at < moment:
            low = seq + 1
        elif middle > low:
            high = middle
        else:
            return key, seq
