"""Work for a database thread: what is to be done, and who waits for the answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from chatsite.monitoring.trace import Trace, current, resume


@dataclass(eq=False, slots=True)
class Job:
    work: Callable[[], Any]
    about: str  # the key of what it locks
    answer: "asyncio.Future[Any]"
    trace: Trace | None = field(default_factory=current)
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        # Not in a copy of the whole context: each would have connections to caches of its own.
        resume(self.trace)
        self.result = self.work()

    def run_alone(self) -> None:
        mend_connection()
        self.result = self.error = None
        try:
            self.run()
        except Exception as error:
            self.error = error

    def fail(self, error: Exception) -> None:
        self.result, self.error = None, self.error or error

    def settle(self) -> None:
        """In the event loop."""
        if self.answer.done():  # whoever waited is gone
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


def read_each(jobs: list[Job]) -> None:
    for job in jobs:
        job.run_alone()
        if isinstance(job.error, OperationalError | InterfaceError):
            job.run_alone()  # the connection broke since it was used last


def run_apart(jobs: list[Job]) -> None:
    for job in jobs:
        job.run_alone()


def mend_connection() -> None:
    """One that broke is replaced; one that works is kept, whatever its age."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.errors_occurred:
        connection.close_if_unusable_or_obsolete()
