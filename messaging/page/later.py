"""What waits to be sent, and what somebody wants to be reminded of, as the page shows it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from chatsite.language import clock, day_and_time, short_day_and_time
from chatsite.wire import timestamp
from messaging.models import Conversation, is_group, saved_key
from messaging.page.peers import Peer, authors_among, first_name
from messaging.queries.reminders import reminders, reminders_of
from messaging.queries.scheduled import files_of, scheduled_of
from messaging.shapes.saved import saved_name


@dataclass(frozen=True, slots=True)
class ScheduledRow:
    key: str
    name: str  # whom it goes to
    text: str
    at: str  # "": when they come online
    when: str
    error: str
    is_sent: bool  # late
    files: list[str]  # their names
    has_words: bool = True  # of its own, which may be changed

    @property
    def first_name(self) -> str:
        return first_name(self.name)


@dataclass(frozen=True, slots=True)
class ReminderRow:
    key: str  # the message's
    peer: str
    name: str  # of the chat
    text: str
    at: str
    when: str
    is_due: bool


def later_state(user: User) -> str:
    """ "due" with a reminder that is, "waits" with anything else of the kind, else ""."""
    mine = reminders_of(user)
    if mine.exclude(told_at=None).exists():
        return "due"
    return "waits" if mine.exists() or scheduled_of(user).exists() else ""


def later_line(user: User, peer: Peer) -> str:
    """What waits in that chat, in a few words; "" for nothing. Beside the saved messages it is all
    that waits.
    """
    rows = list(
        scheduled_of(user, "" if peer.is_saved else peer.pk).values_list("error", "message")
    )
    refused = sum(bool(error) for error, _message in rows)
    late = sum(bool(message) for _error, message in rows)
    waiting = len(rows) - refused - late
    reminded = reminders_of(user).count() if peer.is_saved else 0
    parts = [
        (waiting, ngettext("%(n)s scheduled", "%(n)s scheduled", waiting)),
        (refused, ngettext("%(n)s not sent", "%(n)s not sent", refused)),
        (late, ngettext("%(n)s sent late", "%(n)s sent late", late)),
        (reminded, ngettext("%(n)s reminder", "%(n)s reminders", reminded)),
    ]
    return " · ".join(words % {"n": count} for count, words in parts if count)


def scheduled_rows(user: User, peer: str = "") -> list[ScheduledRow]:
    rows = list(scheduled_of(user, peer))
    names = names_of(user, {row.peer for row in rows})
    return [
        ScheduledRow(
            row.pk,
            names[row.peer],
            row.text,
            timestamp(row.send_at) if row.send_at else "",
            _moment(row.send_at) if row.send_at else "",
            row.error,
            bool(row.message),
            [each.name for each in files_of(row)],
            not row.view_once,
        )
        for row in rows
    ]


def reminder_rows(user: User) -> list[ReminderRow]:
    found = reminders(user)
    names = names_of(user, {peer for _reminder, peer, _record in found})
    return [
        ReminderRow(
            record.id,
            peer,
            names[peer],
            record.text or _("Picture or file"),
            timestamp(reminder.remind_at),
            _moment(reminder.remind_at),
            reminder.told_at is not None,
        )
        for reminder, peer, record in found
    ]


def names_of(user: User, peers: Collection[str]) -> dict[str, str]:
    """Of chats."""
    groups = [key for key in peers if is_group(key)]
    people = authors_among([key for key in peers if not is_group(key)], user.pk)
    titles = Conversation.objects.filter(pk__in=groups).values_list("pk", "title")
    names = {key: person.name for key, person in people.items()} | dict(titles)
    return {**dict.fromkeys(groups, ""), **names, saved_key(user.pk): saved_name()}


def _moment(moment: datetime) -> str:
    """The clock today, the day and the clock of others."""
    day, today = timezone.localtime(moment).date(), timezone.localdate()
    if day == today:
        return clock(moment)
    return short_day_and_time(moment) if day.year == today.year else day_and_time(moment)
