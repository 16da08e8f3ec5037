"""The first time that somebody opens what another sent, or listens to it: what both have in common.
How it is shown later: queries/first_times.py.
"""

from datetime import datetime

from messaging import events, recipients
from messaging.models import Message, is_group
from messaging.payloads import listened_payload
from messaging.queries.privacy import rules
from messaging.queries.visibility import no_such_message, stored_message, was_deleted
from messaging.services.conversations import LockedConversation, locked_conversations, store


def lock_message(found: Message, person: str) -> tuple[LockedConversation, Message]:
    """Both as they are now; whoever calls has the lock. Raises DomainError 404, 409."""
    conversation = locked_conversations([found.conversation.key])[found.conversation.key]
    message = stored_message(found.pk)
    if message is None or person not in conversation.members:  # an account was deleted
        raise no_such_message()
    if message.deleted:
        raise was_deleted()
    return conversation, message


def publish_first_time(
    event: str, conversation: LockedConversation, message: Message, person: str, at: datetime
) -> None:
    """The sender is notified if they see what the other reads. Otherwise the message does not
    change: that would show it.
    """
    people, sender = [person], message.sender_id
    hides = conversation.members[person].are_marks_frozen(conversation.pk)
    receives = sender in conversation.receivers_of(message.seq)
    if receives and not hides and rules().sees("read_receipts", sender, person):
        people.append(sender)
        if not is_group(conversation.pk):  # where the others would see it
            conversation.change(at)
            message.updated_at = at
            Message.objects.filter(pk=message.pk).update(
                updated_at=at, version=conversation.version
            )
            store([conversation])
    events.publish(event, listened_payload(message, person), to=recipients.of(people))
