"""Sending, deleting and restoring messages."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeGuard

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.caller import Caller
from accounts.models import User
from chatsite.db import now, on_commit, repeatable, retrying
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.expressions import EmptyText
from chatsite.fastpath.statements import Get, Insert
from chatsite.locks import locking
from chatsite.monitoring import metrics
from chatsite.text import is_blank, is_storable
from messaging import audience, events
from messaging.models import Message, direct_key
from messaging.models.message import CLIENT_ID_LENGTH
from messaging.payloads import deleted_payload
from messaging.querysets import find_message, is_person
from messaging.record import MessageRecord, record_of
from messaging.services.conversations import (
    advance,
    catch_up,
    conversation_for_update,
    locked_conversation,
    mark_changed,
)
from messaging.services.pictures import settle_later, stored_picture

TEXT_LENGTH = 10_000
INSTANT = timedelta(milliseconds=1)
_CLIENT_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{CLIENT_ID_LENGTH}}}")


@dataclass(frozen=True)
class Sent:
    message: Message
    created: bool  # False: this client message id had been sent before

    @cached_property
    def payload(self) -> MessageRecord:
        """Made once, for the answer and for the event."""
        return record_of(self.message)


def send_message(
    *,
    sender: Caller | User,
    peer: str,
    text: str = "",
    image: bytes | None = None,
    client_message_id: str = "",
    origin: str = "",
) -> Sent:
    """Stores and publishes a message, once per client message id. `origin` is the socket that
    sends, if one does.

    Raises DomainError: 400 for what cannot be sent, 404 for an unknown receiver, 409 for a client
    message id that went to somebody else, 502, 503, 507 when the picture cannot be stored.
    """
    text = _checked_text(text)
    _check_client_id(client_message_id)
    if not text and image is None:
        raise DomainError(_("Text or image is required."), code="empty")
    if peer == sender.pk:
        raise DomainError(_("Cannot send messages to yourself."), code="self")
    if not is_person(peer):
        raise NotFound(_("Receiver not found."))
    if first := _sent_before(sender.pk, peer, client_message_id):
        return Sent(first, created=False)
    message = Message(
        sender_id=sender.pk, text=text, client_message_id=client_message_id, **stored_picture(image)
    )
    sent = retrying(lambda: _store_once(message, peer), IntegrityError)
    if sent.created:
        on_commit(metrics.MESSAGES_SENT.inc)
        to = audience.of(sent.message.conversation)
        events.publish(events.NEW_MESSAGE, sent.payload, to=to, origin=origin)
    return sent


def delete_message(*, user: User | Caller, message_id: str) -> Message:
    """Takes one's own message back, for everybody.

    Raises DomainError 403, 404. Again: nothing happens.
    """
    message = find_message(user, message_id)
    if message is None:
        raise NotFound(_("Message not found."))
    if message.sender_id != user.pk:
        raise DomainError(_("You can only delete your own messages."), 403, code="not_sender")
    remove(message=message)
    return message


def remove(*, message: Message) -> bool:
    """Deletes whoever's message. False when it was deleted already."""
    if not _set_deleted(message, True):
        return False
    settle_later(message)
    to = audience.of(message.conversation)
    events.publish(events.MESSAGE_DELETED, deleted_payload(message), to=to)
    return True


def restore(*, message: Message) -> bool:
    """Brings a deleted message back. False when it was not deleted."""
    if not _set_deleted(message, False):
        return False
    settle_later(message)
    to = audience.of(message.conversation)
    events.publish(events.MESSAGE_RESTORED, record_of(message), to=to)
    return True


def _checked_text(text: str) -> str:
    if is_blank(text):
        return ""
    if not is_storable(text):
        raise _text_error(_("The text has characters that cannot be stored."))
    if len(text) > TEXT_LENGTH:
        message = _("The text is too long: at most %(limit)s characters.")
        raise _text_error(message % {"limit": f"{TEXT_LENGTH:,}"})
    return text


def _text_error(message: str) -> DomainError:
    return DomainError(message, code="text", errors={"text": [message]})


def is_client_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _CLIENT_ID.fullmatch(value) is not None


def _check_client_id(client_message_id: str) -> None:
    if client_message_id and not is_client_id(client_message_id):
        message = _(
            "The client message id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -."
        )
        raise DomainError(message, code="client_id", errors={"client_message_id": [message]})


def _by_client_id(*, sender: Any, client_message_id: Any) -> QuerySet[Message]:
    messages = Message.objects.filter(sender_id=sender, client_message_id=client_message_id)
    if settings.MONGODB:
        return messages
    return messages.filter(client_message_id__gt=EmptyText())  # the condition of the unique index


_SENT = Get(_by_client_id)


def _sent_before(sender_id: str, peer: str, client_message_id: str) -> Message | None:
    if not client_message_id:
        return None
    message: Message | None = _SENT.one(sender=sender_id, client_message_id=client_message_id)
    if message is not None and message.receiver_id != peer:
        raise DomainError(
            _("This client message id was used for another receiver."), 409, code="reused"
        )
    return message


def _store_once(message: Message, peer: str) -> Sent:
    try:
        with locking(direct_key(message.sender_id, peer)):
            _store(message, peer)
    except IntegrityError:  # the same client message id, sent twice at once
        first = _sent_before(message.sender_id, peer, message.client_message_id)
        if first is None:
            catch_up(message.sender_id, peer)
            raise
        return Sent(first, created=False)
    return Sent(message, created=True)


_INSERT = Insert(Message)


def _store(message: Message, peer: str) -> None:
    conversation = conversation_for_update(message.sender_id, peer)
    message.conversation = conversation
    message.seq = conversation.last_seq + 1
    message.version = conversation.version + 1
    # The clock of another worker may be ahead of this one's: times of a conversation only rise.
    message.created_at = message.updated_at = max(now(), conversation.changed_at)
    _INSERT.run(message)
    advance(conversation, message)


@repeatable
def _set_deleted(message: Message, deleted: bool) -> bool:
    with locking(message.conversation.key):
        # The conversation first, as a send takes them: else the two wait for each other.
        conversation = locked_conversation(message.conversation_id)
        # Later than before, by whatever clock: of two states clients keep the later one.
        moment = max(now(), conversation.changed_at + INSTANT)
        changed = Message.objects.filter(pk=message.pk, deleted=not deleted).update(
            deleted=deleted, updated_at=moment, version=conversation.version + 1
        )
        if changed:
            message.deleted, message.updated_at = deleted, moment
            mark_changed(conversation, moment)
    return bool(changed)
