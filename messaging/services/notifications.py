"""Push messages to browsers: when they are due, and what they have shown.

A send schedules one job for its conversation, whoever is in it, and that one job for each browser
to notify: slow push services are waited for there. Each looks how things are by then, so repeating
one does no harm, and whatever comes meanwhile goes with it. Who is at a page of ours, or wants to
be left alone, is notified later of what they have not read by then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from accounts.models import PushSubscription
from accounts.notifications import Notifications
from accounts.services.push_subscriptions import subscribers
from chatsite.db import atomic, now
from chatsite.fastpath.statements import SelectAmong
from messaging.models import Conversation, Kind, Membership, Message, PushNotice
from messaging.presence import active_among
from messaging.queries.notifications import Missed, is_muted
from messaging.shapes.mentions import decoded_mentions
from messaging.shapes.record import MessageRecord
from scheduler.services import schedule, schedule_unless_waiting

NOTIFY, PUSH, PUSH_REMINDER = "notify", "push", "push_reminder"
CHUNK = 500  # people in one query
# From one look at who is at a page of ours to the next: ever longer, as long as they go on there.
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=10)


def notify_later(sent: Iterable[tuple[str, Sequence[str], MessageRecord]]) -> None:
    """Of messages, each with the key of its conversation and whoever receives it. Belongs in the
    transaction that stores them.
    """
    subscribed = subscribers()
    if not subscribed:
        return
    first: dict[str, int] = {}
    for conversation, receivers, record in sent:
        if conversation not in first and any(
            key in subscribed and key != record.sender_id for key in receivers
        ):
            first[conversation] = record.seq
    run_at = now() + timedelta(seconds=settings.PUSH_DELAY_SECONDS)
    for conversation, seq in first.items():
        name = f"{NOTIFY}:{conversation}"
        schedule_unless_waiting(
            NOTIFY, name=name, run_at=run_at, conversation=conversation, since=seq
        )


def notify(*, conversation: str, since: int) -> None:
    """Schedules notifications for those who have not seen what came, from that number on."""
    found = Conversation.objects.filter(pk=conversation).exclude(kind=Kind.SAVED).first()
    if found is None:
        return
    mentioned = _mentioned(conversation, since)
    moment = now()
    people = [
        mine.user_id
        for mine in Membership.objects.filter(
            conversation=conversation,
            until_seq=None,
            is_request=False,
            last_read_seq__lt=found.last_seq,
        )
        if not is_muted(mine, moment) or mine.user_id in mentioned
    ]
    for start in range(0, len(people), CHUNK):
        there = PushSubscription.objects.filter(user__in=people[start : start + CHUNK])
        devices = list(there.values_list("pk", "user_id"))
        active = active_among({person for _device, person in devices})
        for device, person in devices:
            if person in active:
                push_later(device, conversation, moment + SHORTEST_WAIT)
            else:
                _schedule(device, conversation)


def _mentioned(conversation: str, since: int) -> set[str]:
    new = Message.objects.filter(conversation=conversation, seq__gte=since, mentions__gt="")
    texts = new.values_list("mentions", flat=True)
    return {person for text in texts if text for person in decoded_mentions(text) or ()}


def _schedule(device: str, conversation: str) -> None:
    name = f"{PUSH}:{device}:{conversation}"
    schedule_unless_waiting(PUSH, name=name, subscription=device, conversation=conversation)


def push_later(device: str, conversation: str, run_at: datetime) -> None:
    """A job of its own: news that may be shown at once is not held up by it."""
    name = f"{PUSH}-later:{device}:{conversation}"
    schedule(PUSH, name=name, run_at=run_at, subscription=device, conversation=conversation)


def postponed_until(missed: Missed, chosen: Notifications, moment: datetime) -> datetime | None:
    """Until when not to notify them; None: they may be notified now."""
    if end := chosen.end_of_quiet(moment):
        return end
    if not active_among([missed.mine.user_id]):
        return None
    waited = moment - datetime.fromisoformat(missed.messages[-1].created_at)
    return moment + min(max(waited, SHORTEST_WAIT), LONGEST_WAIT)


def remind_browsers(reminder: str, person: str) -> None:
    """That it is time. Belongs in the transaction that notes it."""
    if person in subscribers():
        for device in PushSubscription.objects.filter(user=person).values_list("pk", flat=True):
            push_reminder(device, reminder, now())


def push_reminder(device: str, reminder: str, run_at: datetime) -> None:
    name = f"{PUSH_REMINDER}:{device}:{reminder}"
    schedule(PUSH_REMINDER, name=name, run_at=run_at, subscription=device, reminder=reminder)


_NOTICES = SelectAmong(
    lambda people: PushNotice.objects.filter(user__pk__in=people).values_list(
        "subscription_id", "conversation_id", "user_id", "seq"
    )
)


def retract_read(marks: Iterable[tuple[str, str, int]]) -> None:
    """What somebody has read is no longer shown on any of their devices: by conversation and
    reader, up to which number. Belongs in the transaction that moves the marks.
    """
    subscribed = subscribers()
    if not subscribed:
        return
    read = {
        (conversation, reader): seq for conversation, reader, seq in marks if reader in subscribed
    }
    for device, conversation, reader, seq in _NOTICES.rows_among({key for _, key in read}):
        if seq <= read.get((conversation, reader), 0):
            refresh_later(device, conversation)


def retract_deleted(conversation: str, first: int) -> None:
    """From that number on, something was deleted that may be shown."""
    if not subscribers():
        return
    shown = PushNotice.objects.filter(conversation=conversation, seq__gte=first)
    for device in shown.values_list("subscription_id", flat=True):
        refresh_later(device, conversation)


def refresh_later(device: str, conversation: str) -> None:
    """What its browser shows is over, or some of it."""
    name = f"{PUSH}:{device}:{conversation}"
    schedule(PUSH, name=name, subscription=device, conversation=conversation, again=True)


def note_notified(subscription: PushSubscription, conversation: str, seq: int) -> None:
    """Its browser shows this."""
    notices = PushNotice.objects.filter(subscription=subscription.pk, conversation=conversation)
    if notices.update(seq=seq):
        return
    try:
        with atomic():
            PushNotice.objects.create(
                subscription_id=subscription.pk,
                user_id=subscription.user_id,
                conversation_id=conversation,
                seq=seq,
            )
    except IntegrityError:  # the same job, done twice at once
        notices.update(seq=seq)


def note_retracted(subscription: str, conversation: str) -> None:
    PushNotice.objects.filter(subscription=subscription, conversation=conversation).delete()
