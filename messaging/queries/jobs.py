"""How the work that is done later is getting on, in counts."""

from dataclasses import dataclass
from datetime import timedelta

from chatsite.db import database_now
from scheduler.models import Job
from scheduler.registry import KINDS

LATE = timedelta(minutes=1)  # a runner looks each second


@dataclass(frozen=True, slots=True)
class JobCounts:
    waiting: int  # with those that are late, without what is done again and again
    late: int
    running: int
    given_up: int


def job_counts() -> JobCounts:
    moment = database_now()
    jobs = Job.objects
    recurring = [kind.name for kind in KINDS.values() if kind.every]
    return JobCounts(
        waiting=jobs.filter(run_at__gt=moment, claim="").exclude(kind__in=recurring).count()
        + jobs.filter(run_at__lte=moment).count(),
        late=jobs.filter(run_at__lte=moment - LATE).count(),
        running=jobs.filter(run_at__gt=moment).exclude(claim="").count(),
        given_up=jobs.filter(run_at=None).count(),
    )


def last_failure(kind: str) -> Job | None:
    """Of those of a kind that are not done, or were not at their last try."""
    return Job.objects.filter(kind=kind).exclude(error="").order_by("-created_at").first()
