"""Disappearing messages: how long what is sent in a conversation lasts, and its removal.

Reads leave out what has expired by themselves (`visibility.unexpired`, `record_of_row`). A moment
later it is removed here from the database and the store, and open pages are notified.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import database_now, repeatable
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.locks import locking
from messaging.models import (
    Conversation,
    Message,
    MessageKind,
    Role,
    conversation_key,
    is_group,
    saved_key,
)
from messaging.models.conversation import MAX_LIFETIME, MIN_LIFETIME
from messaging.services.conversations import (
    LockedConversation,
    locked_conversations,
    schedule_expiry,
    store,
)
from messaging.services.messages import check_may_write, store_system_message
from messaging.services.removal import empty
from messaging.shapes.system_messages import Change, decoded, details_of

BATCH_SIZE = 100  # messages of one transaction


def let_disappear(*, user: User, peer: str, seconds: int) -> int:
    """What anybody sends there from now on disappears after so many seconds; 0: never. What was
    sent before keeps the time that it has. Idempotent. Returns `seconds`.

    Both may do this in a direct chat, but for a stranger whose messages wait as a request, and in a
    group its admins. Raises DomainError: 400, 403 for who may not, 404 where nothing was said yet.
    """
    if seconds and not MIN_LIFETIME <= seconds <= MAX_LIFETIME:
        message = _("Messages disappear after a minute at the earliest, and after a year at most.")
        raise DomainError(message, code="seconds", errors={"seconds": [message]})
    if not is_key(peer):
        raise _no_such_chat()
    return _let_disappear(user, peer, seconds)


@repeatable
def _let_disappear(user: User, peer: str, seconds: int) -> int:
    key = conversation_key(user.pk, peer)
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None or not conversation.seq or user.pk not in conversation.members:
            raise _no_such_chat()
        mine = check_may_write(conversation, user.pk, peer)
        if not is_group(peer) and conversation.members[peer].is_request:
            message = _("You can choose this once they have answered you.")
            raise DomainError(message, 403, code="request")
        is_real_group = is_group(peer) and peer != saved_key(user.pk)
        if is_real_group and mine.role == Role.MEMBER:
            raise DomainError(_("Only admins of the group may do this."), 403, code="forbidden")
        _set_lifetime(conversation, user, seconds)
    return seconds


def _set_lifetime(conversation: LockedConversation, by: User, seconds: int) -> None:
    if conversation.disappear_after == seconds:
        return
    conversation.disappear_after = seconds
    Conversation.objects.filter(pk=conversation.pk).update(disappear_after=seconds)
    event: Change = "disappearing" if seconds else "lasting"
    store_system_message(conversation, details_of(event, by, seconds=seconds))


def restore_lifetime(conversation: LockedConversation, user: User, seq: int) -> None:
    """As `user`, who saw nothing after that message for a while, last saw it: by the last system
    message that set it; where none is left, messages stay. Holding the lock.
    """
    messages = Message.objects.filter(
        conversation_id=conversation.pk, seq__lte=seq, kind=MessageKind.SYSTEM
    )
    changes = map(decoded, messages.order_by("-seq").values_list("details", flat=True))
    lifetimes = (each.seconds for each in changes if each and isinstance(each.seconds, int))
    _set_lifetime(conversation, user, next(lifetimes, 0))


def expire_messages(key: str) -> None:
    """Removes what has expired in the conversation of that key, and sees to it that this is done
    again when the next message expires.
    """
    while _expire_some(key):
        """More is due."""


@repeatable
def _expire_some(key: str) -> bool:
    """Whether more is due."""
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return False
        moment = database_now()
        expiring = _expiring(conversation)
        if due := list(expiring.filter(expires_at__lte=moment)[:BATCH_SIZE]):
            empty(due, conversation)
        conversation.next_expiry = expiring.values_list("expires_at", flat=True).first()
        is_due = bool(conversation.next_expiry and conversation.next_expiry <= moment)
        if conversation.next_expiry and not is_due:
            schedule_expiry(conversation)
        else:
            mine = Conversation.objects.filter(pk=conversation.pk)
            mine.update(next_expiry=conversation.next_expiry)
        store([conversation])
    return is_due


def _expiring(conversation: LockedConversation) -> QuerySet[Message]:
    """By the condition of the index `expiring_messages`."""
    messages = Message.objects.filter(conversation_id=conversation.pk, is_expiring=True)
    return messages.order_by("expires_at", "seq")


def _no_such_chat() -> NotFound:
    return NotFound(_("No such chat."))
