"""Deleting messages, for everybody or for oneself alone, and undoing that for a moment; deleting a
chat for oneself.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, get_args

from django.core import signing
from django.db.models import F
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import repeatable
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.locks import locking
from messaging import events, recipients
from messaging.models import (
    FIRST_GROUP,
    Conversation,
    Kind,
    Membership,
    Message,
    conversation_key,
    is_group,
    saved_key,
)
from messaging.payloads import changed_chat_payload
from messaging.presence import online_seen_by
from messaging.queries.chats import chats_of
from messaging.queries.own import add_own
from messaging.queries.visibility import Stay, Stays, no_such_message, visible_among
from messaging.services.conversations import LockedConversation, locked_conversations
from messaging.services.imported_chats import is_imported, remove_imported
from messaging.services.messages import delete_for_everybody, set_deleted
from messaging.shapes.record import record_of

Whom = Literal["everybody", "me"]
WHOM: tuple[Whom, ...] = get_args(Whom)
MAX_MESSAGES = 100  # in one deletion
UNDO_SECONDS = 10  # as it is offered
UNDO_ACCEPTED = 15  # what was clicked in time may take a while
# Each is read with every send to its conversation.
PARTS = 500
_signer = signing.TimestampSigner(salt="messaging.undo")


def delete_messages(
    *, user: User | Principal, message_ids: Collection[str], whom: Whom = "everybody"
) -> str:
    """Of one conversation, in one transaction: all of them, or none. Of what `user` cannot see, as
    what is deleted for them already, nothing is said. Returns what `undo` takes.

    Raises DomainError: 400 for too many, or of several conversations, 403 for what only others may
    delete for everybody, 404 where none is left, 409 where too many gaps would be.
    """
    if len(message_ids) > MAX_MESSAGES:
        message = _("You can delete up to %(limit)s messages at once.") % {"limit": MAX_MESSAGES}
        raise DomainError(message, code="too_many", errors={"messageIds": [message]})
    messages = visible_among(user, message_ids)
    if not messages:
        raise no_such_message()
    if len({message.conversation_id for message in messages}) > 1:
        raise DomainError(_("The messages are of several conversations."), code="conversations")
    if whom == "me":
        hidden = _hide(user, messages[0].conversation.key, [message.seq for message in messages])
        return _undo_token(user, messages[0], whom, hidden)
    changed = delete_for_everybody(messages, user_id=user.pk)
    moment = changed[0].updated_at.isoformat() if changed else ""
    return _undo_token(user, messages[0], whom, [message.pk for message in changed], moment)


def undo(*, user: User | Principal, token: str) -> None:
    """Takes back what one has just deleted. Idempotent. What a moderator has removed
    meanwhile stays away.

    Raises DomainError 409 once it is too late, and for what is no such token of `user`.
    """
    try:
        done: dict[str, Any] = _signer.unsign_object(token, max_age=UNDO_ACCEPTED)
    except signing.BadSignature:
        done = {}
    if done.get("user") != user.pk:
        raise DomainError(_("It is too late to undo that."), 409, code="undo")
    if done["whom"] == "me":
        _show(user, done["conversation"], [(since, until) for since, until in done["what"]])
    elif done["what"]:
        messages = Message.objects.select_related("conversation").filter(pk__in=done["what"])
        set_deleted(list(messages.order_by("pk")), False, at=parse_datetime(done["moment"]))


def clear_chat(*, user: User | Principal, peer: str, up_to: int | None = None) -> None:
    """Deletes the messages of a chat for `user` alone: all, or those up to that `seq`. The chat
    leaves their list until there are more, but for a group that they are in.

    Raises DomainError 404 for whom they have no messages with.
    """
    if not is_key(peer):
        raise _no_such_chat()
    _clear(user, peer, up_to)
    if up_to is None and is_group(peer) and is_imported(peer):
        remove_imported(user.pk, peer)  # nobody else has it


def delete_saved(user: User) -> None:
    """The saved messages of an account that is about to be deleted, in the same transaction: they
    are nobody else's history.
    """
    saved = saved_key(user.pk)
    with locking(key := conversation_key(user.pk, saved)):
        locked_conversations([key])
        Conversation.objects.filter(pk=saved, kind=Kind.SAVED).delete()


def delete_written(user: User) -> None:
    """What such an account wrote to single people; what it wrote in groups is the others' history,
    too. It is looked for in its chats: there is no index of messages by sender alone.
    """
    mine = Membership.objects.filter(user=user, conversation__lt=FIRST_GROUP)
    chats = Conversation.objects.filter(pk__in=list(mine.values_list("conversation", flat=True)))
    messages = Message.objects.filter(
        sender=user, conversation__in=list(chats.values_list("pk", flat=True))
    )
    last = messages.filter(pk__in=list(chats.values_list("last_message", flat=True)))
    chats.filter(last_message__in=list(last.values_list("pk", flat=True))).update(last_message=None)
    messages.delete()


@repeatable
def _hide(user: User | Principal, key: str, seqs: Sequence[int]) -> list[Stay]:
    """Returns what is hidden by it and was not before."""
    with locking(key):
        conversation = locked_conversations([key])[key]
        stays = conversation.members[user.pk].stays
        hidden = _parts(seq for seq in seqs if stays.see(seq))
        _store_stays(user, conversation, stays.without(hidden))
    return hidden


@repeatable
def _show(user: User | Principal, key: str, parts: Sequence[Stay]) -> None:
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        member = conversation and conversation.members.get(user.pk)
        if not conversation or not member:
            return
        _store_stays(user, conversation, member.stays.along_with(parts))
        seqs = [seq for since, until in parts for seq in range(since + 1, until + 1)]
        there = Message.objects.filter(conversation_id=conversation.pk, seq__in=seqs)
        messages = there.select_related("conversation").order_by("seq")
        records = [record_of(message) for message in messages]
        add_own(user.pk, records)
        to = recipients.of([user.pk])
        events.publish_all((events.MESSAGE_RESTORED, record, to, "") for record in records)


@repeatable
def _clear(user: User | Principal, peer: str, up_to: int | None) -> None:
    key = conversation_key(user.pk, peer)
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        member = conversation and conversation.members.get(user.pk)
        if not conversation or not member or not conversation.seq:
            raise _no_such_chat()
        end = conversation.seq if member.until is None else member.until
        stays = member.stays.without([(0, end if up_to is None else min(up_to, end))])
        changed: dict[str, Any] = {"marked_unread_seq": None}
        stays_in_list = is_group(peer) and peer != saved_key(user.pk) and member.until is None
        if not (stays.last(end) or stays_in_list):
            # It is in no list any more: where it comes back, it is where new chats are.
            changed |= {"pinned_at": None, "pin_slot": 0, "archived_seq": None}
        _store_stays(user, conversation, stays, **changed)


def _store_stays(
    user: User | Principal, conversation: LockedConversation, stays: Stays, **changed: Any
) -> None:
    """And notifies the other devices of `user`, and nobody else."""
    if len(stays) > PARTS:
        message = _(
            "You have deleted single messages in too many places. Delete more at once, or the chat."
        )
        raise DomainError(message, 409, code="parts")
    since, earlier = stays.stored()
    mine = Membership.objects.filter(conversation_id=conversation.pk, user_id=user.pk)
    mine.update(since_seq=since, earlier_stays=earlier, version=F("version") + 1, **changed)
    online = online_seen_by(user.pk)
    for chat in chats_of(user, among=[conversation.pk]):
        payload = changed_chat_payload(chat, chat.peer.id in online)
        events.publish(events.HISTORY_CHANGED, payload, to=recipients.of([user.pk]))


def _parts(seqs: Iterable[int]) -> list[Stay]:
    """As stays."""
    return Stays().along_with((seq - 1, seq) for seq in seqs)


def _undo_token(
    user: User | Principal, message: Message, whom: Whom, what: Sequence[Any], moment: str = ""
) -> str:
    done = {
        "user": user.pk,
        "whom": whom,
        "conversation": message.conversation.key,
        "what": list(what),
        "moment": moment,
    }
    return _signer.sign_object(done, compress=True)


def _no_such_chat() -> NotFound:
    return NotFound(_("No such chat."))
