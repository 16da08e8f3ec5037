"""Writes that come at the same time share one transaction, and so one commit."""

import logging
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import (
    Error,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
)

from chatsite.db import asks_to_repeat, joined, was_held
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import checkpoints
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.jobs import Job, run_apart, was_broken
from chatsite.live.broadcast import batched
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import resume

logger = logging.getLogger(__name__)


def run_together(jobs: list[Job]) -> None:
    """Kind by kind."""
    # Workers that lock several conversations do so in the same order.
    jobs.sort(key=_by_key)
    kinds: set[type[Any]] = {type(job.work) for job in jobs}
    for kind in kinds:
        _run_in_bulk(kind, [job for job in jobs if type(job.work) is kind])


_by_key = attrgetter("key")


def _run_in_bulk(kind: type[Bulk], jobs: list[Job]) -> None:
    """What the database raises may be the fault of one: then each is done by itself. Whatever else
    is raised is a fault of the code, of which nothing is kept, and which no other way hides.
    """
    resume(None)  # it is the work of many
    outcomes: list[Any] = []
    line = connection.connection
    try:
        jobs = _admitted(kind, jobs)
        if jobs:
            with batched(), joined():
                outcomes = kind.do_all(_works(jobs))
    except Error as error:
        if _may_be_done(error) if outcomes else _is_away(error, line):
            _fail(jobs, error)
        else:
            logger.info("writes are done one by one: %s", type(error).__name__)
            run_apart(jobs)
    except DomainError as error:
        _fail(jobs, error)
    except Exception as error:
        logger.exception("a batch of writes failed")
        metrics.BATCHES_FAILED.inc()
        _fail(jobs, RuntimeError(f"a batch of writes failed: {type(error).__name__}"))
    else:
        checkpoints.after_commit()
        _settle(kind, jobs, outcomes)


def _admitted(kind: type[Bulk], jobs: list[Job]) -> list[Job]:
    late = {job for job in jobs if job.is_late}
    in_time = [job for job in jobs if job not in late]
    kind.admit(_works(in_time))
    for job in late:
        job.error = Busy()
    for job, work in zip(in_time, _works(in_time), strict=True):
        job.error = work.refusal
    return [job for job in in_time if job.error is None]


def _works(jobs: list[Job]) -> list[Any]:
    return [job.work for job in jobs]


def _settle(kind: type[Bulk], jobs: list[Job], outcomes: list[Any]) -> None:
    waiting = []
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, Busy) and jobs[0].key != jobs[-1].key:
            waiting.append(job)
        elif isinstance(outcome, DomainError):
            job.error = outcome
        else:
            job.result = outcome
    for _key, some in groupby(waiting, key=_by_key):
        _run_in_bulk(kind, list(some))


def _may_be_done(error: Exception) -> bool:
    """It was the commit: nobody knows whether it was made, unless the database said why not."""
    return not (isinstance(error, IntegrityError) or was_held(error) or asks_to_repeat(error))


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
