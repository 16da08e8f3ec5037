"""What a MongoDB server has beside queries: transactions, on some servers, and its clock.

The backend's own are used, with what it leaves open: a server of its own, outside of a replica set,
has none; and what fails at the commit is no DatabaseError there, and spoils the next transaction.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from chatsite.mongodb_backend.base import translated, translating

logger = logging.getLogger(__name__)

# IllegalOperation, CommandNotFound, CommandNotSupported, NotImplemented: there are no transactions.
NONE_HERE = {20, 59, 115, 238}
UNKNOWN = "UnknownTransactionCommitResult"
PAUSES = (0.1, 1, 5)  # seconds, before a commit is tried again


@contextmanager
def atomic() -> Iterator[None]:
    """A block in another is a part of it; without transactions each write stands for itself, as it
    does in a block of Django's (who deletes a model is in one), which knows nothing of those.
    """
    if is_in_transaction() or not has_transactions():
        yield
        return
    from django_mongodb_backend import transaction

    try:
        with transaction.atomic():
            yield
    except PyMongoError as error:
        _finish(error)


def is_in_transaction() -> bool:
    wrapper: Any = connection
    return bool(wrapper.in_atomic_block or wrapper.in_atomic_block_mongo)


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads of this thread as of one moment, for as long as the server keeps such moments
    (`minSnapshotHistoryWindowInSeconds`, 300). Without transactions there is none.
    """
    if not has_transactions():
        yield
        return
    wrapper: Any = connection
    wrapper.ensure_connection()
    with wrapper.connection.start_session(snapshot=True) as session:
        wrapper.session = session
        try:
            yield
        finally:
            wrapper.session = None


@cache
def has_transactions() -> bool:
    """Tries one: what calls itself a replica set may still have none. Raises DatabaseError while
    the server does not answer.
    """
    wrapper: Any = connection
    try:
        wrapper.ensure_connection()
        with wrapper.connection.start_session() as session, session.start_transaction():
            wrapper.database["django_migrations"].find_one({}, session=session)
    except PyMongoError as error:
        if not _is_unsupported(error):
            raise translated(error) from error
        logger.warning("this MongoDB server has no transactions; docs/databases.md says more")
        return False
    return True


def ping(seconds: float) -> None:
    """Raises DatabaseError when no server that takes writes answers in that time."""
    wrapper: Any = connection
    options = {**wrapper.get_connection_params(), "serverSelectionTimeoutMS": round(seconds * 1000)}
    try:
        with MongoClient(**options) as client:
            client.admin.command("ping")
    except PyMongoError as error:
        raise translated(error) from error


def clock() -> datetime:
    """The server's. Raises DatabaseError."""
    wrapper: Any = connection
    with translating():
        wrapper.ensure_connection()
        response: datetime = wrapper.database.command("hello")["localTime"]
    return response.replace(tzinfo=UTC)


def _is_unsupported(error: PyMongoError) -> bool:
    if isinstance(error, OperationFailure):
        return error.code in NONE_HERE
    return isinstance(error, ConfigurationError)


def _finish(error: PyMongoError) -> None:
    """After a commit that failed: tries again where the outcome is unknown; else the connection
    is made ready for the next one. Raises DatabaseError.
    """
    wrapper: Any = connection
    for pause in PAUSES:
        if not (wrapper.session and error.has_error_label(UNKNOWN)):
            break
        time.sleep(pause)
        try:
            wrapper.commit_mongo()
        except PyMongoError as again:
            error = again
        else:
            return
    if wrapper.session:
        wrapper.session.end_session()
        wrapper.session = None
    wrapper.run_on_commit = []
    raise translated(error) from error
