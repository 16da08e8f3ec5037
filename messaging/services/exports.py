"""Exports of everything of one's own: requested, made by a job, kept for a week, removed."""

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from accounts.languages import read_by
from accounts.models import User
from chatsite.db import atomic, now, release, retrying
from chatsite.errors import DomainError
from chatsite.files import storage
from chatsite.files.refusals import no_room
from chatsite.security.ratelimits import DAY, Allowance, check
from messaging.models import Export
from messaging.queries.attachments import used_by_all
from messaging.queries.exports import (
    JOB,
    expires_at,
    export_of,
    files_of,
    is_being_made,
    job_of,
    messages_of,
)
from messaging.services.export_archive import write_archive
from scheduler.registry import Stopped
from scheduler.services import cancel, schedule

EXPORTS_PER_DAY = Allowance("exports", 5, DAY)
NEVER_MADE = timedelta(days=2)  # since it was requested


def begin_export(*, user: User) -> Export:
    """In place of the last one; where one is being made, that one. Raises TooMany, DomainError 503,
    507.
    """
    there = export_of(user)
    if there and is_being_made(there):
        return there
    check(EXPORTS_PER_DAY, user.pk)
    # Of two at once, one finds the other's when it tries again.
    return retrying(partial(_begin, user, files_of(user)), IntegrityError)


def _begin(user: User, size: int) -> Export:
    with atomic():
        there = Export.objects.filter(user=user).first()
        if there and is_being_made(there):
            return there
        if there:
            Export.objects.filter(pk=there.pk).delete()
        export = Export.objects.create(user=user, size=size)
        _check_room(size)
        schedule(JOB, name=job_of(user.pk), export=export.pk)
    if there:
        _remove_file(there)
    return export


def _check_room(size: int) -> None:
    """For one of that size, which is counted already. Raises DomainError 503, 507."""
    limit = settings.ATTACHMENT_SITE_QUOTA
    if limit is not None and used_by_all() > limit:
        raise no_room()
    storage.check_room(size)


def remove_export(*, user: User) -> None:
    """Also one that is being made. Idempotent."""
    cancel(job_of(user.pk))
    if there := Export.objects.filter(user=user).first():
        _remove(there)


def make_export(*, export: str, is_stopping: Callable[[], bool]) -> None:
    """Whatever an attempt that was cut short has left is written anew. Raises Stopped, DomainError
    503, 507.
    """
    row = Export.objects.filter(pk=export, ready_at=None).select_related("user").first()
    if row is None:
        return
    before, name = row.stored, storage.new_name()
    row.stored, row.done, row.total = name, 0, messages_of(row.user)
    row.size = files_of(row.user)
    row.save(update_fields=["stored", "done", "total", "size"])
    if before:
        storage.store.remove([before])
    mine = Export.objects.filter(pk=export, stored=name)  # as long as nobody else took it over

    def note(done: int) -> None:
        if not mine.update(done=done):
            raise _Cancelled

    try:
        # Of two at once each counts the other, whatever they found when they were requested.
        _check_room(row.size)
        storage.begin(name)
        with storage.uploading(name) as uploading:
            body: Any = _Body(uploading, is_stopping)
            file = io.BufferedWriter(body, storage.PIECE)
            with read_by(row.user_id):
                write_archive(file, row.user, note)
            file.flush()
            uploading.sync()
            size = uploading.offset
        release()
        storage.store.take(name)
        if not mine.update(ready_at=now(), size=size):
            raise _Cancelled
    except BaseException as error:
        storage.store.remove([name])
        mine.update(size=0)
        if isinstance(error, _Cancelled):
            return
        raise
    storage.store.taken(name)


def remove_expired_exports() -> int:
    """Returns how many."""
    old = Export.objects.filter(created_at__lte=now() - NEVER_MADE)
    gone = [each for each in old if not _is_kept(each)]
    for each in gone:
        _remove(each)
    return len(gone)


def _is_kept(export: Export) -> bool:
    if export.ready_at is None:
        return is_being_made(export)
    return expires_at(export) > now()


def _remove(export: Export) -> None:
    Export.objects.filter(pk=export.pk).delete()
    _remove_file(export)


def _remove_file(export: Export) -> None:
    """What a store that is away keeps is found by the tidying."""
    with suppress(DomainError):
        storage.store.remove(filter(None, [export.stored]))


class _Cancelled(Exception):
    """It was removed meanwhile, or another worker is at it."""


class _Body(io.RawIOBase):
    """What is written goes into an upload. Raises Stopped, DomainError 503, 507."""

    def __init__(self, uploading: storage.Uploading, is_stopping: Callable[[], bool]) -> None:
        self._uploading = uploading
        self._is_stopping = is_stopping

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # any buffer
        if self._is_stopping():
            raise Stopped
        self._uploading.write(data)
        return len(data)
