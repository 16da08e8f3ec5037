"""Sending, deleting and restoring messages."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import itemgetter, or_
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.principal import Principal
from accounts.services.filters import check_words
from accounts.services.restraints import check_not_silenced
from chatsite.db import atomic, now, on_commit, repeatable, retrying
from chatsite.errors import Busy, DomainError
from chatsite.fastpath.expressions import EmptyText
from chatsite.fastpath.statements import Insert, SelectAmong, Update, run_batch
from chatsite.keys import new_key
from chatsite.language import each_read_in
from chatsite.locks import locking, locking_several
from chatsite.monitoring import metrics
from chatsite.text import has_link
from messaging import events, recipients
from messaging.models import (
    Message,
    MessageKind,
    Posting,
    Role,
    blank_row,
    is_group,
    saved_key,
)
from messaging.payloads import deleted_payload
from messaging.queries.blocks import hide_changes_by_blocked, versions_for
from messaging.queries.privacy import note_written
from messaging.queries.visibility import (
    find_message,
    has_blocked,
    is_peer,
    is_there,
    no_such_message,
    past_member,
)
from messaging.services.attachments import AttachmentBatch
from messaging.services.conversations import (
    INSTANT,
    LockedConversation,
    LockedMember,
    catch_up,
    conversations_for,
    locked_conversations,
    read_events,
    store,
)
from messaging.services.drafts import (
    Draft,
    new_draft,
    system_draft,
    unknown_receiver,
    unknown_reply,
)
from messaging.services.filters import (
    check_new_account,
    count_new_message,
    is_filtered,
    report_held,
)
from messaging.services.link_previews import preview_later
from messaging.services.notifications import notify_later, retract_deleted
from messaging.services.openings import close_later
from messaging.services.pictures import settle_later, stored_picture
from messaging.services.requests import (
    acceptance_events,
    begin_with_stranger,
    check_stranger,
    request_events,
)
from messaging.services.search_index import add_full_blocks, rewrite_blocks
from messaging.shapes.attachments import encoded_attachments, is_album_picture
from messaging.shapes.mentions import encoded_mentions
from messaging.shapes.record import COLUMNS, MessageRecord, record_of, record_of_row
from messaging.shapes.system_messages import SystemDetails, encoded
from messaging.shapes.view_once import LASTS, encoded_once


@dataclass(frozen=True, slots=True)
class Sent:
    record: MessageRecord
    created: bool  # False: this client message id had been sent before


Outcome = Sent | DomainError
AlsoStored = Callable[[list[Outcome]], None]
EarlierSends = dict[tuple[str, str], tuple[str, MessageRecord]]
"""Messages that were sent before, by sender and client message id: the key of the conversation,
and the record.
"""
RepliedTo = dict[str, tuple[str, int, str]]
"""Messages that drafts reply to and that are not deleted, by key: conversation, seq, sender."""


def send_message(
    *,
    sender: Principal | User,
    peer: str,
    text: str = "",
    image: bytes | None = None,
    client_message_id: str = "",
    origin: str = "",
    reply_to: str = "",
    mentions: Sequence[str] | None = None,
    attachments: Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
    view_once: bool | None = None,
) -> Sent:
    """Stores and publishes a message, once per client message id. `origin` is the socket that
    sends, if one does.

    Raises DomainError: 400 for what cannot be sent, 403 where `sender` may not write, 404 for an
    unknown receiver, 409 for a client message id that went to somebody else, 502, 503, 507 when the
    picture cannot be stored.
    """
    draft = new_draft(
        sender_id=sender.pk,
        receiver_id=peer,
        text=text,
        client_message_id=client_message_id,
        has_picture=image is not None,
        origin=origin,
        reply_to=reply_to,
        mentions=mentions,
        attachments=attachments,
        captions=captions,
        view_once=view_once,
    )
    if image is not None:
        # Which takes long: in vain where there is nobody to see it, or where it was sent before.
        if not is_peer(peer, sender.pk):
            raise unknown_receiver()
        if before := sent_before(draft):
            return before
        draft = msgspec.structs.replace(draft, picture=stored_picture(image))
    return send_alone(draft)


def send_alone(draft: Draft) -> Sent:
    """In a transaction of its own. Raises DomainError."""
    [outcome] = send_together([draft])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def send_together(drafts: Sequence[Draft], *, also: AlsoStored | None = None) -> list[Outcome]:
    """As `send_messages`, in a transaction of their own, to whose end belongs what `also` does."""
    # Of two that make the same at once, a conversation or an id, one finds it when it tries again.
    return retrying(partial(_send_together, drafts, also), IntegrityError)


def _send_together(drafts: Sequence[Draft], also: AlsoStored | None) -> list[Outcome]:
    try:
        if also is None:
            return send_messages(drafts)
        with atomic():
            outcomes = send_messages(drafts)
            also(outcomes)
        return outcomes
    except IntegrityError:
        for key in {draft.conversation for draft in drafts}:
            catch_up(key)
        raise


def send_messages(drafts: Sequence[Draft], languages: Iterable[str] = ()) -> list[Outcome]:
    """Stores them in one transaction, by one statement a table, and publishes them after its
    commit. `languages`: of who reads why each is refused.

    Returns what became of each. Refused are an unknown receiver (404), who may not write in the
    group (403), a reply to what is not there and uploads that are not the sender's (400), a
    client message id that went to somebody else (409) and, of several conversations, those whose
    row somebody else holds (503). One conversation alone is waited for, and raises Busy.
    """
    keys = {draft.conversation for draft in drafts}
    with locking(*keys) if len(keys) == 1 else locking_several():
        batch = _SendBatch(
            conversations_for(drafts),
            _earlier_sends(drafts),
            _replied_to(drafts),
            AttachmentBatch.lock_for(drafts),
        )
        outcomes = each_read_in(languages, batch.outcome, drafts)
        batch.store()
    return outcomes


def store_system_message(conversation: LockedConversation, details: SystemDetails) -> MessageRecord:
    """Of who is or has been a member: it reports a change in the conversation, and is stored in the
    same transaction.
    """
    batch = _SendBatch({conversation.key: conversation})
    peer = conversation.peer_of(details.by.id)
    record = batch.add(system_draft(peer, details), conversation)
    batch.store()
    return record


@dataclass
class _SendBatch:
    """Messages that are stored together."""

    conversations: dict[str, LockedConversation]
    earlier: EarlierSends = field(default_factory=dict)
    replied_to: RepliedTo = field(default_factory=dict)
    attached: AttachmentBatch = field(default_factory=AttachmentBatch)
    moment: datetime = field(default_factory=now)
    rows: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[Draft, MessageRecord]] = field(default_factory=list)
    reads: dict[tuple[str, str], Draft] = field(default_factory=dict)  # who read by writing
    held: list[Draft] = field(default_factory=list)  # what moderators have to look at

    def outcome(self, draft: Draft) -> Outcome:
        conversation = self.conversations.get(draft.conversation)
        if conversation is None:
            return Busy()
        try:
            if before := _sent_before(draft, self.earlier):
                return before
            self._check(draft, conversation)
        except DomainError as error:
            return error
        return Sent(self.add(draft, conversation), created=True)

    def _check(self, draft: Draft, conversation: LockedConversation) -> None:
        """Whether this may be written. Raises DomainError 400, 403, 404."""
        sender = check_may_write(conversation, draft.sender_id, draft.receiver_id)
        if conversation.slow_seconds and sender.role == Role.MEMBER:
            self._check_pace(draft, conversation)
        if draft.reply_to:
            conversation_id, seq, _author = self.replied_to.get(draft.reply_to, ("", 0, ""))
            if conversation_id != conversation.pk or not sender.stays.see(seq):
                raise unknown_reply()
        self.attached.check(draft)
        is_counted = is_filtered(draft.receiver_id, draft.sender_id) and self._filter(
            draft, conversation
        )
        is_first = not conversation.seq and not is_group(conversation.pk)
        policy = check_stranger(draft) if is_first else None
        # These last: what is refused is no message of the hour, and no stranger of the day.
        if is_counted:
            count_new_message(draft.sender_id, draft.taken)
        if policy:
            begin_with_stranger(draft, conversation, policy)

    def _check_pace(self, draft: Draft, conversation: LockedConversation) -> None:
        """Raises DomainError 429."""
        pace = timedelta(seconds=conversation.slow_seconds)
        mine = Message.objects.filter(
            conversation_id=conversation.pk,
            sender_id=draft.sender_id,
            kind=MessageKind.TEXT,
            seq__gt=conversation.seq - SLOW_MODE_WINDOW,
        )
        before = mine.order_by("-seq").values_list("created_at", flat=True).first()
        if any(
            (each.sender_id, each.conversation) == (draft.sender_id, draft.conversation)
            for each, _record in self.sent
        ):
            before = self.moment
        left = (before + pace - self.moment).total_seconds() if before else 0
        if left > 0:
            raise too_fast(math.ceil(left))

    def _filter(self, draft: Draft, conversation: LockedConversation) -> bool:
        """Whether it is one of those that a new account may send."""
        words = "\n".join([draft.text, *self.attached.texts(draft)])
        files = draft.picture or draft.attachments or draft.copied
        if check_words(words):
            self.held.append(draft)
        return check_new_account(
            draft.sender_id,
            conversation=conversation.pk,
            stranger="" if is_group(draft.receiver_id) else draft.receiver_id,
            has_more=bool(files) or has_link(words),
            taken=draft.taken,
        )

    def add(self, draft: Draft, conversation: LockedConversation) -> MessageRecord:
        key = new_key()
        is_unattended = draft.system is not None or draft.is_scheduled
        if conversation.add(key, draft.sender_id, self.moment, is_unattended=is_unattended):
            self.reads[draft.conversation, draft.sender_id] = draft
        row = {
            **blank_row(),
            **draft.picture,
            "id": key,
            "conversation_id": conversation.pk,
            "sender_id": draft.sender_id,
            "seq": conversation.seq,
            "version": conversation.version,
            "text": draft.text,
            "has_link": has_link(draft.text) or None,
            "has_picture": bool(draft.picture.get("image")) or None,
            "reply_to": draft.reply_to,
            "forwarded": draft.forwarded,
            "client_message_id": draft.client_message_id,
            "created_at": conversation.changed_at,
            "updated_at": conversation.changed_at,
        }
        if conversation.disappear_after and not draft.system:
            row["expires_at"] = conversation.expire(conversation.changed_at)
            row["is_expiring"] = True
        if (draft.mentions or draft.reply_to) and is_group(conversation.pk):
            row["mentions"] = encoded_mentions(self._mentioned(draft), conversation.current)
        if draft.attachments or draft.copied:
            self._add_files(row, draft)
        if draft.system:
            row["kind"] = MessageKind.SYSTEM.value
            row["details"] = encoded(draft.system).decode()
        record = record_of_row(_shown(row), draft.receiver_id)
        self.rows.append(row)
        self.sent.append((draft, record))
        if draft.client_message_id:
            self.earlier[draft.sender_id, draft.client_message_id] = draft.conversation, record
        return record

    def _add_files(self, row: dict[str, Any], draft: Draft) -> None:
        files = self.attached.assign(draft, row["id"], row["conversation_id"])
        if draft.view_once:
            row["view_once"] = encoded_once(files, row["created_at"])
            close_later(row["id"], row["created_at"] + LASTS)
            return
        row["attachments"] = encoded_attachments(files)
        shown = [is_album_picture(each) for each in files]
        row["has_picture"] = row["has_picture"] or any(shown) or None
        row["has_voice"] = any(each.waveform for each in files) or None
        row["has_file"] = not (all(shown) or row["has_voice"]) or None

    def _mentioned(self, draft: Draft) -> list[str]:
        """A reply mentions the author that it replies to, unless that is its own writer."""
        mentioned = dict.fromkeys(draft.mentions)
        if draft.reply_to:
            _conversation, _seq, author = self.replied_to[draft.reply_to]
            if author != draft.sender_id:
                mentioned[author] = None
        return list(mentioned)

    def store(self) -> None:
        """And publishes them, after the commit."""
        self.attached.store_copies()
        store(self.conversations.values(), (_INSERT, self.rows))
        self.attached.store_sent()
        for draft, record in self.sent if self.held else ():
            if any(draft is each for each in self.held):
                report_held(record)
        add_full_blocks((row["conversation_id"], row["seq"]) for row in self.rows)
        self.publish()

    def publish(self) -> None:
        outgoing: list[events.Event] = []
        for (key, reader), draft in self.reads.items():
            conversation = self.conversations[key]
            outgoing += read_events(reader, draft.receiver_id, conversation)
        writing = {draft.conversation for draft, _record in self.sent}
        receivers = {key: self.conversations[key].receivers for key in writing}
        to = {key: recipients.of(people) for key, people in receivers.items()}
        for key in writing:
            outgoing += request_events(self.conversations[key])
            outgoing += acceptance_events(self.conversations[key])
        for draft, record in self.sent:
            if draft.system:
                outgoing += _record_events(
                    events.NEW_MESSAGE, record, receivers[draft.conversation]
                )
            else:
                outgoing.append((events.NEW_MESSAGE, record, to[draft.conversation], draft.origin))
        events.publish_all(outgoing)
        notify_later(
            (self.conversations[draft.conversation].pk, receivers[draft.conversation], record)
            for draft, record in self.sent
            if not draft.system
        )
        preview_later((row["id"], row["text"]) for row in self.rows if row["has_link"])
        on_commit(lambda: metrics.MESSAGES_SENT.inc(len(self.sent)))
        on_commit(lambda: note_written(map(_pair, self.sent)))


def _record_events(
    event: str, record: MessageRecord, receivers: Collection[str]
) -> list[events.Event]:
    """An event for each version of the record."""
    each = versions_for(record, receivers)
    return [(event, earlier, recipients.of(people), "") for earlier, people in each if people]


def _pair(sent: tuple[Draft, MessageRecord]) -> tuple[str, str]:
    draft, _record = sent
    return draft.sender_id, draft.receiver_id


def check_may_write(
    conversation: LockedConversation, sender_id: str, receiver_id: str
) -> LockedMember:
    """Returns the sender's membership. Raises DomainError 403, 404."""
    if receiver_id != saved_key(sender_id):
        check_not_silenced(sender_id)
    sender = conversation.members.get(sender_id)
    if sender is None:
        raise unknown_receiver()
    if is_group(receiver_id):
        if sender.until is not None:
            raise past_member()
        if conversation.posting == Posting.ADMINS and sender.role == Role.MEMBER:
            raise DomainError(_("Only admins may write in this group."), 403, code="posting")
    else:
        _check_receiver(conversation.members.get(receiver_id))
        if sender.until is not None:
            raise has_blocked()
    return sender


