"""Imported chats, once their importer does not want them any more."""

from accounts.models import User
from messaging.models import Conversation, Kind, Message

CHUNK = 500  # people in one statement


def is_imported(conversation: str) -> bool:
    return Conversation.objects.filter(pk=conversation, kind=Kind.IMPORTED).exists()


def remove_imported(owner: str, conversation: str) -> None:
    """With the placeholders that are in no other. Files are tidied up."""
    imported = Conversation.objects.filter(pk=conversation, kind=Kind.IMPORTED)
    there = Message.objects.filter(conversation__in=list(imported.values_list("pk", flat=True)))
    people = list(there.exclude(sender_id=owner).values_list("sender_id", flat=True).distinct())
    imported.delete()
    for start in range(0, len(people), CHUNK):
        some = people[start : start + CHUNK]
        # Each message of an import has such an id, by which they are found.
        sent = Message.objects.filter(sender_id__in=some, client_message_id__gt="")
        left = set(some).difference(sent.values_list("sender_id", flat=True).distinct())
        User.objects.filter(pk__in=list(left)).exclude(deleted_at=None).delete()
