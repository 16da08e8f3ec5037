"""What a site keeps, and for how long: old messages and old files go, if its operator says so.

All of it goes in small transactions, so that people go on writing meanwhile, and whatever is done
twice, or stopped halfway, goes on with what is left.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet

from accounts.models import User
from chatsite.db import now, repeatable
from chatsite.fastpath.expressions import EmptyText
from chatsite.fastpath.statements import Update, run_batch
from chatsite.keys import key_at
from chatsite.locks import locking
from messaging import events, recipients
from messaging.models import BLOCK, Attachment, Conversation, Membership, Message, SearchBlock
from messaging.payloads import changed_chat_payload
from messaging.presence import online_seen_by, online_users
from messaging.queries.chats import chats_of
from messaging.services.conversations import (
    INSTANT,
    LockedConversation,
    locked_conversations,
    store,
)
from messaging.services.removal import empty, remove_files_later
from messaging.services.search_index import rewrite_blocks
from messaging.shapes.record import record_of

BATCH_SIZE = 200  # messages of one transaction
LOOKED_AT = 500  # rows of one query
IsStopping = Callable[[], bool]
_STRIPPED = Update(
    lambda key, moment, version: (
        Message.objects.filter(pk=key),
        {
            "image": "",
            "thumbnail": "",
            "image_width": None,
            "image_height": None,
            "attachments": None,
            "has_picture": None,
            "has_voice": None,
            "has_file": None,
            "updated_at": moment,
            "version": version,
        },
    )
)


@dataclass(frozen=True, slots=True)
class OldContent:
    messages: int
    size: int = 0  # bytes, of files that are attached


def old_messages(before: datetime) -> OldContent:
    """Sent before that moment."""
    return OldContent(_sent_before(before).count())


def remove_messages(before: datetime, *, is_stopping: IsStopping = lambda: False) -> int:
    """Their rows go, with all that hangs on them. What is left of a conversation begins after them,
    for everybody: its members see them as little as what they have deleted for themselves, so that
    their clients are notified in the same way. Returns how many messages.
    """
    done: set[str] = set()
    removed = 0
    for _key, conversation in _each(_sent_before(before).values_list("pk", "conversation_id")):
        if conversation in done or is_stopping():
            continue
        done.add(conversation)
        keys = Conversation.objects.filter(pk=conversation).values_list("key", flat=True)
        for key in keys:
            end = _hide_before(key, before)
            while not is_stopping() and (some := _remove_some(key, end)):
                removed += some
    return removed


def old_files(before: datetime) -> OldContent:
    """Of messages sent before that moment."""
    sizes = Attachment.objects.filter(_attached_before(before), is_copy=False)
    size = sum(sizes.values_list("size", flat=True).iterator())
    return OldContent(len(set(_with_files(before))), size)


def remove_files(before: datetime, *, is_stopping: IsStopping = lambda: False) -> int:
    """The words of their messages stay; a message without any is deleted. Returns how many
    messages.
    """
    by_conversation: dict[str, list[str]] = {}
    for message, conversation in dict(_with_files(before)).items():
        by_conversation.setdefault(conversation, []).append(message)
    removed = 0
    for conversation, messages in by_conversation.items():
        for key in Conversation.objects.filter(pk=conversation).values_list("key", flat=True):
            for start in range(0, len(messages), BATCH_SIZE):
                if is_stopping():
                    return removed
                removed += _strip(key, messages[start : start + BATCH_SIZE])
    return removed


def _sent_before(moment: datetime) -> QuerySet[Message]:
    """Keys are ordered by time."""
    return Message.objects.filter(pk__lt=key_at(moment), created_at__lt=moment)


def _each(rows: QuerySet[Any, Any]) -> Iterator[Any]:
    """Of rows that may go meanwhile, in the order of their keys, which come first."""
    after = ""
    while found := list(rows.filter(pk__gt=after).order_by("pk")[:LOOKED_AT]):
        yield from found
        after = found[-1][0]


@repeatable
def _hide_before(key: str, before: datetime) -> int:
    """Hides from everybody what was sent before that moment. Returns up to which `seq` that is."""
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return 0
        end = _end(conversation, before)
        changed = []
        for person, member in conversation.members.items():
            stays = member.stays.without([(0, end)])
            if member.is_gone or stays == member.stays:
                continue
            changed.append(person)
            since, earlier = stays.stored()
            mine = Membership.objects.filter(conversation_id=conversation.pk, user_id=person)
            mine.update(since_seq=since, earlier_stays=earlier, version=F("version") + 1)
        _publish(conversation.pk, changed)
    return end


def _end(conversation: LockedConversation, before: datetime) -> int:
    """The last `seq` that was sent before that moment; 0 for none. Times rise with it."""
    messages = Message.objects.filter(conversation_id=conversation.pk)
    low, high = 0, conversation.seq  # up to `low` all are older, after `high` none is
    while low < high:
        middle = (low + high + 1) // 2
        row = messages.filter(seq__gte=middle).order_by("seq").values_list("seq", "created_at")
        seq, created_at = row.first() or (conversation.seq + 1, before)
        if created_at < before:
            low = seq
        else:
            high = middle - 1
    return low


def _publish(conversation: str, people: Sequence[str]) -> None:
    """Those with open pages; the others learn it by `sync`."""
    online = online_users()
    for person in User.objects.filter(pk__in=[key for key in people if key in online]):
        seen = online_seen_by(person.pk)
        for chat in chats_of(person, among=[conversation]):
            payload = changed_chat_payload(chat, chat.peer.id in seen)
            events.publish(events.HISTORY_CHANGED, payload, to=recipients.of([person.pk]))


@repeatable
def _remove_some(key: str, end: int) -> int:
    """Returns how many rows: 0 once none is left."""
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return 0
        there = Message.objects.filter(conversation_id=conversation.pk, seq__lte=end)
        some = list(there.order_by("seq")[:BATCH_SIZE])
        if not some:
            return 0
        remove_files_later(some)
        keys = [message.pk for message in some]
        Message.objects.filter(pk__in=keys).delete()
        if conversation.message_id in keys:
            Conversation.objects.filter(pk=conversation.pk).update(last_message=None)
        last = some[-1].seq
        whole = (last // BLOCK) - 1  # the last block of which nothing is left
        blocks = SearchBlock.objects.filter(conversation_id=conversation.pk)
        blocks.filter(number__lte=whole).delete()
        if last % BLOCK:
            rewrite_blocks(conversation.pk, [last])
    return len(some)


def _attached_before(moment: datetime) -> Q:
    return Q(pk__lt=key_at(moment), created_at__lt=moment, message__isnull=False)


def _with_files(before: datetime) -> Iterator[tuple[str, str]]:
    """Messages with a file or a picture, and their conversations; one may come twice."""
    attached = Attachment.objects.filter(_attached_before(before))
    for _key, message, conversation in _each(
        attached.values_list("pk", "message_id", "conversation_id")
    ):
        yield message, conversation
    pictured = Message.objects.filter(image__gt="" if settings.MONGODB else EmptyText())
    rows = pictured.filter(pk__lt=key_at(before), created_at__lt=before)
    yield from _each(rows.values_list("pk", "conversation_id"))


@repeatable
def _strip(key: str, keys: Sequence[str]) -> int:
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return 0
        found = Message.objects.filter(pk__in=keys, conversation_id=conversation.pk)
        messages = [
            each
            for each in found.order_by("seq")
            if each.image or each.attachments or each.view_once
        ]
        if gone := [message for message in messages if not message.text]:
            empty(gone, conversation)
        kept = [message for message in messages if message.text]
        remove_files_later(kept)
        Attachment.objects.filter(message_id__in=[message.pk for message in kept]).delete()
        # Later than before, by whatever clock: of two states clients keep the later one.
        moment = max(now(), conversation.changed_at + INSTANT)
        stripped = []
        for message in kept:
            conversation.change(moment)
            row = {"key": message.pk, "moment": moment, "version": conversation.version}
            stripped.append(row)
            message.image = message.thumbnail = ""
            message.image_width = message.image_height = message.attachments = None
            message.updated_at, message.version = moment, conversation.version
            message.conversation = Conversation(pk=conversation.pk, key=conversation.key)
        run_batch((_STRIPPED, stripped))
        rewrite_blocks(conversation.pk, [message.seq for message in kept])
        store([conversation])
        events.publish_all(
            (
                events.MESSAGE_EDITED,
                record_of(message),
                recipients.of(conversation.receivers_of(message.seq)),
                "",
            )
            for message in kept
            if not message.deleted
        )
    return len(messages)
