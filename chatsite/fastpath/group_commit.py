"""Writes that come at the same time share one transaction, and so one commit."""

import logging

from django.db import IntegrityError

from chatsite.db import joined
from chatsite.errors import DomainError
from chatsite.fastpath.jobs import Job, mend_connection, run_apart

logger = logging.getLogger(__name__)


def run_together(jobs: list[Job]) -> None:
    """In one transaction; each in its own, when one of them spoils that."""
    # Workers that lock several conversations do so in the same order.
    jobs.sort(key=lambda job: job.about)
    ran = 0
    try:
        mend_connection()
        with joined():
            for job in jobs:
                _run_unless_refused(job)
                ran += 1
    except Exception as error:
        if ran == len(jobs) and not isinstance(error, IntegrityError):
            # The commit itself: nobody knows whether it was made, so nothing is done again.
            _fail(jobs, error)
        else:
            logger.info("writes are done apart: %s", type(error).__name__)
            run_apart(jobs)


def _run_unless_refused(job: Job) -> None:
    """A rule that says no does so before anything is written."""
    try:
        job.run()
    except DomainError as error:
        job.error = error


def _fail(jobs: list[Job], error: Exception) -> None:
    for job in jobs:
        job.fail(error)
