"""Errors that mean the same as on SQL databases, and migrations that may be taken up again.

The backend wraps most errors as plain DatabaseError, whatever they are, and lets some escape. Here
they are translated where they come from, in the collection that runs every operation.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import DatabaseError, IntegrityError, OperationalError
from django_mongodb_backend import base, schema
from django_mongodb_backend.utils import OperationDebugWrapper
from pymongo.collection import Collection
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.operations import IndexModel

DUPLICATE = 11000
# InterruptedAtShutdown, PrimarySteppedDown, ExceededTimeLimit, ShutdownInProgress,
# NotWritablePrimary, InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk,
# NotPrimaryOrSecondary, OutOfDiskSpace
AWAY = {11600, 189, 262, 91, 10107, 11602, 13435, 13436, 14031}
INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND = 27, 26
TRANSLATED_METHODS = (
    "aggregate",
    "bulk_write",
    "create_indexes",
    "delete_many",
    "delete_one",
    "drop",
    "drop_index",
    "find",
    "find_one",
    "insert_many",
    "insert_one",
    "rename",
    "update_many",
    "update_one",
)


def translated(error: PyMongoError) -> DatabaseError:
    """What Django's own backends would raise, to be raised from it."""
    codes = _codes(error)
    if DUPLICATE in codes:
        return IntegrityError(str(error))
    is_away = isinstance(error, ConnectionFailure | ExecutionTimeout | WTimeoutError)
    if is_away or codes & AWAY:
        return OperationalError(str(error))
    return DatabaseError(str(error))


def _codes(error: PyMongoError) -> set[int]:
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        failed = details.get("writeErrors", []) + details.get("writeConcernErrors", [])
        return {each["code"] for each in failed}
    return {error.code} if isinstance(error, OperationFailure) and error.code else set()


@contextmanager
def translating() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise translated(error) from error


def _translated_call(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with translating():
            return method(*args, **kwargs)

    return wrapped


class TranslatingCollection(Collection[dict[str, Any]]):
    """Raises Django's errors."""

    def create_indexes(self, indexes: Sequence[IndexModel], *args: Any, **kwargs: Any) -> Any:
        return super().create_indexes(list(map(_plainly_partial, indexes)), *args, **kwargs)


def _plainly_partial(index: IndexModel) -> IndexModel:
    """One operator a condition, below one `$and`: other servers of the protocol know no more."""
    condition = index.document.get("partialFilterExpression", {})
    parts = [
        {name: {operator: value}}
        for name, operators in condition.items()
        if isinstance(operators, dict)
        for operator, value in operators.items()
    ]
    if len(parts) > len(condition):
        index.document["partialFilterExpression"] = {"$and": parts}
    return index


for _name in TRANSLATED_METHODS:
    setattr(TranslatingCollection, _name, _translated_call(getattr(TranslatingCollection, _name)))


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """What is there already, or gone already, was done by a migration that was interrupted."""

    def create_model(self, model: Any) -> None:
        table = model._meta.db_table
        if self.collect_sql or table not in self.connection.introspection.table_names():
            super().create_model(model)
            return
        self._create_model_indexes(model)
        for field in model._meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                self.create_model(field.remote_field.through)

    def _remove_field_index(self, model: Any, field: Any, column_prefix: str = "") -> None:
        try:
            super()._remove_field_index(model, field, column_prefix)
        except ValueError as error:  # none is there any more
            if "(0)" not in str(error):
                raise

    def remove_index(self, model: Any, index: Any) -> None:
        try:
            super().remove_index(model, index)
        except DatabaseError as error:
            if getattr(error.__cause__, "code", None) not in (INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND):
                raise


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor

    def get_collection(self, name: str, **kwargs: Any) -> Any:
        with translating():
            collection = TranslatingCollection(self.database, name, **kwargs)
        return OperationDebugWrapper(self, collection) if self.queries_logged else collection
