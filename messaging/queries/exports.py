"""Exports: the one of a person, and whether it is there."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now
from chatsite.errors import NotFound
from messaging.models import Attachment, Export
from messaging.queries.chats import chats_of
from messaging.queries.scheduled import scheduled_of
from messaging.queries.visibility import stays_with
from scheduler.models import Job

JOB = "export"
KEPT = timedelta(days=7)  # since it was ready


def job_of(user_id: str) -> str:
    """The name of the job that makes theirs."""
    return f"{JOB}:{user_id}"


def export_of(user: User | Principal) -> Export | None:
    """None also for one that has expired."""
    found = Export.objects.filter(user_id=user.pk).first()
    return found if found and (found.ready_at is None or expires_at(found) > now()) else None


def expires_at(export: Export) -> datetime:
    return (export.ready_at or now()) + KEPT


def state_of(export: Export) -> str:
    """ "working", "ready", or "failed", whatever it was."""
    if export.ready_at:
        return "ready"
    return "working" if is_being_made(export) else "failed"


def is_being_made(export: Export) -> bool:
    """False, too, for one that was given up."""
    if export.ready_at is not None:
        return False
    return Job.objects.filter(name=job_of(export.user_id), run_at__isnull=False).exists()


def find_export(user: User | Principal) -> Export:
    """That is ready. Raises DomainError 404."""
    found = export_of(user)
    if found is None or found.ready_at is None:
        raise no_export()
    return found


def no_export() -> NotFound:
    return NotFound(_("There is no export, or it has expired."))


def messages_of(user: User) -> int:
    """How many they see at the most, in all of their chats."""
    return sum(until - since for _conversation, since, until in _seen_by(user))


def files_of(user: User) -> int:
    """Bytes of the files of these, each once, and of what they send later."""
    sizes = {file.stored: file.size for row in scheduled_of(user) for file in row.files.all()}
    for conversation, since, until in _seen_by(user):
        files = Attachment.objects.filter(
            conversation=conversation, message__seq__gt=since, message__seq__lte=until
        )
        sizes.update(files.values_list("stored", "size"))
    return sum(sizes.values())


def _seen_by(user: User) -> Iterator[tuple[str, int, int]]:
    """The conversations, and after which message up to which one."""
    for chat in chats_of(user):
        conversation, stays = stays_with(user.pk, chat.peer.id)
        for since, until in stays.merged() if stays else ():
            if since < chat.last_seq:
                yield conversation, since, min(until, chat.last_seq)
