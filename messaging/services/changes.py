"""Changing messages that are there. What one kind of change does, and when it is refused, is said
where that kind is.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import IntegrityError

from chatsite.db import retrying
from chatsite.errors import Busy, DomainError
from chatsite.fastpath.statements import Get, SelectAmong
from chatsite.keys import is_key
from chatsite.language import each_read_in
from chatsite.locks import locking, locking_several
from messaging.models import Conversation, Message
from messaging.queries.own import add_own
from messaging.queries.visibility import no_such_message
from messaging.services.conversations import LockedConversation, locked_conversations, store
from messaging.shapes.record import MessageRecord, record_of

# Not in one query: MongoDB would begin at all messages.
_CONVERSATIONS = SelectAmong(
    lambda keys: Message.objects.filter(pk__in=keys).values_list("pk", "conversation_id")
)
_KEYS = SelectAmong(lambda keys: Conversation.objects.filter(pk__in=keys).values_list("pk", "key"))
_MESSAGE = Get(lambda key: Message.objects.filter(pk=key))


@dataclass(frozen=True, slots=True)
class MessageChange(ABC):
    """That `person` makes of a message which they may see."""

    person: str
    message_id: str

    @abstractmethod
    def apply(self, message: Message, conversation: LockedConversation) -> None:
        """Stores and publishes it, but for what changes of the conversation; nothing happens where
        it has been made before. `message` is then as it has become.

        Raises DomainError, which it has to do before it changes anything: others are stored along
        with it.
        """


def change_alone(change: MessageChange) -> MessageRecord:
    """In a transaction of its own. Raises DomainError."""
    # Of two that add the same at once, without transactions, one finds it when it tries again.
    [outcome] = retrying(partial(change_messages, [change]), IntegrityError)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def change_messages(
    changes: Sequence[MessageChange], languages: Iterable[str] = ()
) -> list[MessageRecord | DomainError]:
    """In one transaction. `languages`: of who reads why each is refused.

    Returns of each the message as it is now, or what refuses the change: 404 for what its person
    may not see and, of several conversations, 503 for those whose row somebody else holds. One
    conversation alone is waited for, and raises Busy.
    """
    keys = _keys_of(change.message_id for change in changes)
    locked = set(keys.values())
    with locking(*locked) if len(locked) == 1 else locking_several():
        found = locked_conversations(locked)

        def outcome(change: MessageChange) -> MessageRecord | DomainError:
            key = keys.get(change.message_id)
            if key in found:
                return _outcome(change, found[key])
            is_held = key is not None and len(locked) > 1
            return Busy() if is_held else no_such_message()

        outcomes = each_read_in(languages, outcome, changes)
        store(found.values())
    return outcomes


def _keys_of(messages: Iterable[str]) -> dict[str, str]:
    """Of their conversations, those of messages that are there."""
    rows = _CONVERSATIONS.rows_among(key for key in messages if is_key(key))
    keys: dict[str, str] = dict(_KEYS.rows_among(conversation for _message, conversation in rows))
    return {message: keys[conversation] for message, conversation in rows if conversation in keys}


def _outcome(
    change: MessageChange, conversation: LockedConversation
) -> MessageRecord | DomainError:
    # Read under the lock, and after the changes before: the later of two finds the earlier.
    message: Message | None = _MESSAGE.one(key=change.message_id)
    member = conversation.members.get(change.person)
    if message is None or member is None or not member.stays.see(message.seq):
        return no_such_message()
    message.conversation = Conversation(pk=conversation.pk, key=conversation.key)
    try:
        change.apply(message, conversation)
    except DomainError as error:
        return error
    record = record_of(message)
    add_own(change.person, [record])
    return record