def _check_receiver(receiver: LockedMember | None) -> None:
    if receiver is None:
        raise unknown_receiver()
    if receiver.is_gone:
        raise DomainError(_("This account was deleted."), 403, code="gone")


def too_fast(wait: int) -> DomainError:
    words = ngettext(
        "Slow mode: you can write again in %(count)s second.",
        "Slow mode: you can write again in %(count)s seconds.",
        wait,
    )
    message = words % {"count": wait}
    return DomainError(message, 429, code="slow", errors={"slow_seconds": [message]}, wait=wait)


SLOW_MODE_WINDOW = 1000  # messages of a slow group, to look for a member's last one among
_INSERT = Insert(Message)
_shown = itemgetter(*COLUMNS)


def sent_among(pairs: Iterable[tuple[Any, Any]]) -> QuerySet[Message, Any]:
    # The condition of the unique index. SQLite looks for it beside each pair: below all of them it
    # would go through the whole index.
    has_id = Q() if settings.MONGODB else Q(client_message_id__gt=EmptyText())
    sent = (Q(has_id, sender_id=sender, client_message_id=each) for sender, each in pairs)
    return Message.objects.filter(reduce(or_, sent)).values_list("pk")


_EARLIER_SENDS = SelectAmong(sent_among, width=2)


_REPLIED_TO = SelectAmong(
    lambda keys, *, moment: Message.objects.filter(is_there(moment), pk__in=keys).values_list(
        "pk", "conversation_id", "seq", "sender_id"
    )
)


