"""Jobs, done when a test asks for it."""

from chatsite.db import now
from messaging.services.removal import REMOVE_FILES, REMOVE_PICTURES, REMOVE_PREVIEWS
from scheduler.models import Job
from scheduler.registry import Lane
from scheduler.runner import due, run, take


def run_due() -> None:
    """All that is due, and what is to be tried again at once."""
    while jobs := [job for job in due(Lane) if take(job)]:
        for job in jobs:
            run(job)


def run_removals() -> None:
    """And what takes their files away a while later."""
    run_due()
    removals = (REMOVE_FILES, REMOVE_PICTURES, REMOVE_PREVIEWS)
    Job.objects.filter(kind__in=removals).update(run_at=now())
    run_due()
