"""Listening to voice messages."""

from functools import partial

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, retrying
from chatsite.errors import DomainError
from chatsite.locks import locking
from messaging import events, recipients
from messaging.models import Listening, Message, is_group
from messaging.payloads import listened_payload
from messaging.queries.own import add_own
from messaging.queries.privacy import rules
from messaging.queries.visibility import find_message, no_such_message, stored_message, was_deleted
from messaging.services.conversations import (
    INSTANT,
    LockedConversation,
    locked_conversations,
    store,
)
from messaging.shapes.record import MessageRecord, record_of


def listen(*, user: User | Principal, message_id: str) -> MessageRecord:
    """Returns the message as it is now. Again: nothing happens.

    Raises DomainError: 400 for what is no voice message, or the user's own, 404, 409 for a deleted
    one.
    """
    found = find_message(user, message_id)
    if found is None:
        raise no_such_message()
    if found.deleted:
        raise was_deleted()
    if not found.has_voice:
        raise DomainError(_("This is no voice message."), code="voice")
    if found.sender_id == user.pk:
        raise DomainError(_("This voice message is your own."), code="voice")
    message = found
    if not Listening.objects.filter(message_id=found.pk, user_id=user.pk).exists():
        # Of two that note the same at once, without transactions, one finds it the second time.
        message = retrying(partial(_note, found, user.pk), IntegrityError)
    record = record_of(message)
    add_own(user.pk, [record])
    return record


def _note(found: Message, person: str) -> Message:
    key = found.conversation.key
    with locking(key):
        conversation = locked_conversations([key])[key]
        message = stored_message(found.pk)
        if message is None or person not in conversation.members:  # an account was deleted
            raise no_such_message()
        if message.deleted:
            raise was_deleted()
        is_direct = not is_group(conversation.pk)
        if conversation.members[person].marks_stand(conversation.pk):
            return message
        mine = Listening.objects.filter(message_id=message.pk, user_id=person)
        if mine.exists():
            return message
        moment = max(now(), conversation.changed_at + INSTANT)
        Listening.objects.create(message_id=message.pk, user_id=person, at=moment)
        told = [person]
        if _tells(conversation, message, person):
            told.append(message.sender_id)
            if is_direct:  # where in a group it would tell the others
                conversation.change(moment)
                message.updated_at = moment
                Message.objects.filter(pk=message.pk).update(
                    updated_at=moment, version=conversation.version
                )
                store([conversation])
        payload = listened_payload(message, person)
        events.publish(events.MESSAGE_LISTENED, payload, to=recipients.of(told))
    return message


def _tells(conversation: LockedConversation, message: Message, person: str) -> bool:
    """Whether who spoke learns of it. Otherwise the message does not change: that would tell."""
    return message.sender_id in conversation.who_hear(message.seq) and rules().sees(
        "read_receipts", message.sender_id, person
    )