def _replied_to(drafts: Iterable[Draft]) -> RepliedTo:
    replied_to = [draft.reply_to for draft in drafts if draft.reply_to]
    rows = _REPLIED_TO.rows_among(replied_to, moment=now()) if replied_to else ()
    return {key: (conversation, seq, author) for key, conversation, seq, author in rows}


def _earlier_sends(drafts: Iterable[Draft]) -> EarlierSends:
    keys = _EARLIER_SENDS.rows_among(
        (draft.sender_id, draft.client_message_id) for draft in drafts if draft.client_message_id
    )
    if not keys:
        return {}
    messages = Message.objects.select_related("conversation").filter(pk__in=[pk for (pk,) in keys])
    return {
        (each.sender_id, each.client_message_id): (each.conversation.key, record_of(each))
        for each in messages
    }


def sent_before(draft: Draft) -> Sent | None:
    """What was sent by its client message id. Raises DomainError 409."""
    return _sent_before(draft, _earlier_sends([draft]))


def _sent_before(draft: Draft, earlier: EarlierSends) -> Sent | None:
    """Raises DomainError 409."""
    first = earlier.get((draft.sender_id, draft.client_message_id))
    if first is None:
        return None
    conversation, record = first
    if conversation != draft.conversation:
        raise DomainError(
            _("This client message id was used for another receiver."), 409, code="reused"
        )
    return Sent(record, created=False)


