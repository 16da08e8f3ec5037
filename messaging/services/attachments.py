"""The files of sent messages: uploads are assigned to them, copies share them."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from chatsite.db import now, repeatable
from chatsite.errors import Busy
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import Insert, Update, run_batch
from chatsite.files.storage import store
from chatsite.keys import key_at, new_key
from chatsite.locks import locking
from messaging.models import Attachment, AttachmentState, Message
from messaging.services.conversations import locked_conversations
from messaging.services.drafts import Draft, not_view_once, unknown_attachment, voice_mixed
from messaging.shapes.attachments import decoded_attachments
from messaging.shapes.view_once import decoded_once, kind_once

MAX_CLOCK_SKEW = timedelta(hours=6)  # between two workers, at the very most
WITH_FILES = Q(attachments__isnull=False) | Q(view_once__isnull=False)
_INSERT = Insert(Attachment)
_SEND = Update(
    lambda key, message, conversation, position, caption: (
        Attachment.objects.filter(pk=key),
        {
            "state": AttachmentState.SENT.value,
            "message": message,
            "conversation": conversation,
            "position": position,
            "caption": caption,
            "scheduled": None,
        },
    )
)


class AttachmentBatch:
    """The files of messages that are stored together."""

    def __init__(self, uploads: Iterable[Attachment] = ()) -> None:
        self._free = {each.pk: each for each in uploads}
        self._sent: list[Values] = []
        self._copies: list[Values] = []

    @classmethod
    def lock_for(cls, drafts: Iterable[Draft]) -> "AttachmentBatch":
        """Locks the uploads that they name: nobody removes them before the commit."""
        keys = [key for draft in drafts for key in draft.attachments]
        if not keys:
            return cls()
        ready = Attachment.objects.filter(pk__in=keys, state=AttachmentState.READY)
        return cls(ready.select_for_update().order_by("pk"))

    def check(self, draft: Draft) -> None:
        """Whether its sender may send what it names: their own, each of them once, none that
        another message of theirs waits with, and none that is so large because it was to be
        imported. Raises DomainError 400.
        """
        found = [self._free[key] for key in draft.attachments if key in self._free]
        if len(found) < len(draft.attachments):
            raise unknown_attachment()
        for each in found:
            waits = each.scheduled_id and draft.client_message_id != scheduled_client_id(
                each.scheduled_id
            )
            is_too_large = each.size > settings.ATTACHMENT_MAX_BYTES
            if waits or is_too_large or each.owner_id != draft.sender_id:
                raise unknown_attachment()
        has_voice = any(each.waveform for each in found)
        if has_voice and (len(found) > 1 or draft.picture):
            raise voice_mixed()
        if draft.view_once and not kind_once(found):
            raise not_view_once()

    def texts(self, draft: Draft) -> list[str]:
        """The names and captions of its files, which its sender may send."""
        names = [self._free[key].name for key in draft.attachments]
        copied = [texts for each in draft.copied for texts in (each.name, each.caption)]
        return [*names, *draft.captions.values(), *copied]

    def assign(self, draft: Draft, message: str, conversation: str) -> list[Attachment]:
        """Assigns them to a message. Returns them."""
        files = [self._free.pop(key) for key in draft.attachments]
        for each in files:
            each.caption = draft.captions.get(each.pk, "")
        self._sent += (
            {
                "key": each.pk,
                "message": message,
                "conversation": conversation,
                "position": position,
                "caption": each.caption,
            }
            for position, each in enumerate(files)
        )
        copies = [_copy(each, draft.sender_id, message, conversation) for each in draft.copied]
        self._copies += map(_values, copies)
        return [*files, *copies]

    def store_copies(self) -> None:
        """Before their messages: where nothing is undone, no message names a file without a row."""
        if self._copies:
            run_batch((_INSERT, self._copies))

    def store_sent(self) -> None:
        """After their messages: until then they may be sent again (`recover_sent`)."""
        if self._sent:
            run_batch((_SEND, self._sent))


def scheduled_client_id(scheduled: str) -> str:
    """The client message id that a scheduled message is sent with: no client can choose it."""
    return f"scheduled:{scheduled}"


def reserve(draft: Draft, scheduled: str) -> None:
    """Keeps its files, which were checked, for a message that is sent later."""
    for position, key in enumerate(draft.attachments):
        caption = draft.captions.get(key, "")
        Attachment.objects.filter(pk=key).update(
            scheduled=scheduled, position=position, caption=caption
        )


def recover_sent(uploads: Iterable[Attachment]) -> None:
    """Makes those of them sent that a message names: a server without transactions may have been
    stopped in between.
    """
    ready = {each.pk: each for each in uploads if each.state == AttachmentState.READY}
    if not ready:
        return
    earliest = key_at(min(each.created_at for each in ready.values()) - MAX_CLOCK_SKEW)
    sent = Message.objects.filter(WITH_FILES, pk__gte=earliest)
    for message, conversation, files, view_once in sent.values_list(
        "pk", "conversation_id", "attachments", "view_once"
    ).iterator():
        captions = {each.id: each.caption or "" for each in decoded_attachments(files or "")}
        if once := decoded_once(view_once or ""):
            captions |= dict.fromkeys(once.files, "")
        for position, (key, caption) in enumerate(captions.items()):
            if key in ready:
                _SEND.run_each(
                    [
                        {
                            "key": key,
                            "message": message,
                            "conversation": conversation,
                            "position": position,
                            "caption": caption,
                        }
                    ]
                )


def forget_deleted(*, dry_run: bool) -> int:
    """Of messages that were deleted long ago: restored, they come back without files, unless those
    were all they had. Returns of how many.
    """
    before = now() - timedelta(days=settings.ATTACHMENT_DELETED_DAYS)
    deleted = Message.objects.filter(
        WITH_FILES, deleted=True, updated_at__lte=before
    ).select_related("conversation")
    if dry_run:
        return deleted.count()
    done = 0
    for message in list(deleted):
        with suppress(Busy):  # the next time, then
            done += _forget(message, before)
    return done


@repeatable
def _forget(message: Message, before: datetime) -> bool:
    key = message.conversation.key
    with locking(key):
        locked_conversations([key])  # whoever restores it waits for that, too
        there = Message.objects.filter(pk=message.pk, deleted=True, updated_at__lte=before)
        has_picture = bool(message.image) or None
        if not there.update(
            attachments=None,
            view_once=None,
            has_file=None,
            has_voice=None,
            has_picture=has_picture,
        ):
            return False
        Attachment.objects.filter(message_id=message.pk).delete()
    return True


def share_files(attachments: Iterable[Attachment]) -> None:
    """Before other messages show them, too: what looks unused is spared."""
    for each in attachments:
        for name in filter(None, (each.stored, each.thumbnail)):
            store.touch(name)


def _copy(original: Attachment, owner: str, message: str, conversation: str) -> Attachment:
    return Attachment(
        **{
            **_values(original),
            "id": new_key(),
            "owner_id": owner,
            "message_id": message,
            "conversation_id": conversation,
            "is_copy": True,
            "created_at": now(),
        }
    )


def _values(attachment: Attachment) -> dict[str, Any]:
    return {
        field.attname: getattr(attachment, field.attname)
        for field in Attachment._meta.concrete_fields
    }
