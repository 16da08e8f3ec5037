"""Writes that come at the same time share one transaction, and so one commit."""

import logging
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import Error, IntegrityError, InterfaceError, OperationalError

from chatsite.db import is_retryable, joined, was_held
from chatsite.errors import Busy, DomainError
from chatsite.fastpath import checkpoints
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.database_calls import DatabaseCall, fault, write_each
from chatsite.fastpath.prepared import driver_connection, was_broken
from chatsite.live.broadcast import batched
from chatsite.monitoring import metrics
from chatsite.monitoring.trace import resume

logger = logging.getLogger(__name__)


def run_together(calls: list[DatabaseCall]) -> None:
    """Kind by kind."""
    # Workers that lock several conversations do so in the same order.
    calls.sort(key=_by_key)
    kinds: set[type[Any]] = {type(call.work) for call in calls}
    for kind in kinds:
        _run_in_bulk(kind, [call for call in calls if type(call.work) is kind])


_by_key = attrgetter("key")


def _run_in_bulk(kind: type[Bulk], calls: list[DatabaseCall]) -> None:
    """What the database raises may be the fault of one: then each is done by itself. Whatever else
    is raised is a fault of the code, of which nothing is kept, and which no other way hides.
    """
    resume(None)  # it is the work of many
    outcomes: list[Any] = []
    connection = driver_connection()
    try:
        calls = _admitted(kind, calls)
        if calls:
            with batched(), joined():
                outcomes = kind.do_all(_works(calls))
    except Error as error:
        if _may_be_done(error) if outcomes else _is_away(error, connection):
            _fail(calls, error)
        else:
            logger.info("writes are done one by one: %s", type(error).__name__)
            metrics.WRITES_APART.inc(len(calls))
            write_each(calls)
    except DomainError as error:
        _fail(calls, error)
    except Exception as error:
        _fail(calls, fault("a batch of writes failed", error))
    else:
        checkpoints.after_commit()
        _settle(kind, calls, outcomes)


def _admitted(kind: type[Bulk], calls: list[DatabaseCall]) -> list[DatabaseCall]:
    late = {call for call in calls if call.is_late}
    in_time = [call for call in calls if call not in late]
    kind.admit(_works(in_time))
    for call in late:
        call.error = Busy()
    for call, work in zip(in_time, _works(in_time), strict=True):
        call.error = work.refusal
    return [call for call in in_time if call.error is None]


def _works(calls: list[DatabaseCall]) -> list[Any]:
    return [call.work for call in calls]


def _settle(kind: type[Bulk], calls: list[DatabaseCall], outcomes: list[Any]) -> None:
    waiting = []
    for call, outcome in zip(calls, outcomes, strict=True):
        if isinstance(outcome, Busy) and calls[0].key != calls[-1].key:
            waiting.append(call)
        elif isinstance(outcome, DomainError):
            call.error = outcome
        else:
            call.result = outcome
    for _key, some in groupby(waiting, key=_by_key):
        _run_in_bulk(kind, list(some))


def _may_be_done(error: Exception) -> bool:
    """It was the commit: nobody knows whether it was made, unless the database said why not."""
    return not (isinstance(error, IntegrityError) or was_held(error) or is_retryable(error))


def _is_away(error: Exception, connection: object) -> bool:
    """The database, not just the line to it: to wait once more for each is of no use."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if is_retryable(error) or was_held(error):
        return False
    # Django took another one when it could not roll back.
    was_replaced = connection is not None and connection is not driver_connection()
    return not was_replaced and not was_broken()


def _fail(calls: list[DatabaseCall], error: Exception) -> None:
    for call in calls:
        call.fail(error)
