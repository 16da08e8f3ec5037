"""Finding messages and groups for moderators, by what is known of them."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.lookup import MAX_RESULTS, find_people
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.text import is_storable
from messaging.models import Group, Kind, Membership, Message


@dataclass(frozen=True, slots=True)
class Search:
    """Words that are in the text, somebody who wrote or got it, and the group where; each may be
    missing.
    """

    words: str
    person: str
    group: str = ""

    def __bool__(self) -> bool:
        return bool(self.words or self.person or self.group)

    def __str__(self) -> str:
        parts = [_("Searched for “%s”") % self.words if self.words else _("Searched")]
        if self.person:
            parts.append(_("person “%s”") % self.person)
        if self.group:
            parts.append(_("group “%s”") % self.group)
        return ", ".join(parts)


def find_messages(messages: QuerySet[Message], search: Search) -> QuerySet[Message]:
    """None without a search. Raises DomainError when the person or the group could be too many."""
    if not search:
        return messages.none()
    if search.group:
        groups = find_groups(Group.objects.all(), search.group)
        keys = list(groups.values_list("pk", flat=True)[: MAX_RESULTS + 1])
        if len(keys) > MAX_RESULTS:
            raise DomainError(_("Too many groups match. Enter more of the name."))
        messages = messages.filter(conversation__in=keys)
    if search.person:
        people = find_people(search.person)
        theirs = Membership.objects.filter(user__in=people)
        conversations = list(theirs.values_list("conversation_id", flat=True).distinct())
        messages = messages.filter(conversation__in=conversations)
    return messages.filter(text__icontains=search.words) if search.words else messages


def find_groups(groups: QuerySet[Group], words: str) -> QuerySet[Group]:
    """That of this key, else those whose name is like it; all without any words."""
    groups = groups.filter(kind=Kind.GROUP)
    words = words.strip()
    if not is_storable(words):
        return groups.none()
    if is_key(words):
        return groups.filter(pk=words)
    return groups.filter(title__icontains=words) if words else groups
