"""Transactions that mean the same on every database."""

import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from itertools import count
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import DatabaseError, connection, transaction

logger = logging.getLogger(__name__)
Params = ParamSpec("Params")
Result = TypeVar("Result")

PATIENCE = 3  # seconds in which a transaction is repeated
MAX_PAUSE = 0.5  # seconds, before another attempt
# PostgreSQL's
RETRYABLE_STATES = {"40001", "40P01"}  # serialization failure, deadlock detected
LOCK_NOT_AVAILABLE = "55P03"
LOCK_WAIT = 500  # milliseconds, for a row that another transaction holds


def now() -> datetime:
    """The time as it is stored: UTC, cut to milliseconds, which is what MongoDB keeps and the wire
    carries.
    """
    return _cut(datetime.now(UTC))


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def database_now() -> datetime:
    """The time by the clock of the database, which is the same for all workers. Raises
    DatabaseError.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            [moment] = cursor.fetchone()
            return _cut(moment)
    if connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        return _cut(server.clock())
    return now()  # SQLite is where its workers are


@contextmanager
def atomic() -> Iterator[None]:
    """All or nothing, but on a MongoDB server without transactions: docs/databases.md."""
    if _joined.now:
        yield from _within()
    elif connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        with server.atomic():
            yield
    else:
        with transaction.atomic():
            yield


def _within() -> Iterator[None]:
    """Of a transaction that is under way, which is spoilt by what fails."""
    try:
        yield
    except BaseException:
        transaction.set_rollback(True)
        raise


@contextmanager
def joined() -> Iterator[None]:
    """A transaction of SQL for all that is done in it: what fails there undoes the whole."""
    with transaction.atomic():
        _joined.now = True
        try:
            yield
        finally:
            _joined.now = False


class _Joined(threading.local):
    now = False


_joined = _Joined()


def wait_for_locks(milliseconds: int) -> None:
    """At most so long for each, in this transaction of PostgreSQL; else it fails (`was_held`)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")


def was_held(error: Exception) -> bool:
    """Another transaction has a lock that was waited for."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE


def on_commit(action: Callable[[], object]) -> None:
    """Runs `action` after the commit, at once outside of a transaction; what it raises is logged,
    never passed on.
    """
    transaction.on_commit(partial(_run_logged, action), robust=True)


def in_thread(work: Callable[Params, Result]) -> Callable[Params, Awaitable[Result]]:
    """For async code. One thread of several: one for all would stand still behind a picture."""
    return database_sync_to_async(work, thread_sensitive=False)  # type: ignore[no-any-return]


def release() -> None:
    """Gives the connection back before work that takes long without it: a pool has few."""
    if not connection.in_atomic_block:
        connection.close()


def retrying(work: Callable[[], Result], *also: type[DatabaseError]) -> Result:
    """Runs a transaction again, for a while, when the database asks for it, or after an error named
    in `also`. Raises Busy when the database still asks for it then.
    """
    from chatsite.errors import Busy  # which needs the apps to be there

    ends_at = time.monotonic() + PATIENCE
    for attempt in count():
        try:
            return work()
        except DatabaseError as error:
            must_repeat = is_retryable(error)
            if _is_in_transaction() or not (isinstance(error, also) or must_repeat):
                raise
            if time.monotonic() > ends_at:
                if must_repeat or connection.vendor == "mongodb":
                    raise Busy from error
                raise
            logger.info("transaction repeated: %s", type(error).__name__)
            _pause(attempt)
    raise AssertionError("there is always another attempt")


def repeatable(work: Callable[Params, Result]) -> Callable[Params, Result]:
    """Decorates what is one transaction, and may run again: two that write the same at once wait
    for each other in SQL; MongoDB asks one of them to repeat.
    """

    @wraps(work)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        return retrying(partial(work, *args, **kwargs))

    return run


def _is_in_transaction() -> bool:
    if connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        return server.is_in_transaction()
    return connection.in_atomic_block


def _pause(attempt: int) -> None:
    """By chance, so that those who met once do not meet again; at first a few milliseconds."""
    time.sleep(random.uniform(0, min(MAX_PAUSE, 0.005 * 2 ** min(attempt, 10))))  # noqa: S311  no secret


def is_retryable(error: Exception) -> bool:
    """The database asks for it: of two that waited for each other, it ended one."""
    cause: Any = error.__cause__
    if hasattr(cause, "has_error_label"):  # MongoDB's
        return bool(cause.has_error_label("TransientTransactionError"))
    return getattr(cause, "sqlstate", None) in RETRYABLE_STATES


def _run_logged(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception:
        logger.exception("an action after the commit failed")


def reason(error: BaseException) -> str:
    """The first line that an error, or what led to it, has to say: MongoDB's backend raises errors
    without any text.
    """
    cause: BaseException | None = error
    while cause:
        if text := str(cause).strip():
            return text.splitlines()[0]
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}, without a text."
