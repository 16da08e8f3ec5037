"""Work behind a request's back: it waits its turn in this process, in lines of limited length."""

import atexit
import logging
import time
from collections.abc import Callable
from queue import Full, Queue
from threading import Event, Lock, Thread

logger = logging.getLogger(__name__)
PATIENCE = 5  # seconds at the end of the process, for all lines together

Job = Callable[[], object]


class JobQueue:
    """Threads that carry out jobs in the order they came.

    The threads start with the first job, hence after a server forked its workers. They hold up no
    one who ends the process: that gives them PATIENCE, and drops what is left by then.
    """

    def __init__(self, name: str, *, threads: int, length: int) -> None:
        self.closing = Event()
        self._name = name
        self._threads = threads
        self._jobs: Queue[Job] = Queue(length)
        self._starting = Lock()
        self._started = False

    def put(self, job: Job) -> bool:
        """Whether there was room for it."""
        self._start()
        try:
            self._jobs.put_nowait(job)
        except Full:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Whether all jobs were done by then."""
        jobs = self._jobs
        with jobs.all_tasks_done:
            return jobs.all_tasks_done.wait_for(lambda: not jobs.unfinished_tasks, seconds)

    def finish(self, seconds: float) -> None:
        """The last chance for what waits."""
        if not self.wait(seconds):
            logger.warning("%s: %d were left undone", self._name, self._jobs.unfinished_tasks)

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            for number in range(self._threads):
                Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()
            self._started = True
            _working.append(self)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception as error:
                # By its name alone: what it says may be of no one's business.
                logger.error("%s: a job failed: %s", self._name, type(error).__name__)
            finally:
                self._jobs.task_done()


_working: list[JobQueue] = []


def close_all() -> None:
    """At the end of the process; again, it waits for nothing more.

    Jobs that pause between two tries look at `closing`, and go on at once.
    """
    end = time.monotonic() + PATIENCE
    open_ones = [queue for queue in _working if not queue.closing.is_set()]
    for queue in open_ones:
        queue.closing.set()
    for queue in open_ones:
        queue.finish(max(0, end - time.monotonic()))


atexit.register(close_all)
