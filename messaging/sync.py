"""What changed for a person since a cursor: how a client that was away gets everything, without
asking for all.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.keys import is_key
from messaging.chats import Chat, chats_of
from messaging.models import Membership, Message

PAGE = 500
# A write carries the time at which it began, which is before its commit. Looking back this far
# finds those still under way when a cursor was made, and forgives workers' clocks that disagree.
LOOKBACK = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Cursor:
    moment: datetime
    message_id: str = ""  # within the moment, after this message
    # Of the pages of one answer: where to go on once they are through. What was still under way
    # when the first one was made may have been passed by meanwhile.
    then: datetime | None = None

    def encode(self) -> str:
        text = f"{_milliseconds(self.moment)}.{self.message_id}"
        if self.then:
            text += f".{_milliseconds(self.then)}"
        return base64.urlsafe_b64encode(text.encode()).decode()


@dataclass(frozen=True, slots=True)
class Changes:
    messages: list[Message]
    chats: list[Chat]
    cursor: str
    more: bool


def sync_cursor() -> str:
    """A cursor to start from: what is known now is known."""
    return Cursor(now() - LOOKBACK).encode()


def changes_since(user: User, since: str) -> Changes:
    """Raises DomainError 400 for a cursor that is none."""
    cursor = _decoded(since)
    then = cursor.then or now() - LOOKBACK
    page = list(_changed(user, cursor)[: PAGE + 1])
    messages, more = page[:PAGE], len(page) > PAGE
    following = Cursor(messages[-1].updated_at, messages[-1].pk, then) if more else Cursor(then)
    # The first page has the chats; what changes while the others are fetched is found by `then`.
    chats = [] if cursor.then else chats_of(user, changed_since=cursor.moment)
    return Changes(messages, chats, following.encode(), more)


def _changed(user: User, cursor: Cursor) -> QuerySet[Message]:
    after = Q(updated_at__gt=cursor.moment) | Q(updated_at=cursor.moment, pk__gt=cursor.message_id)
    conversations = Membership.objects.of(user.pk).filter(
        conversation__changed_at__gte=cursor.moment
    )
    # Keys, not a join: MongoDB would begin at the messages of everybody.
    keys = list(conversations.values_list("conversation_id", flat=True))
    return (
        Message.objects.filter(after, conversation__in=keys, updated_at__gte=cursor.moment)
        .select_related("conversation")
        .order_by("updated_at", "pk")
    )


def _decoded(text: str) -> Cursor:
    try:
        decoded = base64.b64decode(text, b"-_", validate=True).decode()
        moment, key, then = (*decoded.split("."), "", "")[:3]
        cursor = Cursor(_moment(moment), key, _moment(then) if then else None)
    except (binascii.Error, ValueError, OverflowError, OSError):
        raise _bad_cursor() from None
    if key and not is_key(key):
        raise _bad_cursor()
    return cursor


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _bad_cursor() -> DomainError:
    message = _("This cursor is not one of ours.")
    return DomainError(message, code="cursor", errors={"since": [message]})
