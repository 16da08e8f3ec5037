"""Work that waits its turn in this process, in a line of limited length."""

import atexit
import logging
from collections.abc import Callable
from queue import Full, Queue
from threading import Event, Lock, Thread

logger = logging.getLogger(__name__)

Job = Callable[[], object]


class Outbox:
    """Threads that carry out jobs in the order they came.

    The threads start with the first job, hence after a server forked its workers. They hold up no
    one who ends the process: that gives them `patience` seconds, and drops what is left by then.
    """

    def __init__(self, name: str, *, threads: int, length: int, patience: float) -> None:
        self.closing = Event()
        self._name = name
        self._threads = threads
        self._patience = patience
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

    def close(self) -> None:
        """The last chance for what waits; those who pause between two tries go on at once."""
        self.closing.set()
        if not self.wait(self._patience):
            logger.warning("%s: %d were left undone", self._name, self._jobs.unfinished_tasks)

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            self._started = True
            atexit.register(self.close)
            for number in range(self._threads):
                Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()

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