def delete_message(*, user: User | Principal, message_id: str) -> Message:
    """Deletes one's own message for everybody.

    Raises DomainError 403, 404. Idempotent.
    """
    message = find_message(user, message_id)
    if message is None:
        raise no_such_message()
    delete_for_everybody([message], user_id=user.pk)
    return message


def delete_for_everybody(messages: Sequence[Message], *, user_id: str) -> list[Message]:
    """Those of one conversation, for everybody: all of them, or none. Returns which it deleted.

    Raises DomainError 403 for what others wrote, and for what is too old.
    """
    if any(each.sender_id != user_id or each.kind == MessageKind.SYSTEM for each in messages):
        raise DomainError(_("You can only delete your own messages."), 403, code="not_sender")
    kept = [message for message in messages if not message.deleted]
    minutes = settings.MESSAGE_DELETE_MINUTES
    if minutes is not None and kept:
        oldest = min(message.created_at for message in kept)
        if oldest < now() - timedelta(minutes=minutes):
            text = _("It is too late to delete this message for everybody.")
            raise DomainError(text, 403, code="too_late")
    return set_deleted(kept, True)


def remove(*, message: Message) -> bool:
    """Deletes whoever's message, for good: its sender cannot undo it. False when it was deleted
    already.
    """
    if set_deleted([message], True):
        return True
    # Its sender may have deleted it just now, and may undo what happened at that moment.
    later = max(now(), message.updated_at + INSTANT)
    Message.objects.filter(pk=message.pk, deleted=True).update(updated_at=later)
    return False


