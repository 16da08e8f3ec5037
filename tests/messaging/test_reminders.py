"""Reminders of messages: at their time, for who asked for them alone."""

from datetime import timedelta

import pytest

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Reminder, saved_key
from messaging.queries.reminders import reminders
from messaging.recipients import user_group
from messaging.services.deletions import delete_messages
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from messaging.services.reminders import MAX_REMINDERS, cancel_reminder, set_reminder
from scheduler.models import Job
from tests.factories import make_group, make_message, make_messages, make_pair
from tests.messaging.later import pass_time
from tests.recording import Events

pytestmark = pytest.mark.django_db


def remind(user: User, message: str, *, minutes: float = 20) -> None:
    set_reminder(user=user, message_id=message, remind_at=now() + timedelta(minutes=minutes))


def listed(user: User) -> list[tuple[str, bool]]:
    """What of, and whether it is due."""
    return [(record.id, each.told_at is not None) for each, _peer, record in reminders(user)]


def test_it_is_told_at_its_time_once_and_listed_until_one_has_done_with_it(
    events: Events,
) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    remind(bo, message.pk)
    pass_time(minutes=19)
    assert (listed(bo), events.recipients("reminderDue")) == ([(message.pk, False)], [])
    pass_time(minutes=1)
    pass_time(minutes=1)
    assert events.recipients("reminderDue") == [user_group(bo.pk)]
    told = events.data("reminderDue")
    assert (told["messageId"], told["peerId"], told["isDue"]) == (message.pk, ada.pk, True)
    assert (told["message"]["text"], told["message"]["receiverId"]) == ("Hello", bo.pk)
    assert (listed(bo), listed(ada)) == ([(message.pk, True)], [])
    cancel_reminder(user=ada, message_id=message.pk)
    assert listed(bo)
    cancel_reminder(user=bo, message_id=message.pk)
    assert (listed(bo), Job.objects.count()) == ([], 0)
    assert events.recipients("reminderRemoved") == [user_group(bo.pk)]


def test_another_time_takes_the_place_of_the_first_also_once_it_was_due(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    remind(bo, message.pk)
    remind(bo, message.pk, minutes=60)
    pass_time(minutes=30)
    assert events.recipients("reminderDue") == []
    pass_time(minutes=31)
    assert listed(bo) == [(message.pk, True)]
    remind(bo, message.pk)
    assert listed(bo) == [(message.pk, False)]
    pass_time(minutes=21)
    assert len(events.recipients("reminderDue")) == 2
    assert Reminder.objects.count() == 1


def test_each_has_their_own_and_the_next_comes_first() -> None:
    ada, bo = make_pair()
    first, second = make_messages(ada, bo, 2)
    remind(bo, first.pk, minutes=60)
    remind(bo, second.pk, minutes=20)
    remind(ada, first.pk)
    assert listed(bo) == [(second.pk, False), (first.pk, False)]
    assert listed(ada) == [(first.pk, False)]


def test_cancelled_it_is_not_told(events: Events) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    remind(bo, message.pk)
    cancel_reminder(user=bo, message_id=message.pk)
    pass_time(hours=1)
    assert events.recipients("reminderDue") == []


def test_of_what_one_sees_no_more_nobody_is_reminded(events: Events) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    gone, hidden = make_messages(ada, bo, 2)
    before = send_message(sender=ada, peer=group, text="Before").record.id
    for key in (gone.pk, hidden.pk, before):
        remind(bo, key)
    delete_message(user=ada, message_id=gone.pk)
    delete_messages(user=bo, message_ids=[hidden.pk], whom="me")
    remove_member(user=ada, group=group, person=bo.pk)  # what was before stays theirs
    assert listed(bo) == [(before, False)]
    pass_time(minutes=20)
    assert [pushed.data["messageId"] for pushed in events if pushed.event == "reminderDue"] == [
        before
    ]
    assert list(Reminder.objects.values_list("message_id", flat=True)) == [before]


def test_of_saved_messages_it_leads_there(events: Events) -> None:
    ada, _bo = make_pair()
    peer = saved_key(ada.pk)
    remind(ada, send_message(sender=ada, peer=peer, text="Milk").record.id)
    pass_time(minutes=20)
    assert events.data("reminderDue")["peerId"] == peer


def test_there_is_room_for_so_many_and_not_for_strangers() -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 2)
    other = [make_message(ada, bo) for _ in range(MAX_REMINDERS)]
    Reminder.objects.bulk_create(Reminder(user=bo, message=each, remind_at=now()) for each in other)
    with pytest.raises(DomainError, match="up to 100"):
        remind(bo, messages[0].pk)
    remind(bo, other[0].pk)
    eve = make_message().sender
    with pytest.raises(DomainError, match="not found"):
        remind(eve, messages[0].pk)
