"""Finding messages by what a moderator was told of them."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.lookup import find_people
from messaging.models import Membership, Message


@dataclass(frozen=True, slots=True)
class Search:
    """Words that are in the text, and somebody who wrote or got it; either may be missing."""

    words: str
    person: str

    def __bool__(self) -> bool:
        return bool(self.words or self.person)

    def __str__(self) -> str:
        said = gettext("Searched for “%s”") % self.words if self.words else gettext("Searched")
        return f"{said}, {gettext('person “%s”') % self.person}" if self.person else said


def find_messages(messages: QuerySet[Message], search: Search) -> QuerySet[Message]:
    """None without a search. Raises DomainError when the person could be too many."""
    if not search:
        return messages.none()
    if search.person:
        people = find_people(search.person)
        theirs = Membership.objects.filter(user__in=people)
        conversations = list(theirs.values_list("conversation_id", flat=True).distinct())
        messages = messages.filter(conversation__in=conversations)
    return messages.filter(text__icontains=search.words) if search.words else messages