def restore(*, message: Message) -> bool:
    """Brings a deleted message back. False when it was not deleted."""
    return bool(set_deleted([message], False))


_DELETED = Update(
    lambda key, deleted, moment, version: (
        Message.objects.filter(pk=key),
        {
            "deleted": deleted,
            "pinned_at": None,  # and back again only by hand
            "pinned_by": None,
            "updated_at": moment,
            "version": version,
        },
    )
)


@repeatable
def set_deleted(
    messages: Sequence[Message], deleted: bool, *, at: datetime | None = None
) -> list[Message]:
    """Messages of one conversation. Returns which it changed: with `at`, only those whose last
    change was at that moment.
    """
    if not messages:
        return []
    key = messages[0].conversation.key
    with locking(key):
        conversation = locked_conversations([key])[key]
        there = Message.objects.filter(pk__in=[each.pk for each in messages], deleted=not deleted)
        if not deleted:
            there = there.exclude(expires_at__lte=now())
        keys = set((there.filter(updated_at=at) if at else there).values_list("pk", flat=True))
        changed = [message for message in messages if message.pk in keys]
        if not changed:
            return []
        # Later than before, by whatever clock: of two states clients keep the later one.
        moment = max(now(), conversation.changed_at + INSTANT)
        rows = []
        for message in changed:
            conversation.change(moment)
            message.deleted, message.updated_at = deleted, moment
            message.version = conversation.version
            message.pinned_at = message.pinned_by = None
            rows.append(
                {
                    "key": message.pk,
                    "deleted": deleted,
                    "moment": moment,
                    "version": message.version,
                }
            )
        run_batch((_DELETED, rows))
        store([conversation])
        rewrite_blocks(conversation.pk, [message.seq for message in changed])
        if deleted:
            retract_deleted(conversation.pk, min(message.seq for message in changed))
        outgoing: list[events.Event] = []
        for message in changed:
            settle_later(message)
            if deleted:
                to = recipients.of(conversation.viewers_of(message.seq))
                outgoing.append((events.MESSAGE_DELETED, deleted_payload(message), to, ""))
            else:
                outgoing += _restore_events(message, conversation)
        events.publish_all(outgoing)
    return changed


def _restore_events(message: Message, conversation: LockedConversation) -> list[events.Event]:
    """It brings words, so not to who has blocked its sender; nor to a sender who has blocked the
    other what that one did with it since.
    """
    receivers = conversation.receivers_of(message.seq)
    outgoing = _record_events(events.MESSAGE_RESTORED, record_of(message), receivers)
    sender = message.sender_id
    if sender in conversation.viewers_of(message.seq) and sender not in receivers:
        hide_changes_by_blocked(sender, [record := record_of(message)])
        outgoing.append((events.MESSAGE_RESTORED, record, recipients.of([sender]), ""))
    return outgoing
