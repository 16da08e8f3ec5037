"""Time that passes, for what is to happen later."""

from datetime import timedelta

from messaging.models import Reminder, ScheduledMessage
from scheduler.models import Job
from tests.jobs import run_due


def pass_time(**ago: float) -> None:
    """As if everything had been planned for so much earlier; then what is due is done."""
    by = timedelta(**ago)
    for job in Job.objects.exclude(run_at=None):
        assert job.run_at
        Job.objects.filter(pk=job.pk).update(run_at=job.run_at - by)
    for row in ScheduledMessage.objects.exclude(send_at=None):
        assert row.send_at
        ScheduledMessage.objects.filter(pk=row.pk).update(send_at=row.send_at - by)
    for reminder in Reminder.objects.all():
        Reminder.objects.filter(pk=reminder.pk).update(remind_at=reminder.remind_at - by)
    run_due()
