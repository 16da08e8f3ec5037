"""Writes that come at the same time share one transaction, and so one commit."""

import logging

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from chatsite.channels import together
from chatsite.db import joined
from chatsite.errors import DomainError
from chatsite.fastpath import checkpoints
from chatsite.fastpath.jobs import Busy, Job, run_apart, was_broken

logger = logging.getLogger(__name__)


class Spoilt(Exception):
    """Something failed within the transaction, so that it cannot be committed any more."""


def run_together(jobs: list[Job]) -> None:
    """In one transaction; each in its own, when one of them spoils that."""
    # Workers that lock several conversations do so in the same order.
    jobs.sort(key=lambda job: job.about)
    ran = 0
    try:
        with together(), joined():
            for job in jobs:
                _run_unless_refused(job)
                ran += 1
    except Exception as error:
        if ran == len(jobs) and not isinstance(error, IntegrityError):
            # The commit itself: nobody knows whether it was made, so nothing is done again.
            _fail(jobs, error)
        elif ran == 0 and _is_away(error):
            _fail(jobs, error)
        else:
            logger.info("writes are done apart: %s", type(error).__name__)
            run_apart(jobs)
    else:
        checkpoints.after_commit()


def _run_unless_refused(job: Job) -> None:
    try:
        if job.is_late:
            raise Busy
        job.run()
    except DomainError as error:
        job.error = error
    if transaction.get_rollback():  # whatever became of it, nothing of this is kept
        raise Spoilt


def _is_away(error: Exception) -> bool:
    """The database, not just the connection to it: to wait once more for each is of no use."""
    return isinstance(error, OperationalError | InterfaceError) and not was_broken()


def _fail(jobs: list[Job], error: Exception) -> None:
    for job in jobs:
        job.fail(error)
