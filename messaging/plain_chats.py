"""The chat list as JSON that the database made, but for what it does not know: who is online, how
faces are drawn, and where pictures are.

`chats.chats_of` and `payloads.chat_payload` say the same of any list.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When

from accounts.payloads import picture_path
from chatsite.fastpath.expressions import WireFields, WireKey, WireText, WireTimestamp
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select
from chatsite.wire import absolute
from messaging.chats import MessageRow, deleted_unread, unread
from messaging.models import Membership, Message
from messaging.payloads import message_payload, plain_message_json

CHUNK = 500  # keys in one query
LAST, MESSAGE = 8, 9  # columns: the key of the last message, and its JSON

_LAST = "conversation__last_message"
_MINE = "conversation__memberships"


def _chats(*, me: Any) -> QuerySet[Membership, Row]:
    """By the memberships of the others, beside which are those of `me`."""
    theirs = Membership.objects.filter(**{f"{_MINE}__user_id": me}, conversation__last_seq__gt=0)
    latest_first = F(f"{_LAST}_id").desc(nulls_last=True)
    return (
        theirs.exclude(user_id=me)
        .order_by(latest_first)
        .values_list(
            "conversation_id",
            "conversation__last_seq",
            f"{_MINE}__last_read_seq",
            "user_id",
            "user__full_name",
            "user__picture",
            WireFields(
                _id=WireKey("user_id"),
                fullName=WireText("user__full_name"),
                email=WireText("user__email"),
            ),
            WireTimestamp("user__created_at"),
            f"{_LAST}_id",
            _plain_message(me),
        )
    )


def _plain_message(me: Any) -> Case:
    """Null where the database cannot tell of it."""
    is_plain = Q(**{f"{_LAST}__image": "", f"{_LAST}__deleted": False})
    return Case(
        When(**{f"{_LAST}_id": None}, then=Value("null", TextField())),
        When(is_plain, then=plain_message_json(me, F("user_id"), f"{_LAST}__")),
    )


_CHATS = Select(_chats)


def plain_chats(user_id: str, online: Collection[str]) -> list[str] | None:
    """Each chat as JSON, the latest activity first. None when the database makes no JSON."""
    if settings.MONGODB or not settings.FAST.statements:
        return None
    rows = _CHATS.rows(me=user_id)
    deleted = deleted_unread(user_id)
    others = _messages([row[LAST] for row in rows if row[MESSAGE] is None])
    site, chats = absolute(""), []
    for row in rows:
        key, last_seq, last_read_seq, peer, name, picture, person, since, last, message = row
        chats.append(
            f'{{{person},"profilePic":"{site}{picture_path(peer, name, picture)}"'
            f',"createdAt":"{since}"'
            f',"lastMessage":{message or _message_json(others.get(last), user_id, peer)}'
            f',"unreadCount":{unread(last_seq, last_read_seq, deleted.get(key, 0))}'
            f',"online":{"true" if peer in online else "false"}}}'
        )
    return chats


def _messages(keys: list[str]) -> dict[str, Row]:
    """By their keys. One that was removed for good meanwhile lacks."""
    found: dict[str, Row] = {}
    for start in range(0, len(keys), CHUNK):
        rows = Message.objects.filter(pk__in=keys[start : start + CHUNK]).values_list(
            *MessageRow.stored(),
            WireTimestamp("created_at"),
            WireTimestamp("updated_at"),
            "deleted",
        )
        found.update((row[0], row) for row in rows)
    return found


def _message_json(row: Row | None, me: str, peer: str) -> str:
    if row is None:
        return "null"
    receiver = peer if row[1] == me else me
    message = MessageRow._make((*row[:-1], receiver, row[-1]))
    return msgspec.json.encode(message_payload(message)).decode()
