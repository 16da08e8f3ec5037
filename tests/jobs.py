"""Jobs, done when a test asks for it."""

from scheduler.registry import Lane
from scheduler.runner import due, run, take


def run_due() -> None:
    """All that is due, and what is to be tried again at once."""
    while jobs := [job for job in due(Lane) if take(job)]:
        for job in jobs:
            run(job)
