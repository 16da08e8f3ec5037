"""Who reacted to messages: the reader's own reactions, and everybody's in pages."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.record import picture_path
from chatsite.errors import DomainError
from chatsite.fastpath.statements import SelectAmong
from chatsite.keys import is_key
from messaging.models import Reaction
from messaging.queries.blocks import hide_changes_by_blocked, without_blocked
from messaging.queries.people import bad_cursor
from messaging.queries.privacy import rules
from messaging.queries.visibility import membership_in, message_in
from messaging.shapes.reactions import (
    Reactions,
    canonical_emoji,
    decoded_reactions,
    leave_people_out,
)
from messaging.shapes.record import MessageRecord, record_of
from messaging.shapes.system_messages import deleted_account

_OWN = SelectAmong(
    lambda messages, *, me: Reaction.objects.filter(
        message__pk__in=messages, user_id=me
    ).values_list("message_id", "emoji")
)


def add_own_reactions(me: str, records: Iterable[MessageRecord]) -> None:
    """Where a message's own record leaves people out, of whom the reader may be one: one query, and
    none for a page without such messages.
    """
    crowded = {
        each.id: each for each in records if each.reactions and leave_people_out(each.reactions)
    }
    if not crowded:
        return
    own: dict[str, list[str]] = {key: [] for key in crowded}
    for message, emoji in _OWN.rows_among(crowded, me=me):
        own[message].append(emoji)
    for key, record in crowded.items():
        record.reacted = own[key]


@dataclass(frozen=True, slots=True)
class Reactor:
    """Who reacted with an emoji."""

    emoji: str
    id: str
    full_name: str
    picture: str  # its path


@dataclass(frozen=True, slots=True)
class ReactionsPage:
    reactors: list[Reactor]
    cursor: str  # of the next page, "" at the end


def reactions_page(
    user: User | Principal,
    conversation: str,
    *,
    seq: int,
    limit: int,
    emoji: str = "",
    cursor: str = "",
) -> ReactionsPage:
    """Who reacted to the message, the first one first. Raises DomainError 400, 403, 404."""
    mine = membership_in(user, conversation)
    message = message_in(mine, seq)
    if message.deleted:
        return ReactionsPage([], "")
    found = without_blocked(mine, Reaction.objects.filter(message_id=message.pk))
    if emoji:
        found = found.filter(emoji=checked_emoji(emoji))
    if cursor:
        if not is_key(cursor):
            raise bad_cursor()
        found = found.filter(pk__gt=cursor)
    rows = list(found.order_by("pk").values_list("pk", "emoji", "user_id")[: limit + 1])
    page = rows[:limit]
    people = User.objects.in_bulk({person for _key, _emoji, person in page})
    reactors = [_reactor(emoji, key, people.get(key), user.pk) for _row, emoji, key in page]
    return ReactionsPage(reactors, page[-1][0] if len(rows) > limit else "")


def reactions_of(user: User | Principal, conversation: str, seq: int) -> Reactions:
    """To that message, summed up. Raises DomainError 403, 404."""
    mine = membership_in(user, conversation)
    message = message_in(mine, seq)
    record = record_of(message, mine.conversation.peer_id(message.sender_id))
    hide_changes_by_blocked(user.pk, [record])
    return [] if message.deleted else decoded_reactions(record.reactions)


def _reactor(emoji: str, key: str, user: User | None, viewer: str) -> Reactor:
    name, picture = (user.full_name, user.picture) if user else (deleted_account(), "")
    face = rules().face(viewer, key, name, picture)
    return Reactor(emoji, key, face.name, picture_path(key, face.name, face.picture))


def checked_emoji(text: str) -> str:
    """In the one way to write it. Raises DomainError 400."""
    if emoji := canonical_emoji(text):
        return emoji
    message = _("A reaction is one emoji.")
    raise DomainError(message, code="emoji", errors={"emoji": [message]})
