"""Files of messages: who may see them, and how much room they take."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now
from chatsite.errors import NotFound
from chatsite.keys import is_key
from messaging.models import Attachment, AttachmentState, Export
from messaging.queries.openings import is_open
from messaging.queries.visibility import find_message
from messaging.shapes.payload_types import UsagePayload

UNSENT = (AttachmentState.UPLOADING, AttachmentState.READY)
KEPT = timedelta(days=1)  # since something of an upload arrived last
HELD = timedelta(hours=1)  # for as long, the site keeps room for what is announced


def expires_at(upload: Attachment) -> datetime:
    """Unless it is sent."""
    return upload.updated_at + KEPT


def uploads_of(user: User | Principal) -> QuerySet[Attachment]:
    """Those that they may still send, or go on with."""
    mine = Attachment.objects.filter(owner_id=user.pk, updated_at__gt=now() - KEPT)
    return mine.filter(state__in=UNSENT)


def find_attachment(
    user: User | Principal, key: str, name: str, *, opening: str = ""
) -> tuple[Attachment, bool]:
    """Complete, of a message that `user` may see, or their own before it is sent; and whether it is
    seen once, by that opening. Raises DomainError 404.
    """
    found = Attachment.objects.filter(pk=key).first() if is_key(key) else None
    if found is None or found.name != name or found.state == AttachmentState.UPLOADING:
        raise NotFound()
    if found.message_id is None:
        waits = found.scheduled_id and found.owner_id == user.pk
        if not waits and not uploads_of(user).filter(pk=found.pk).exists():
            raise NotFound()
        return found, False
    message = find_message(user, found.message_id)
    if message is None or message.deleted:
        raise NotFound()
    if message.view_once and not is_open(user.pk, message.pk, opening):
        raise NotFound()
    return found, bool(message.view_once)


def attachments_of(messages: Iterable[str]) -> dict[str, list[Attachment]]:
    """By the keys of these messages, in the order in which they are shown."""
    keys = list(messages)
    found: dict[str, list[Attachment]] = defaultdict(list)
    if keys:
        for each in Attachment.objects.filter(message_id__in=keys).order_by("position"):
            found[str(each.message_id)].append(each)
    return found


def used_by(user_id: str) -> int:
    """Bytes, also of what is still being uploaded, and of deleted messages as long as their files
    are kept. What they forwarded does not count.
    """
    return _sum(Attachment.objects.filter(owner_id=user_id, is_copy=False))


def used_by_all() -> int:
    """With what is announced, unless nothing of it has arrived for a while, and with exports."""
    all_files = Attachment.objects.filter(is_copy=False)
    stalled = all_files.filter(state=AttachmentState.UPLOADING, updated_at__lte=now() - HELD)
    return _sum(all_files) - _sum(stalled) + _sum(Export.objects.all())


def usage(user: User | Principal) -> UsagePayload:
    return {
        "used": used_by(user.pk),
        "quota": settings.ATTACHMENT_QUOTA,
        "maxBytes": settings.ATTACHMENT_MAX_BYTES,
    }


def _sum(files: QuerySet[Attachment] | QuerySet[Export]) -> int:
    return files.aggregate(sum=Sum("size"))["sum"] or 0
