"""A call for a database thread: the work, and the future that waits for it."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import Error, InterfaceError, OperationalError

from chatsite.errors import Busy, DomainError
from chatsite.fastpath import checkpoints
from chatsite.fastpath.prepared import was_broken
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import Trace, current, resume

logger = logging.getLogger(__name__)
PATIENCE = 10  # seconds that a call waits for its turn: a client without a response retries


@dataclass(eq=False, slots=True)
class DatabaseCall:
    work: Callable[[], Any]
    key: str  # the key of what it locks
    future: "asyncio.Future[Any]"
    trace: Trace | None = field(default_factory=current)
    arrived: float = field(default_factory=time.monotonic)
    result: Any = None
    error: BaseException | None = None

    @property
    def is_late(self) -> bool:
        return time.monotonic() - self.arrived > PATIENCE

    def run(self) -> None:
        # Not in a copy of the whole context: each would have connections to caches of its own.
        resume(self.trace)
        self.result = self.work()

    def run_alone(self) -> None:
        self.result = self.error = None
        try:
            if self.is_late:
                raise Busy
            self.run()
        except Exception as error:
            self.error = error

    def fail(self, error: BaseException) -> None:
        self.result, self.error = None, self.error or error

    def settle(self) -> None:
        """In the event loop."""
        if self.future.done():  # whoever waited is gone
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def read_each(calls: list[DatabaseCall]) -> None:
    for call in calls:
        call.run_alone()
        if isinstance(call.error, OperationalError | InterfaceError) and was_broken():
            call.run_alone()


def write_each(calls: list[DatabaseCall]) -> None:
    """Each in a transaction of its own."""
    for call in calls:
        was_broken()
        call.run_alone()
        if call.error and not _is_refused(call):
            call.error = fault("a write failed", call.error)
    checkpoints.after_commit()


def _is_refused(call: DatabaseCall) -> bool:
    """By a rule, or by the database: that is no fault of the code."""
    work: Any = call.work
    return isinstance(call.error, Error | DomainError) or call.error is work.refusal


def fault(what: str, error: BaseException) -> RuntimeError:
    """Of the code: its traceback is logged and it is counted here, and who waits learns no more
    than that.
    """
    logger.error("%s", what, exc_info=error)
    metrics.BATCHES_FAILED.inc()
    return RuntimeError(f"{what}: {type(error).__name__}")
