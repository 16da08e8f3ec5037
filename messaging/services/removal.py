"""Removing the content of messages from the database and the stores, for good: not even moderators
have it afterwards, but for what was reported.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from chatsite.db import now
from chatsite.fastpath.statements import Update, run_batch
from messaging import events, recipients
from messaging.models import (
    Attachment,
    Conversation,
    Listening,
    Message,
    MessageEdit,
    Opening,
    Reaction,
    blank_row,
)
from messaging.payloads import deleted_payload, expired_payload
from messaging.services.conversations import INSTANT, LockedConversation
from messaging.services.notifications import retract_deleted
from messaging.services.search_index import rewrite_blocks
from messaging.shapes.link_previews import decoded_preview
from scheduler.services import schedule, schedule_unless_waiting

REMOVE_FILES, REMOVE_PICTURES = "remove_files", "remove_pictures"
REMOVE_PREVIEWS = "remove_previews"
# By then, whoever began to forward a file before its message was gone is done with it.
FORWARDED = timedelta(minutes=1)
# A picture is stored before its message: what is younger may still be on its way.
GRACE_PERIOD = timedelta(hours=1)
# What remains of one: where it stood, when, and by whom.
KEPT = frozenset(
    (
        *("id", "conversation_id", "sender_id", "seq", "version", "kind", "details", "deleted"),
        *("expires_at", "client_message_id", "created_at", "updated_at"),
    )
)
# All else, so that a column that is forgotten here does not survive its message.
_NOTHING = {column: blank for column, blank in blank_row().items() if column not in KEPT}
_EMPTIED = Update(
    lambda key, moment, version: (
        Message.objects.filter(pk=key),
        {**_NOTHING, "deleted": True, "updated_at": moment, "version": version},
    )
)


def empty(messages: Sequence[Message], conversation: LockedConversation) -> None:
    """Leaves only a tombstone, so that `seq` has no gaps, and `sync` brings it. Holding the lock;
    the conversation is stored afterwards.
    """
    _remove_rows(messages)
    # Later than before, by whatever clock: of two states clients keep the later one.
    moment = max(now(), conversation.changed_at + INSTANT)
    emptied = []
    for message in messages:
        conversation.change(moment)
        emptied.append({"key": message.pk, "moment": moment, "version": conversation.version})
    run_batch((_EMPTIED, emptied))
    rewrite_blocks(conversation.pk, [message.seq for message in messages])
    retract_deleted(conversation.pk, min(message.seq for message in messages))
    outgoing: list[events.Event] = []
    for message in messages:
        message.conversation = Conversation(pk=conversation.pk, key=conversation.key)
        at, payload = message.expires_at, deleted_payload(message)
        if at and at <= moment:
            payload = expired_payload(message, at)
        to = recipients.of(conversation.viewers_of(message.seq))
        outgoing.append((events.MESSAGE_DELETED, payload, to, ""))
    events.publish_all(outgoing)


def erase(messages: Sequence[Message]) -> None:
    """The same of deleted messages, whose deletion was published. Holding the lock."""
    _remove_rows(messages)
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(**_NOTHING)


def _remove_rows(messages: Sequence[Message]) -> None:
    """Whatever hangs on them."""
    remove_files_later(messages)
    keys = [message.pk for message in messages]
    for rows in (Attachment, MessageEdit, Reaction, Listening, Opening):
        rows.objects.filter(message_id__in=keys).delete()


def remove_files_later(messages: Sequence[Message]) -> None:
    """Those that no other message has then, a while after the commit: by the names in the stores,
    and of pictures each with that of its small one, or "".
    """
    remove_attached_later(
        Attachment.objects.filter(message_id__in=[message.pk for message in messages])
    )
    run_at = now() + FORWARDED
    if pictures := {(each.image, each.thumbnail) for each in messages if each.image}:
        schedule(REMOVE_PICTURES, run_at=run_at, pictures=sorted(pictures))
    previews = ((decoded_preview(each.preview or ""), each.updated_at) for each in messages)
    if shown := {each.image: at for each, at in previews if each and each.image}:
        # By then no other message gets the same one any more.
        _remove_previews_later(max(run_at, max(shown.values()) + GRACE_PERIOD))


def _remove_previews_later(moment: datetime) -> None:
    """One job for all that go within an hour: it looks at every preview of the site."""
    run_at = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    name = f"{REMOVE_PREVIEWS}:{run_at:%Y-%m-%dT%H}"
    schedule_unless_waiting(REMOVE_PREVIEWS, name=name, run_at=run_at)


def remove_attached_later(attached: QuerySet[Attachment]) -> None:
    """The same of the files of these rows, which go in this transaction."""
    files = {name for names in attached.values_list("stored", "thumbnail") for name in names}
    if files := files - {""}:
        schedule(REMOVE_FILES, run_at=now() + FORWARDED, names=sorted(files))
