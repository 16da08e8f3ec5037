"""What the scheduler does for messages, their pictures and files."""

from datetime import timedelta

from django.conf import settings

from accounts.models import User
from accounts.services import deletion
from chatsite.errors import DomainError
from chatsite.pictures import storage
from messaging.queries.exports import JOB as EXPORT
from messaging.services import (
    backups,
    departures,
    exports,
    pictures,
    reminders,
    scheduled,
    search_build,
    tidying,
)
from scheduler import wakeup
from scheduler.registry import Lane, Retry, Stopped, job

DAILY = timedelta(days=1)


@job(pictures.SETTLE, lane=Lane.NETWORK)
def settle_picture(image: str) -> None:
    store = storage.store_of(image)
    if store is None:
        return
    try:
        pictures.settle(store, image)
    except storage.StorageError as error:
        raise Retry(str(error)) from None


@job(EXPORT, lane=Lane.LONG)
def make_export(export: str) -> None:
    try:
        exports.make_export(export=export, is_stopping=wakeup.is_stopping)
    except DomainError as error:
        raise Retry(error.message) from None


@job("tidy_exports", lane=Lane.LONG, every=timedelta(hours=1))
def tidy_exports() -> None:
    exports.remove_expired_exports()


@job(deletion.JOB, lane=Lane.LONG, attempts=None)
def delete_account(user: str) -> None:
    departures.delete_account(user=user, is_stopping=wakeup.is_stopping)


@job(departures.FORGET_REPORTS, lane=Lane.QUICK, attempts=None)
def forget_reports(user: str) -> None:
    departures.forget_reports(user=user)


@job(scheduled.JOB, lane=Lane.QUICK, attempts=None)
def send_scheduled(key: str) -> None:
    try:
        scheduled.send_due(key)
    except DomainError as error:
        raise Retry(error.message) from None


@job(reminders.JOB, lane=Lane.QUICK, attempts=None)
def remind(key: str) -> None:
    reminders.remind(key)


@job("tidy_pictures", lane=Lane.LONG, every=DAILY)
def tidy_pictures() -> None:
    """In an empty database nothing belongs to anybody: somebody may have named the wrong one."""
    if not User.objects.exists():
        return
    for store in storage.stores():
        try:
            tidying.tidy(store, dry_run=False)
        except (storage.StorageError, OSError) as error:
            raise Retry(f"{store.label}: {error}") from None


@job("tidy_attachments", lane=Lane.LONG, every=DAILY)
def tidy_attachments() -> None:
    if not User.objects.exists():
        return
    try:
        tidying.tidy_attachments(dry_run=False)
    except DomainError as error:
        raise Retry(error.message) from None


@job(backups.JOB, lane=Lane.LONG, every=DAILY)
def back_up() -> None:
    """Where an operator has said where to."""
    if not settings.BACKUP_TO or not User.objects.exists():
        return
    try:
        place = backups.own_place()
        backups.take_backup(place, stop=_stop)
        backups.rotate(place, daily=settings.BACKUP_DAILY, weekly=settings.BACKUP_WEEKLY)
    except backups.BackupError as error:
        raise Retry(str(error)) from None


def _stop() -> None:
    if wakeup.is_stopping():
        raise Stopped


@job("build_search_index", lane=Lane.LONG, every=timedelta(minutes=5))
def build_search_index() -> None:
    """Where an update has left something to be built; else nothing."""
    while not search_build.build_some(wakeup.is_stopping):
        if wakeup.is_stopping():
            raise Stopped
