"""What the scheduler does for itself."""

from datetime import timedelta

from chatsite.db import now
from scheduler.models import Job
from scheduler.registry import Lane, job

RETENTION = timedelta(days=90)  # what was given up


@job("tidy_jobs", lane=Lane.QUICK, every=timedelta(days=1))
def tidy_jobs() -> None:
    Job.objects.filter(run_at=None, created_at__lt=now() - RETENTION).delete()
