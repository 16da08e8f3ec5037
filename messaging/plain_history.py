"""History as JSON that the database made: most pages hold no picture, and need no more.

`querysets.history` and `payloads.message_payload` say the same of any page.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from chatsite.fastpath.statements import Row, Select
from messaging.models import Message
from messaging.payloads import plain_message_json
from messaging.querysets import find_conversation


@dataclass(frozen=True, slots=True)
class PlainPage:
    messages: list[str]  # JSON, oldest first
    before: int | None  # where the page before ends, if there is one


def _page(
    limit: int, *, conversation: Any, me: Any, peer: Any, before: Any = None
) -> QuerySet[Message, Row]:
    messages = Message.objects.filter(conversation_id=conversation, deleted=False)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    json = plain_message_json(me, peer)
    return messages.order_by("-seq").values_list("seq", "image", json)[:limit]


_PAGE = Select(_page)


def plain_history(
    user_id: str, peer_id: str, *, before: int | None, limit: int
) -> PlainPage | None:
    """None when the page holds a picture, or the database makes no JSON."""
    if settings.MONGODB or not settings.FAST.statements:
        return None
    conversation = find_conversation(user_id, peer_id)
    if conversation is None:
        return PlainPage([], None)
    given: dict[str, Any] = {"conversation": conversation.pk, "me": user_id, "peer": peer_id}
    if before is not None:
        given["before"] = before
    rows = _PAGE.rows(limit + 1, **given)
    page = rows[:limit]
    if any(image for _seq, image, _json in page):
        return None
    messages = [json for _seq, _image, json in reversed(page)]
    return PlainPage(messages, page[-1][0] if len(rows) > limit else None)
