"""Takes what is due, and does it. Any number of processes may do so at once: a job is taken by
one conditional update, which works alike on every database.

All times are by the database's clock, so that those of workers may differ.
"""

import logging
import random
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock, Thread
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet

from chatsite import strict_json
from chatsite.db import database_now, release
from chatsite.job_queue import JobQueue
from chatsite.keys import new_key
from scheduler import wakeup
from scheduler.models import ERROR_LENGTH, Job
from scheduler.registry import KINDS, THREADS, GiveUp, JobKind, Lane, Retry, Stopped
from scheduler.services import ensure_recurring

logger = logging.getLogger(__name__)

POLL = 1  # seconds between two looks
LEASE = timedelta(seconds=60)  # in which a worker has to show that it lives
RENEWAL = 20  # seconds
MAX_PAUSE = 3600  # seconds between two tries
BATCH_SIZE = 100


class Runner:
    """One thread that looks for what is due, and those of each lane that do it."""

    def __init__(self) -> None:
        self._queues = {
            lane: JobQueue(f"jobs-{lane}", threads=count, length=count)
            for lane, count in THREADS.items()
        }
        self._running: dict[str, Job] = {}
        self._lock = Lock()
        self._renewed = time.monotonic()

    def run(self) -> None:
        """Until the process ends."""
        is_prepared = False
        while not wakeup.is_stopping():
            wakeup.event.clear()
            pause: float = POLL
            try:
                if not is_prepared:
                    ensure_recurring()
                    is_prepared = True
                pause = self._take()
                self._renew()
                release()
            except Exception as error:  # whatever it is: without this thread nothing is done
                logger.warning("jobs wait: %s", type(error).__name__)
                connections.close_all()
            wakeup.event.wait(pause)
        connections.close_all()

    def _take(self) -> float:
        """Returns after how many seconds to look again."""
        with self._lock:
            busy = [KINDS[job.kind].lane for job in self._running.values()]
        free = {lane: count - busy.count(lane) for lane, count in THREADS.items()}
        moment, pause = database_now(), float(POLL)
        for job in due((lane for lane in Lane if free[lane]), moment + timedelta(seconds=POLL)):
            if job.run_at and job.run_at > moment:
                pause = min(pause, (job.run_at - moment).total_seconds())
                continue
            lane = KINDS[job.kind].lane
            if free[lane] and take(job):
                free[lane] -= 1
                with self._lock:
                    self._running[job.claim] = job
                self._queues[lane].put(partial(self._do, job))
        return pause

    def _do(self, job: Job) -> None:
        try:
            run(job)
        finally:
            with self._lock:
                del self._running[job.claim]
            connections.close_all()
            wakeup.event.set()  # a thread is free

    def _renew(self) -> None:
        if time.monotonic() < self._renewed + RENEWAL:
            return
        self._renewed = time.monotonic()
        with self._lock:
            running = dict(self._running)
        if running:
            keys = [job.pk for job in running.values()]
            ours = Job.objects.filter(pk__in=keys, claim__in=running)
            ours.update(run_at=database_now() + LEASE)


_starting = Lock()
_is_started = False


def start() -> None:
    """The runner of this process, once."""
    global _is_started
    with _starting:
        if not _is_started:
            Thread(target=Runner().run, name="jobs", daemon=True).start()
            _is_started = True


def due(lanes: Iterable[Lane], until: datetime | None = None) -> list[Job]:
    """Of each lane the oldest first, however many wait in another. What only a newer version of the
    site can do is left to it. With `until`, also what is due by then.
    """
    found: list[Job] = []
    waiting = Job.objects.filter(run_at__lte=until or database_now()).order_by("run_at")
    for lane in lanes:
        kinds = [kind.name for kind in KINDS.values() if kind.lane == lane]
        found += waiting.filter(kind__in=kinds)[:BATCH_SIZE]
    return found


def take(job: Job) -> bool:
    """Whether it is ours for as long as the lease lasts."""
    job.claim, job.attempts = new_key(), job.attempts + 1
    as_it_was = Job.objects.filter(pk=job.pk, run_at=job.run_at)
    lease = database_now() + LEASE
    return bool(as_it_was.update(run_at=lease, claim=job.claim, attempts=job.attempts))


def run(job: Job) -> None:
    """Does a job that was taken, and settles it. Raises only what the database raises."""
    kind = KINDS[job.kind]
    try:
        if kind.attempts and job.attempts > kind.attempts:
            raise GiveUp("its process ended each time")
        kind.work(**strict_json.loads(job.payload))
    except Stopped:
        _settle(job, run_at=database_now(), attempts=job.attempts - 1)
    except Retry as error:
        job.attempts -= not error.counts
        _try_again(job, kind, str(error), error.after)
    except GiveUp as error:
        _give_up(job, str(error))
    except Exception as error:
        logger.exception("job %s failed", job.kind)
        _try_again(job, kind, type(error).__name__)
    else:
        _finish(job, kind)


def _finish(job: Job, kind: JobKind) -> None:
    if kind.every:
        _settle(job, run_at=database_now() + kind.every, attempts=0, error="")
    else:
        _claimed(job).delete()


def _try_again(job: Job, kind: JobKind, error: str, after: float = 0) -> None:
    if kind.attempts and job.attempts >= kind.attempts:
        _give_up(job, error)
        return
    pause = settings.JOB_RETRY_SECONDS * 4 ** min(max(job.attempts - 1, 0), 10)
    pause = max(min(MAX_PAUSE, pause), after)
    pause += random.uniform(0, pause / 2)  # noqa: S311  no secret
    run_at = database_now() + timedelta(seconds=pause)
    _settle(job, run_at=run_at, attempts=job.attempts, error=error)
    logger.info("job %s waits for another try: %s", job.kind, error)


def _give_up(job: Job, error: str) -> None:
    logger.warning("job %s was given up: %s", job.kind, error)
    _settle(job, run_at=None, error=error)


def _settle(job: Job, **values: Any) -> None:
    if error := values.get("error"):
        values["error"] = error[:ERROR_LENGTH]
    _claimed(job).update(claim="", **values)  # no lease is renewed any more


def _claimed(job: Job) -> QuerySet[Job]:
    """The job, unless another worker has taken it since or it was scheduled anew."""
    return Job.objects.filter(pk=job.pk, claim=job.claim)
