"""What somebody wants to be reminded of."""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from accounts.principal import Principal
from messaging.models import Reminder, is_group
from messaging.queries.own import add_own
from messaging.queries.visibility import visible_among
from messaging.shapes.record import MessageRecord, record_of

Reminded = tuple[Reminder, str, MessageRecord]
"""A reminder, the peer in whose chat its message is, and the message."""


def reminders_of(user: User | Principal) -> QuerySet[Reminder]:
    return Reminder.objects.filter(user_id=user.pk)


def reminders(user: User | Principal) -> list[Reminded]:
    """By their time; without those whose message `user` sees no more."""
    return with_messages(user, reminders_of(user).order_by("remind_at", "pk"))


def due_reminder(user: User | Principal, key: str) -> Reminded | None:
    """None where they have done with it, or chosen another time, or see its message no more."""
    due = reminders_of(user).filter(pk=key).exclude(told_at=None)
    return next(iter(with_messages(user, due)), None)


def with_messages(user: User | Principal, mine: Iterable[Reminder]) -> list[Reminded]:
    """The same of some of them."""
    mine, found = list(mine), {}
    for message in visible_among(user, [each.message_id for each in mine]):
        if not message.deleted:
            peer = message.conversation.peer_id(user.pk)
            is_incoming = message.sender_id != user.pk and not is_group(peer)
            found[message.pk] = peer, record_of(message, user.pk if is_incoming else peer)
    add_own(user.pk, [record for _peer, record in found.values()])
    return [(each, *found[each.message_id]) for each in mine if each.message_id in found]
