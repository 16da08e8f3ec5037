"""What the scheduler does for messages, their pictures and files, and notifications."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error
from django.utils import translation

from accounts import mail
from accounts.models import PushSubscription, User
from accounts.services import deletion
from accounts.services.inactivity import delete_inactive
from accounts.services.push_subscriptions import retire, target_of
from chatsite.db import database_now, now, release
from chatsite.errors import Busy, DomainError
from chatsite.pictures import storage
from chatsite.push.sending import (
    DAY,
    PushBusy,
    PushRefused,
    PushUnavailable,
    SubscriptionGone,
    send,
)
from chatsite.site_limiter import RETRY_AFTER, SiteBusy
from messaging.models import Conversation
from messaging.page.digests import digest
from messaging.page.notifications import notification, reminder_notification, retraction
from messaging.presence import active_among
from messaging.queries.digests import Absence, absences, news_of
from messaging.queries.exports import JOB as EXPORT
from messaging.queries.imports import JOB as IMPORT
from messaging.queries.notifications import (
    live_subscription,
    missed_by,
    notifications_of,
    notified_up_to,
    unread_chats,
)
from messaging.queries.reminders import due_reminder
from messaging.services import (
    account_deletion,
    backups,
    digests,
    disappearing,
    exports,
    imports,
    link_previews,
    notifications,
    openings,
    pictures,
    reminders,
    removal,
    retention,
    scheduled,
    search_build,
    tidying,
)
from messaging.services.conversations import EXPIRE
from messaging.shapes.record import MessageRecord
from scheduler import wakeup
from scheduler.registry import GiveUp, Lane, Retry, Stopped, job

logger = logging.getLogger(__name__)
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


@job(EXPORT, lane=Lane.ON_DEMAND)
def make_export(export: str) -> None:
    try:
        exports.make_export(export=export, is_stopping=wakeup.is_stopping)
    except DomainError as error:
        raise Retry(error.message) from None


@job("tidy_exports", lane=Lane.LONG, every=timedelta(hours=1))
def tidy_exports() -> None:
    exports.remove_expired_exports()


@job(IMPORT, lane=Lane.ON_DEMAND)
def run_import(imported: str) -> None:
    try:
        imports.run_import(imported=imported, is_stopping=wakeup.is_stopping)
    except DomainError as error:
        raise Retry(error.message) from None


@job("tidy_imports", lane=Lane.LONG, every=DAILY)
def tidy_imports() -> None:
    imports.remove_old_imports()


@job(deletion.JOB, lane=Lane.LONG, attempts=None)
def delete_account(user: str) -> None:
    account_deletion.delete_account(user=user, is_stopping=wakeup.is_stopping)


@job(account_deletion.FORGET_REPORTS, lane=Lane.QUICK, attempts=None)
def forget_reports(user: str) -> None:
    account_deletion.forget_reports(user=user)


@job(openings.CLOSE, lane=Lane.QUICK, attempts=None)
def close_once(message: str) -> None:
    openings.close_once(message=message)


@job(scheduled.JOB, lane=Lane.QUICK, attempts=None)
def send_scheduled(key: str) -> None:
    try:
        scheduled.send_due(key)
    except DomainError as error:
        raise Retry(error.message) from None


@job(reminders.JOB, lane=Lane.QUICK, attempts=None)
def remind(key: str) -> None:
    reminders.remind(key)


@job(link_previews.JOB, lane=Lane.PREVIEWS)
def preview_link(message: str) -> None:
    try:
        link_previews.make_preview(message)
    except SiteBusy as error:
        raise Retry(str(error), RETRY_AFTER, counts=False) from None
    except DomainError as error:  # somebody else holds the conversation
        raise Retry(error.message) from None


@job(EXPIRE, lane=Lane.QUICK, attempts=None)
def expire_messages(key: str) -> None:
    try:
        disappearing.expire_messages(key)
    except DomainError as error:  # somebody else holds the conversation
        raise Retry(error.message) from None


@job(removal.REMOVE_FILES, lane=Lane.NETWORK, attempts=None)
def remove_files(names: list[str]) -> None:
    try:
        tidying.remove_files(names)
    except DomainError as error:
        raise Retry(error.message) from None


@job(removal.REMOVE_PICTURES, lane=Lane.NETWORK, attempts=None)
def remove_pictures(pictures: list[list[str]]) -> None:
    try:
        tidying.remove_pictures(pictures)
    except (storage.StorageError, OSError) as error:
        raise Retry(str(error)) from None


@job(removal.REMOVE_PREVIEWS, lane=Lane.LONG, attempts=None)
def remove_previews() -> None:
    try:
        tidying.remove_previews()
    except (storage.StorageError, OSError) as error:
        raise Retry(str(error)) from None


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
        backup_store = backups.configured_store()
        backups.take_backup(backup_store, stop=_stop)
        backups.rotate(backup_store, daily=settings.BACKUP_DAILY, weekly=settings.BACKUP_WEEKLY)
    except backups.BackupError as error:
        raise Retry(str(error)) from None


@job("remove_old_messages", lane=Lane.LONG, every=DAILY)
def remove_old_messages() -> None:
    if settings.KEEP_MESSAGES_DAYS:
        _remove(retention.remove_messages, settings.KEEP_MESSAGES_DAYS)


@job("remove_old_files", lane=Lane.LONG, every=DAILY)
def remove_old_files() -> None:
    if settings.KEEP_FILES_DAYS:
        _remove(retention.remove_files, settings.KEEP_FILES_DAYS)


@job("delete_inactive_accounts", lane=Lane.LONG, every=DAILY)
def delete_inactive_accounts() -> None:
    if settings.KEEP_ACCOUNTS_DAYS:
        delete_inactive(now() - timedelta(days=settings.KEEP_ACCOUNTS_DAYS))


def _remove(remove: Callable[..., int], days: int) -> None:
    try:
        remove(now() - timedelta(days=days), is_stopping=wakeup.is_stopping)
    except DomainError as error:  # somebody else holds a conversation
        raise Retry(error.message) from None
    _stop()


def _stop() -> None:
    if wakeup.is_stopping():
        raise Stopped


@job("build_search_index", lane=Lane.LONG, every=timedelta(minutes=5))
def build_search_index() -> None:
    """Where an update has left something to be built; else nothing."""
    while not search_build.build_some(wakeup.is_stopping):
        if wakeup.is_stopping():
            raise Stopped


@job(notifications.NOTIFY, lane=Lane.QUICK)
def notify(conversation: str, since: int) -> None:
    notifications.notify(conversation=conversation, since=since)


@job(notifications.PUSH, lane=Lane.PUSH, attempts=6)
def push(subscription: str, conversation: str, again: bool = False) -> None:
    """Has one browser show how things are by now in that conversation. With `again` something that
    it may show has been read or deleted, so that nothing is news.
    """
    device = live_subscription(subscription)
    if device is None:
        return
    # By the clock by which jobs are due: by one that is behind, what it puts off would be at once.
    moment, notified = database_now(), notified_up_to(subscription, conversation)
    chosen = notifications_of(device)
    missed = missed_by(device.user_id, conversation, moment, notified=notified)
    if missed and missed.news and (later := notifications.postponed_until(missed, chosen, moment)):
        notifications.push_later(device.pk, conversation, later)
        missed = missed.without_news()
    if missed is None:
        if notified:
            _retract(device, conversation)
        return
    if not (missed.news or (again and notified)):
        return
    badge = unread_chats(device.user_id, moment)
    with translation.override(device.language):
        message = notification(missed, chosen.previews, badge)
    if not _send(device, conversation, message, lifetime=_lifetime(missed.messages, moment)):
        return
    notifications.note_notified(device, conversation, missed.messages[-1].seq)
    # Whoever read, deleted or blocked something while it was on its way found no notice of it.
    left = missed_by(device.user_id, conversation, now())
    if not left or {each.id for each in missed.messages} - {each.id for each in left.messages}:
        notifications.refresh_later(device.pk, conversation)


@job(notifications.PUSH_REMINDER, lane=Lane.PUSH, attempts=6)
def push_reminder(subscription: str, reminder: str) -> None:
    """Has one browser say that it is time; who is at a page of ours has seen it there."""
    device = live_subscription(subscription)
    if device is None or active_among([device.user_id]):
        return
    moment, chosen = database_now(), notifications_of(device)
    if end := chosen.end_of_quiet(moment):
        notifications.push_reminder(device.pk, reminder, end)
        return
    due = due_reminder(device.user, reminder)
    if due is None:
        return
    badge = unread_chats(device.user_id, moment)
    with translation.override(device.language):
        message = reminder_notification(device.user, due, chosen.previews, badge)
    _, _, reminded = due
    _send(device, reminder, message, lifetime=_lifetime([reminded], moment))


@job("send_digests", lane=Lane.LONG, every=timedelta(minutes=5))
def send_digests() -> None:
    """So many at a time, since other mails wait behind them. Who gets none now gets it next."""
    if mail.is_printed():
        return
    sent = 0
    for absence in absences(now()):
        _stop()
        try:
            sent += _send_digest(absence)
        except (Error, Busy):
            raise
        except Exception:  # a bug that one row brings out; others get theirs
            logger.exception("a digest failed: user %s", absence.user.pk)
        if sent == digests.BATCH_SIZE:
            return


def _send_digest(absence: Absence) -> bool:
    news = news_of(absence, now())
    return bool(news) and digests.send_digest(user=absence.user, letter=digest(absence.user, news))


def _lifetime(messages: Iterable[MessageRecord], moment: datetime) -> int:
    """Seconds in which the service may still deliver it: what has disappeared is not notified."""
    ends = [datetime.fromisoformat(each.expires_at) for each in messages if each.expires_at]
    if not ends:
        return DAY
    return max(1, min(DAY, int((min(ends) - moment).total_seconds())))


def _retract(device: PushSubscription, conversation: str) -> None:
    """Apple's service ends subscriptions whose messages show nothing: there, the next one or an
    open page sees to it.
    """
    if not target_of(device).shows_all:
        found = Conversation.objects.get(pk=conversation)
        badge = unread_chats(device.user_id, now())
        _send(device, conversation, retraction(found.peer_id(device.user_id), badge), "normal")
    notifications.note_retracted(device.pk, conversation)


def _send(
    device: PushSubscription,
    topic: str,
    message: bytes,
    urgency: str = "high",
    lifetime: int = DAY,
) -> bool:
    """False where the browser has given its subscription up."""
    release()  # while the service is waited for
    try:
        send(target_of(device), message, topic=topic, urgency=urgency, lifetime=lifetime)
    except SubscriptionGone:
        retire(subscription=device.pk)
        return False
    except PushRefused as error:
        raise GiveUp(str(error)) from error
    except PushUnavailable as error:
        counts = not isinstance(error, PushBusy)
        raise Retry(str(error), error.after, counts=counts) from error
    return True
