"""Pinning messages in their conversation."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, repeatable
from chatsite.errors import DomainError
from chatsite.locks import locking
from messaging import events, recipients
from messaging.models import PINNED_MESSAGES, Message, MessageKind
from messaging.payloads import pin_payload
from messaging.queries.own import add_own
from messaging.queries.pins import pinned_in
from messaging.queries.visibility import find_message, no_such_message, was_deleted
from messaging.services.conversations import (
    INSTANT,
    LockedConversation,
    locked_conversations,
    store,
)
from messaging.services.messages import check_may_write
from messaging.services.requests import acceptance_events
from messaging.shapes.record import MessageRecord, record_of


def pin(*, user: User | Principal, message_id: str) -> MessageRecord:
    """Returns the message as it is now. Idempotent.

    Whoever may write in a conversation may pin what they see in it, and take the pins of others
    away. Raises DomainError: 400 for one too many and for system messages, 403 for who may not
    write, 404, 409 for a deleted message.
    """
    return _set(user, message_id, True)


def unpin(*, user: User | Principal, message_id: str) -> MessageRecord:
    """The same for taking the pin away, whoever pinned it."""
    return _set(user, message_id, False)


def _set(user: User | Principal, message_id: str, pinned: bool) -> MessageRecord:
    found = find_message(user, message_id)
    if found is None:
        raise no_such_message()
    if found.kind == MessageKind.SYSTEM:
        raise DomainError(_("System messages cannot be pinned."), code="system")
    record = record_of(_change(found, user.pk, pinned))
    add_own(user.pk, [record])
    return record


@repeatable
def _change(found: Message, person: str, pinned: bool) -> Message:
    key = found.conversation.key
    with locking(key):
        conversation = locked_conversations([key])[key]
        message = Message.objects.select_related("conversation").filter(pk=found.pk).first()
        if message is None:  # an account was deleted meanwhile
            raise no_such_message()
        check_may_write(conversation, person, message.receiver_id)
        if message.deleted:
            raise was_deleted()
        if (message.pinned_at is not None) == pinned:
            return message
        if pinned:
            _check_room(conversation)
        if conversation.members[person].is_request:
            conversation.accept(person)
        # Later than before, by whatever clock: of two states clients keep the later one.
        conversation.change(moment := max(now(), conversation.changed_at + INSTANT))
        _store(message, conversation, moment, person if pinned else None)
        to = recipients.of(conversation.receivers_of(message.seq))
        event = events.MESSAGE_PINNED if pinned else events.MESSAGE_UNPINNED
        events.publish(event, pin_payload(message, person), to=to)
        events.publish_all(acceptance_events(conversation))
    return message


def _store(
    message: Message, conversation: LockedConversation, moment: datetime, person: str | None
) -> None:
    message.pinned_by = person
    message.pinned_at = moment if person else None
    message.updated_at, message.version = moment, conversation.version
    message.save(update_fields=["pinned_by", "pinned_at", "updated_at", "version"])
    store([conversation])


def _check_room(conversation: LockedConversation) -> None:
    if pinned_in(conversation.pk).count() >= PINNED_MESSAGES:
        text = _("At most %(limit)s messages can be pinned here. Unpin one of them first.")
        raise DomainError(text % {"limit": PINNED_MESSAGES}, code="too_many")
