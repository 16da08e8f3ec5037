"""Reminders: of a message, at a time, for whoever set it alone."""

from datetime import datetime
from functools import partial

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import atomic, database_now, repeatable, retrying
from chatsite.errors import DomainError
from chatsite.keys import is_key
from messaging import events, recipients
from messaging.models import Message, Reminder
from messaging.payloads import reminder_payload
from messaging.queries.reminders import reminders_of, with_messages
from messaging.queries.visibility import find_undeleted, no_such_message
from messaging.services.moments import checked_moment
from messaging.services.notifications import remind_browsers
from messaging.shapes.payload_types import ReminderPayload
from scheduler.services import cancel, schedule

JOB = "remind"
MAX_REMINDERS = 100  # of one person, those that are due included


def set_reminder(*, user: User, message_id: str, remind_at: datetime) -> ReminderPayload:
    """Of one message there is one: the time of one that is there is changed.

    Raises DomainError: 400 for a time that is past or more than a year ahead, and for too many,
    404, 409 for a deleted message.
    """
    message = find_undeleted(user, message_id)
    moment = checked_moment(remind_at, "remind_at")
    return retrying(partial(_set, user, message, moment), IntegrityError)


def _set(user: User, message: Message, moment: datetime) -> ReminderPayload:
    with atomic():
        mine = reminders_of(user)
        reminder = mine.select_for_update().filter(message_id=message.pk).first()
        if reminder is None:
            if mine.count() >= MAX_REMINDERS:
                words = _("You can have up to %(limit)s reminders.") % {"limit": MAX_REMINDERS}
                raise DomainError(words, code="too_many")
            reminder = Reminder(user_id=user.pk, message_id=message.pk)
        reminder.remind_at, reminder.told_at = moment, None
        reminder.save()
        schedule(JOB, name=_job(reminder), run_at=moment, key=reminder.pk)
        payload = _publish(events.REMINDER_CHANGED, reminder)
        if payload is None:  # it went just now
            raise no_such_message()
        return payload


@repeatable
def cancel_reminder(*, user: User, message_id: str) -> None:
    """Also one that was due. Idempotent, also without a reminder. Raises NotFound
    for what can be no message's key.
    """
    if not is_key(message_id):
        raise no_such_message()
    with atomic():
        for reminder in reminders_of(user).filter(message_id=message_id):
            _remove(reminder)


@repeatable
def remind(key: str) -> None:
    """What its job does, any number of times. Of a message that they see no more, nobody is
    reminded.
    """
    with atomic():
        reminder = Reminder.objects.select_for_update().filter(pk=key, told_at=None).first()
        if reminder is None or reminder.remind_at > (moment := database_now()):
            return
        reminder.told_at = moment
        reminder.save()
        # The one place where somebody is notified that it is time.
        if _publish(events.REMINDER_DUE, reminder) is None:
            _remove(reminder)
        else:
            remind_browsers(reminder.pk, reminder.user_id)


def _publish(event: str, reminder: Reminder) -> ReminderPayload | None:
    """None when the person no longer sees the message."""
    for seen in with_messages(Principal(reminder.user_id, ""), [reminder]):
        payload = reminder_payload(*seen)
        events.publish(event, payload, to=recipients.of([reminder.user_id]))
        return payload
    return None


def _remove(reminder: Reminder) -> None:
    cancel(_job(reminder))
    Reminder.objects.filter(pk=reminder.pk).delete()
    payload = {"messageId": reminder.message_id}
    events.publish(events.REMINDER_REMOVED, payload, to=recipients.of([reminder.user_id]))


def _job(reminder: Reminder) -> str:
    return f"reminder:{reminder.pk}"
