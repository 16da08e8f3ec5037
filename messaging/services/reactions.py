"""Reacting to messages."""

from dataclasses import dataclass

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.services.restraints import check_not_silenced
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.fastpath.statements import Insert, Select, Update, run_batch
from chatsite.keys import new_key
from messaging import events, recipients
from messaging.models import Message, MessageKind, Reaction, is_group
from messaging.payloads import reaction_payload
from messaging.queries.reactions import checked_emoji
from messaging.queries.visibility import has_blocked, past_member, was_deleted
from messaging.services.changes import MessageChange, change_alone
from messaging.services.conversations import INSTANT, LockedConversation
from messaging.services.requests import acceptance_events
from messaging.shapes.reactions import (
    DIFFERENT,
    MAX_PER_PERSON,
    NAMED,
    Reactions,
    decoded_reactions,
    encoded_reactions,
    summed_up,
)
from messaging.shapes.record import MessageRecord

_OWN = Select(
    lambda message, person: Reaction.objects.filter(message_id=message, user_id=person).values_list(
        "emoji"
    )
)
_COUNTS = Select(
    lambda message: (
        Reaction.objects.filter(message_id=message)
        .values_list("emoji")
        .annotate(Count("pk"), first=Min("pk"))
        .order_by("first")
    )
)
_FIRST = Select(
    lambda message: (
        Reaction.objects.filter(message_id=message)
        .order_by("pk")
        .values_list("emoji", "user_id")[:NAMED]
    )
)
_INSERT = Insert(Reaction)
_REACTIONS = Update(
    lambda key, reactions, moment, version: (
        Message.objects.filter(pk=key),
        {"reactions": reactions, "updated_at": moment, "version": version},
    )
)


def react(*, user: User | Principal, message_id: str, emoji: str) -> MessageRecord:
    """Returns the message as it is now. Idempotent.

    Whoever may see a message may react to it while they are in its conversation, also where only
    admins write. Raises DomainError: 400 for what is no emoji, too many of them and system
    messages, 403 for who has left, 404, 409 for a deleted message.
    """
    return change_alone(ReactionChange(user.pk, message_id, checked_emoji(emoji), added=True))


def unreact(*, user: User | Principal, message_id: str, emoji: str) -> MessageRecord:
    """The same for a reaction of one's own, which those may take back who have left, too."""
    return change_alone(ReactionChange(user.pk, message_id, checked_emoji(emoji), added=False))


@dataclass(frozen=True, slots=True)
class ReactionChange(MessageChange):
    emoji: str  # in the one way to write it
    added: bool

    def apply(self, message: Message, conversation: LockedConversation) -> None:
        person, emoji, added = self.person, self.emoji, self.added
        if message.kind == MessageKind.SYSTEM:
            raise DomainError(_("Nobody can react to a system message."), code="system")
        if added:
            check_not_silenced(person)
        _check_there(conversation, person, added)
        if message.deleted:
            raise was_deleted()
        own = {each for (each,) in _OWN.rows(message=message.pk, person=person)}
        if (emoji in own) == added:
            return
        if added:
            _check_room(message, own, emoji)
            row = {"id": new_key(), "message_id": message.pk, "user_id": person, "emoji": emoji}
            run_batch((_INSERT, [row]))
        else:
            theirs = Reaction.objects.filter(message_id=message.pk, user_id=person)
            theirs.filter(emoji=emoji).delete()
        if conversation.members[person].is_request:
            conversation.accept(person)
        reactions = _of(message)
        # Later than before, by whatever clock: of two states clients keep the later one.
        conversation.change(moment := max(now(), conversation.changed_at + INSTANT))
        message.reactions, message.updated_at = encoded_reactions(reactions), moment
        change = {
            "key": message.pk,
            "reactions": message.reactions,
            "moment": moment,
            "version": conversation.version,
        }
        run_batch((_REACTIONS, [change]))
        payload = reaction_payload(message, person, emoji, added=added, reactions=reactions)
        to = recipients.of(conversation.receivers_of(message.seq))
        events.publish(events.REACTION_CHANGED, payload, to=to)
        events.publish_all(acceptance_events(conversation))


def _check_there(conversation: LockedConversation, person: str, added: bool) -> None:
    if conversation.members[person].until is None:
        return
    if not is_group(conversation.pk):
        raise has_blocked()
    if added:
        raise past_member()


def _check_room(message: Message, own: set[str], emoji: str) -> None:
    if len(own) >= MAX_PER_PERSON:
        text = _("You can react to a message with at most %(limit)s emoji.") % {
            "limit": MAX_PER_PERSON
        }
        raise DomainError(text, code="too_many")
    there = {each.emoji for each in decoded_reactions(message.reactions)}
    if len(there) >= DIFFERENT and emoji not in there:
        text = _("A message can have at most %(limit)s different emoji.") % {"limit": DIFFERENT}
        raise DomainError(text, code="too_many")


def _of(message: Message) -> Reactions:
    """Counted anew from the rows each time, so that no count can drift."""
    counts = _COUNTS.rows(message=message.pk)
    first = ((emoji, person) for emoji, person in _FIRST.rows(message=message.pk))
    return summed_up(((emoji, count) for emoji, count, _first in counts), first)
