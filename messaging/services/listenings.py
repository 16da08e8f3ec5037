"""Listening to voice messages."""

from functools import partial

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, retrying
from chatsite.errors import DomainError
from chatsite.locks import locking
from messaging import events
from messaging.models import Listening, Message
from messaging.queries.own import add_own
from messaging.queries.visibility import find_undeleted
from messaging.services.conversations import INSTANT
from messaging.services.first_times import lock_message, publish_first_time
from messaging.shapes.record import MessageRecord, record_of


def listen(*, user: User | Principal, message_id: str) -> MessageRecord:
    """Returns the message as it is now. Idempotent.

    Raises DomainError: 400 for what is no voice message, or the user's own, 404, 409 for a deleted
    one.
    """
    found = find_undeleted(user, message_id)
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
    with locking(found.conversation.key):
        conversation, message = lock_message(found, person)
        if conversation.members[person].are_marks_frozen(conversation.pk):
            return message
        if Listening.objects.filter(message_id=message.pk, user_id=person).exists():
            return message
        moment = max(now(), conversation.changed_at + INSTANT)
        Listening.objects.create(message_id=message.pk, user_id=person, at=moment)
        publish_first_time(events.MESSAGE_LISTENED, conversation, message, person, moment)
    return message
