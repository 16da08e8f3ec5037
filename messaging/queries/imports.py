"""Imports: that of a person, and whether it is at work."""

from accounts.models import User
from accounts.principal import Principal
from messaging.models import Import
from scheduler.models import Job

JOB = "import"


def job_of(user_id: str) -> str:
    """The name of the job that does theirs."""
    return f"{JOB}:{user_id}"


def import_of(user: User | Principal) -> Import | None:
    return Import.objects.filter(user_id=user.pk).first()


def is_at_work(row: Import) -> bool:
    """False, too, for one that was given up."""
    if row.ended_at is not None:
        return False
    return Job.objects.filter(name=job_of(row.user_id), run_at__isnull=False).exists()


def state_of(row: Import) -> str:
    """ "working", "ready", or "failed", whatever it was."""
    if row.ended_at is None:
        return "working" if is_at_work(row) else "failed"
    return "failed" if row.error else "ready"
