"""The rows of the site in a form that each of the three databases reads: one JSON array a row.

So one way does for all three, needs no program beside the site, and moves a site from one database
to another. pg_dump, mongodump and SQLite's own copy are each quicker, and each for one alone.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

import msgspec
from django.apps import apps as site_apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from chatsite import migration_state, strict_json
from chatsite.migration_state import Migration

# Django's own: rights of which the site uses none, under keys that differ from database to
# database. `migrate` makes them.
LEFT_OUT = {"admin", "auth", "contenttypes"}
BATCH_SIZE = 500  # rows

_encode = msgspec.json.Encoder().encode_lines
_read = strict_json.reader(list[Any])


class Unreadable(Exception):
    """What is wrong with what was to be read, for the operator."""


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read in it is as of one moment, and nobody who writes is held up."""
    if connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        with server.snapshot():
            yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # takes no lock, as `atomic` would
            try:
                yield
            finally:
                with suppress(DatabaseError):  # SQLite has ended it: that error is raised
                    cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def models(apps: Any = site_apps) -> dict[str, type[Model]]:
    """By label, such as `messaging.message`."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        if model._meta.app_label not in LEFT_OUT and not model._meta.proxy
    }


def applied() -> list[Migration]:
    """Of the apps whose rows are kept."""
    return sorted(filter(_is_kept, migration_state.applied()))


def lines_of(model: type[Model]) -> Iterator[bytes]:
    """Several lines at once: first one with the names of the columns, then one for each row."""
    names = [field.attname for field in model._meta.concrete_fields]
    yield _encode([names])
    rows = model._base_manager.order_by("pk").values_list(*names).iterator(BATCH_SIZE)
    while some := list(islice(rows, BATCH_SIZE)):
        yield _encode(some)


def has_people() -> bool:
    """Whether this is somebody's site already."""
    people = site_apps.get_model("accounts.User")
    tables = connection.introspection.table_names()
    return people._meta.db_table in tables and people._base_manager.exists()


def unknown(migrations: Iterable[Migration]) -> list[Migration]:
    """Those of a newer version of the site."""
    known = migration_state.known()
    return [name for name in migrations if name not in known]


def load(migrations: list[Migration], stored: Callable[[str], Iterator[bytes]]) -> dict[str, int]:
    """Everything that is there goes; then come the tables as they were after these migrations, the
    rows, of each model by its label, and what migrations there have been since. Returns the number
    of rows by label.
    """
    _drop()
    migration_state.migrate_to(migrations)
    then = migration_state.apps_after(migrations)
    counts = {}
    with transaction.atomic():  # foreign keys are looked at when it ends
        for label, model in models(then).items():
            model._base_manager.all().delete()  # what a migration made
            counts[label] = _loaded(model, stored(label))
    call_command("migrate", interactive=False, verbosity=0)
    return counts


def _loaded(model: type[Model], lines: Iterator[bytes]) -> int:
    fields = {field.attname: field.to_python for field in model._meta.concrete_fields}
    names = next(lines, b"[]")
    columns = [(name, fields[name]) for name in _read(names) or ()]
    count = 0
    while some := list(islice(lines, BATCH_SIZE)):
        rows = [
            model(**{name: read(value) for (name, read), value in zip(columns, row, strict=True)})
            for row in map(_row, some)
        ]
        model._base_manager.bulk_create(rows)
        count += len(rows)
    return count


def _row(line: bytes) -> list[Any]:
    row = _read(line)
    if row is None:
        raise Unreadable("a row cannot be read")
    return row


def _drop() -> None:
    tables = set(connection.introspection.table_names())
    ours = [*site_apps.get_models(include_swapped=True), migration_state.model()]
    with connection.schema_editor() as editor:
        for model in ours:
            if model._meta.db_table in tables and not model._meta.proxy:
                editor.delete_model(model)


def _is_kept(name: Migration) -> bool:
    app = name[0]
    return app not in LEFT_OUT and any(
        config.label == app for config in site_apps.get_app_configs()
    )
