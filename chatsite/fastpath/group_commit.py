"""Writes that come at the same time share one transaction, and so one commit."""

import logging
from itertools import compress
from typing import Any

from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)

from chatsite.db import asks_to_repeat, joined, was_held
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import checkpoints
from chatsite.fastpath.bulk import LEFT, Bulk
from chatsite.fastpath.jobs import Job, run_apart, was_broken
from chatsite.live.broadcast import batched
from chatsite.monitoring.trace import resume

logger = logging.getLogger(__name__)


class Spoilt(Exception):
    """Something failed within the transaction, so that it cannot be committed any more."""


def run_together(jobs: list[Job]) -> None:
    """What can be done at once is; the rest in one transaction; each in its own, when one of them
    spoils that.
    """
    # Workers that lock several conversations do so in the same order.
    jobs.sort(key=lambda job: job.about)
    left = jobs
    for kind in {type(job.work) for job in jobs}:
        if issubclass(kind, Bulk):
            settled = _do_at_once(kind, [job for job in left if type(job.work) is kind])
            left = [job for job in left if job not in settled]
    if left:
        _run_in_one_transaction(left)


def _do_at_once(kind: type[Bulk], jobs: list[Job]) -> set[Job]:
    """Returns those that have their answer."""
    resume(None)  # it is the work of many
    jobs = [job for job in jobs if not job.is_late]
    results: list[object] = []
    line = connection.connection
    try:
        let_in = kind.let_in(_works(jobs))
        jobs = list(compress(jobs, let_in))
        if jobs:
            with batched(), joined():
                results = kind.do_all(_works(jobs))
    except Exception as error:
        is_away = not results and _is_away(error, line)
        if not (is_away or (results and _may_be_done(error))):
            logger.info("writes are done one by one: %s", type(error).__name__)
            return set()
        _fail(jobs, error)
        return set(jobs)
    checkpoints.after_commit()
    done = {job: result for job, result in zip(jobs, results, strict=True) if result is not LEFT}
    for job, result in done.items():
        job.result = result
    return set(done)


def _works(jobs: list[Job]) -> list[Any]:
    return [job.work for job in jobs]


def _run_in_one_transaction(jobs: list[Job]) -> None:
    ran = 0
    line = connection.connection
    try:
        with batched(), joined():
            for job in jobs:
                _run_unless_refused(job)
                ran += 1
    except Exception as error:
        is_away = not ran and _is_away(error, line)
        if is_away or (ran == len(jobs) and _may_be_done(error)):
            _fail(jobs, error)
        else:
            logger.info("writes are done apart: %s", type(error).__name__)
            run_apart(jobs)
    else:
        checkpoints.after_commit()


def _may_be_done(error: Exception) -> bool:
    """It was the commit: nobody knows whether it was made, unless the database said why not."""
    return not (isinstance(error, IntegrityError) or was_held(error) or asks_to_repeat(error))


def _run_unless_refused(job: Job) -> None:
    try:
        if job.is_late:
            raise Busy
        job.run()
    except DomainError as error:
        job.error = error
    if transaction.get_rollback():  # whatever became of it, nothing of this is kept
        raise Spoilt


def _is_away(error: Exception, line: object) -> bool:
    """The database, not just the line to it: to wait once more for each is of no use."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if asks_to_repeat(error) or was_held(error):
        return False
    # Django took another one when it could not roll back.
    was_replaced = line is not None and line is not connection.connection
    return not was_replaced and not was_broken()


def _fail(jobs: list[Job], error: Exception) -> None:
    for job in jobs:
        job.fail(error)
