"""The pictures, files, voice messages and links of a conversation, as somebody in it sees them."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

from django.db.models import QuerySet

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select
from messaging.models import Membership, Message, is_group
from messaging.queries.history import seen_rows
from messaging.queries.own import add_own
from messaging.queries.visibility import Stays, conversation_with, is_there, membership_in
from messaging.shapes.record import COLUMNS, SENDER, MessageRecord, record_of_row

Kind = Literal["pictures", "files", "voice", "links"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_COLUMNS = {
    "pictures": "has_picture",
    "files": "has_file",
    "voice": "has_voice",
    "links": "has_link",
}


@dataclass(frozen=True, slots=True)
class SharedPage:
    messages: list[MessageRecord]  # newest first
    before: int | None  # where the next page begins, if there is one


def shared_page(
    user: User | Principal, conversation: str, *, kind: Kind, limit: int, before: int | None = None
) -> SharedPage:
    """Those messages with a picture, another file, a voice or a link that `user` may see, also
    after they have left. Raises DomainError 404.
    """
    return _page(membership_in(user, conversation, or_past=True), kind, limit, before)


def shared_with(
    user: User, peer: str, *, kind: Kind, limit: int, before: int | None = None
) -> SharedPage:
    """The same of the conversation with that peer, if there is one."""
    conversation = conversation_with(user.pk, peer)
    memberships = Membership.objects.of(user.pk).select_related("conversation")
    mine = memberships.filter(conversation_id=conversation).first()
    return _page(mine, kind, limit, before) if mine else SharedPage([], None)


def shared_in(
    kind: Kind, limit: int, *, conversation: Any, after: Any, before: Any, moment: Any
) -> QuerySet[Message, Row]:
    """By the condition of one of the indexes `shared_…`."""
    messages = Message.objects.filter(
        is_there(moment), conversation_id=conversation, seq__gt=after, seq__lt=before
    )
    messages = messages.filter(**{_COLUMNS[kind]: True})
    return messages.order_by("-seq").values_list(*COLUMNS)[:limit]


_SHARED = Select(shared_in, packed=True)


def _page(mine: Membership, kind: Kind, limit: int, before: int | None) -> SharedPage:
    stays = Stays.of(mine.since_seq, mine.until_seq, mine.earlier_stays)
    me, peer = mine.user_id, mine.conversation.peer_id(mine.user_id)
    of = {"conversation": mine.conversation_id, "moment": now()}
    read = partial(_SHARED.rows, kind, limit + 1, **of)
    rows = seen_rows(stays, before, limit + 1, read)
    records = [
        record_of_row(row, peer if row[SENDER] == me or is_group(peer) else me)
        for row in rows[:limit]
    ]
    add_own(me, records)
    return SharedPage(records, records[-1].seq if len(rows) > limit else None)
