"""Reacting to messages."""

from functools import partial

from django.db import IntegrityError
from django.db.models import Count, Min
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, retrying
from chatsite.errors import DomainError
from chatsite.fastpath.statements import Insert, Select, Update, run_at_once
from chatsite.keys import new_key
from chatsite.locks import locking
from messaging import events, recipients
from messaging.models import Message, MessageKind, Reaction
from messaging.payloads import reaction_payload
from messaging.queries.own import add_own
from messaging.queries.reactions import checked_emoji
from messaging.queries.visibility import (
    find_message,
    no_such_message,
    past_member,
    stored_message,
    was_deleted,
)
from messaging.services.conversations import INSTANT, locked_conversations, store
from messaging.shapes.reactions import (
    BY_ONE,
    DIFFERENT,
    NAMED,
    Reactions,
    decoded_reactions,
    encoded_reactions,
    summed_up,
)
from messaging.shapes.record import MessageRecord, record_of

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
    """Returns the message as it is now. Again: nothing happens.

    Whoever may see a message may react to it while they are in its conversation, also where only
    admins write. Raises DomainError: 400 for what is no emoji, too many of them and system
    messages, 403 for who has left, 404, 409 for a deleted message.
    """
    return _set(user, message_id, checked_emoji(emoji), True)


def take_back(*, user: User | Principal, message_id: str, emoji: str) -> MessageRecord:
    """The same for a reaction of one's own, which those may take back who have left, too."""
    return _set(user, message_id, checked_emoji(emoji), False)


def _set(user: User | Principal, message_id: str, emoji: str, added: bool) -> MessageRecord:
    found = find_message(user, message_id)
    if found is None:
        raise no_such_message()
    if found.kind == MessageKind.SYSTEM:
        raise DomainError(_("Nobody can react to a system message."), code="system")
    # Of two that add the same at once, without transactions, one finds it when it tries again.
    message = retrying(partial(_change, found, user.pk, emoji, added), IntegrityError)
    record = record_of(message)
    add_own(user.pk, [record])
    return record


def _change(found: Message, person: str, emoji: str, added: bool) -> Message:
    key = found.conversation.key
    with locking(key):
        conversation = locked_conversations([key])[key]
        message = stored_message(found.pk)
        member = conversation.members.get(person)
        if message is None or member is None:  # an account was deleted meanwhile
            raise no_such_message()
        if added and member.until is not None:
            raise past_member()
        if message.deleted:
            raise was_deleted()
        own = {each for (each,) in _OWN.rows(message=message.pk, person=person)}
        if (emoji in own) == added:
            return message
        if added:
            _check_room(message, own, emoji)
            row = {"id": new_key(), "message_id": message.pk, "user_id": person, "emoji": emoji}
            run_at_once((_INSERT, [row]))
        else:
            theirs = Reaction.objects.filter(message_id=message.pk, user_id=person)
            theirs.filter(emoji=emoji).delete()
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
        run_at_once((_REACTIONS, [change]))
        store([conversation])
        payload = reaction_payload(message, person, emoji, added=added, reactions=reactions)
        to = recipients.of(conversation.who_see(message.seq))
        events.publish(events.REACTION_CHANGED, payload, to=to)
    return message


def _check_room(message: Message, own: set[str], emoji: str) -> None:
    if len(own) >= BY_ONE:
        text = _("You can react to a message with at most %(limit)s emoji.") % {"limit": BY_ONE}
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
