"""History as JSON that the database made: most pages hold no picture, and need no more.

`querysets.history` and `payloads.message_payload` say the same of any page.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import Case, OuterRef, QuerySet, TextField, Value, When

from chatsite.fastpath.expressions import Lines
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select
from messaging.models import Conversation, Message, direct_key
from messaging.payloads import plain_message_json

NOT_PLAIN = ""  # instead of a message with a picture


@dataclass(frozen=True, slots=True)
class PlainPage:
    messages: list[str]  # JSON, oldest first
    before: int | None  # where the page before ends, if there is one


def _page(limit: int, *, key: Any, me: Any, peer: Any, before: Any = None) -> QuerySet[Any, Row]:
    """One row, of one text: what is fetched row by row lets go of the interpreter for each."""
    messages = Message.objects.filter(conversation_id=OuterRef("pk"), deleted=False)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    line = Case(
        When(image="", then=plain_message_json(me, peer)), default=Value(NOT_PLAIN, TextField())
    )
    page = messages.order_by("-seq").annotate(line=line).values("line")[:limit]
    return Conversation.objects.filter(key=key, memberships__user_id=peer).values_list(Lines(page))


_PAGE = Select(_page)


class _Numbered(msgspec.Struct):
    seq: int


_read = msgspec.json.Decoder(_Numbered).decode


def plain_history(
    user_id: str, peer_id: str, *, before: int | None, limit: int
) -> PlainPage | None:
    """None when the page holds a picture, or the database makes no JSON. Where there is a message,
    there is a peer, too.
    """
    if settings.MONGODB or not settings.FAST.statements:
        return None
    given: dict[str, Any] = {"key": direct_key(user_id, peer_id), "me": user_id, "peer": peer_id}
    if before is not None:
        given["before"] = before
    row = _PAGE.first(limit + 1, **given)
    if row is None or row[0] is None:
        return PlainPage([], None)
    messages = row[0].split("\n")
    page = messages[:limit]
    if NOT_PLAIN in page:
        return None
    return PlainPage(page[::-1], _read(page[-1]).seq if len(messages) > limit else None)
