"""Histories from elsewhere: taken from an upload, read by a job, written into chats that are their
importer's alone.

Such a chat is a conversation of kind `imported`, in which they are and were alone, and which they
have left: so they read it, search it and delete it, and nobody writes in it. What others wrote is
by placeholders (accounts/services/placeholders.py), whatever names and addresses the file has:
nobody here can be made to have said something.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.languages import read_by
from accounts.models import User
from accounts.notifications import is_zone, zone_of
from chatsite.db import atomic, now, release, retrying
from chatsite.errors import DomainError, NotFound
from chatsite.files import storage
from chatsite.security.ratelimits import DAY, Allowance, check
from messaging.models import Attachment, AttachmentState, Import
from messaging.queries.attachments import uploads_of
from messaging.queries.imports import JOB, import_of, is_at_work, job_of
from messaging.services.history_writer import HistoryWriter
from messaging.services.importers import reading
from messaging.services.importers.source import ImportRefused
from messaging.shapes.history_import import encoded_report
from scheduler.registry import Stopped
from scheduler.services import cancel, schedule

IMPORTS_PER_DAY = Allowance("imports", 20, DAY)
KEPT = timedelta(days=30)  # that its report is shown
ERROR_LENGTH = 300


def begin_import(*, user: User, upload: str, own_name: str = "", zone: str = "UTC") -> Import:
    """Of a file that `user` has uploaded, which is gone then. `own_name`: what they are called in
    it; `zone`: of times that name none.

    Raises DomainError 400 for no zone, 404 for no such upload, 409 while another import is at work,
    TooMany.
    """
    if not is_zone(zone):
        raise DomainError(_("There is no such time zone."), code="zone")
    file = _free(user, upload).filter(state=AttachmentState.READY).first()
    if file is None:
        raise NotFound(_("There is no such upload, or it has expired."))
    check(IMPORTS_PER_DAY, user.pk)
    row = Import(
        user=user, stored=file.stored, name=file.name, own_name=own_name.strip()[:255], zone=zone
    )
    # Of two at once, one finds the other's when it tries again.
    return retrying(partial(_begin, row, file.pk), IntegrityError)


def _begin(row: Import, upload: str) -> Import:
    with atomic():
        there = Import.objects.filter(user=row.user).first()
        if there and is_at_work(there):
            message = _("Another import is at work. Wait for it, or cancel it.")
            raise DomainError(message, 409, code="at_work")
        if there:
            Import.objects.filter(pk=there.pk).delete()
        if not _free(row.user, upload).delete()[0]:
            raise NotFound(_("There is no such upload, or it has expired."))
        row.save(force_insert=True)
        schedule(JOB, name=job_of(row.user_id), imported=row.pk)
    if there:
        _remove_file(there)
    return row


def _free(user: User, upload: str) -> QuerySet[Attachment]:
    """That upload of theirs, which no message waits with."""
    return uploads_of(user).filter(pk=upload, scheduled=None)


def remove_import(*, user: User) -> None:
    """What it has brought stays. Idempotent."""
    cancel(job_of(user.pk))
    if there := import_of(user):
        Import.objects.filter(pk=there.pk).delete()
        _remove_file(there)


def run_import(*, imported: str, is_stopping: Callable[[], bool]) -> None:
    """What is there already is passed over. Raises Stopped, DomainError 503."""
    row = Import.objects.filter(pk=imported, ended_at=None).select_related("user").first()
    if row is None:
        return
    mine = Import.objects.filter(pk=imported, ended_at=None)

    def note(done: int, total: int) -> None:
        mine.update(done=done, total=total)

    try:
        with _file_of(row) as file, read_by(row.user_id):
            source, archive = reading.read(
                file,
                file_name=row.name,
                own_name=row.own_name,
                zone=zone_of(row.zone),
                check_cancelled=partial(_check_cancelled, mine, is_stopping),
            )
            report = HistoryWriter(row.user, source, archive, note).write()
    except _Cancelled:
        return
    except ImportRefused as refusal:
        mine.update(ended_at=now(), error=str(refusal)[:ERROR_LENGTH])
    else:
        mine.update(ended_at=now(), report=encoded_report(report))
    _remove_file(row)


def _check_cancelled(mine: QuerySet[Import], is_stopping: Callable[[], bool]) -> None:
    """Raises Stopped, _Cancelled."""
    if is_stopping():
        raise Stopped
    if not mine.exists():
        raise _Cancelled


def remove_old_imports() -> int:
    """Their rows, and files of those that came to no end. Returns how many."""
    old = list(Import.objects.filter(created_at__lte=now() - KEPT))
    for each in old:
        Import.objects.filter(pk=each.pk).delete()
        _remove_file(each)
    return len(old)


@contextmanager
def _file_of(row: Import) -> Iterator[IO[bytes]]:
    """Raises ImportRefused, DomainError 503."""
    found = storage.store.find(row.stored)
    if found is None:
        raise ImportRefused(_("The file is not there any more. Choose it again."))
    if isinstance(found, Path):
        with found.open("rb") as file:
            yield file
        return
    release()
    with storage.scratch() as copy, closing(found.opened(0, found.size)) as remote:
        while piece := remote.read(storage.PIECE):
            copy.write(piece)
        copy.seek(0)
        yield copy


def _remove_file(row: Import) -> None:
    """What a store that is away keeps is found by the tidying."""
    with suppress(DomainError):
        storage.store.remove(filter(None, [row.stored]))


class _Cancelled(Exception):
    """It was cancelled meanwhile."""
