"""The rows of the site in a form that each of the three databases reads: one JSON array a row.

So one way does for all three, needs no program beside the site, and moves a site from one database
to another. pg_dump, mongodump and SQLite's own copy are each quicker, and each for one alone.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec
from django.apps import apps as site_apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from chatsite import strict_json

# Django's own: rights of which the site uses none, under keys that differ from database to
# database. `migrate` makes them.
LEFT_OUT = {"admin", "auth", "contenttypes"}
BATCH_SIZE = 500  # rows

Migration = tuple[str, str]  # app and name
_encode = msgspec.json.Encoder().encode_lines
_read = strict_json.reader(list[Any])


class Unreadable(Exception):
    """What is wrong with what was to be read, for the operator."""


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read in it is as of one moment, and nobody who writes is held up."""
    if connection.vendor == "mongodb":
        from chatsite import mongodb

        with mongodb.snapshot():
            yield
    elif connection.vendor == "sqlite":
        before = connection.transaction_mode  # type: ignore[attr-defined]
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # takes no lock
        try:
            with transaction.atomic():
                yield
        finally:
            connection.transaction_mode = before  # type: ignore[attr-defined]
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
    return sorted(
        name for name in MigrationRecorder(connection).applied_migrations() if _is_kept(name)
    )


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
    known = MigrationExecutor(connection).loader.disk_migrations
    return [name for name in migrations if name not in known]


def load(migrations: list[Migration], stored: Callable[[str], Iterator[bytes]]) -> dict[str, int]:
    """Everything that is there goes; then come the tables as they were after these migrations, the
    rows, of each model by its label, and what migrations there have been since. Returns the number
    of rows by label.
    """
    _drop()
    executor = MigrationExecutor(connection)
    targets = _last(migrations, executor)
    executor.migrate(targets)
    then = executor.loader.project_state(targets).apps
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


def _last(migrations: list[Migration], executor: MigrationExecutor) -> list[Migration]:
    """Of each app the last ones, which bring all others with them."""
    graph, there = executor.loader.graph, set(migrations)
    return [
        name
        for name in migrations
        if not any(
            child.key in there and child.key[0] == name[0] for child in _children(graph, name)
        )
    ]


def _children(graph: Any, name: Migration) -> Iterable[Any]:
    children: Iterable[Any] = graph.node_map[name].children
    return children


def _drop() -> None:
    tables = connection.introspection.table_names()
    ours = {
        model._meta.db_table
        for model in site_apps.get_models(include_auto_created=True, include_swapped=True)
    }
    ours.add(MigrationRecorder.Migration._meta.db_table)
    if connection.vendor == "mongodb":
        for table in ours.intersection(tables):
            connection.database.drop_collection(table)  # type: ignore[attr-defined]
        return
    with connection.schema_editor() as editor:
        for table in ours.intersection(tables):
            editor.execute(editor.sql_delete_table % {"table": editor.quote_name(table)})


def _is_kept(name: Migration) -> bool:
    app = name[0]
    return app not in LEFT_OUT and any(
        config.label == app for config in site_apps.get_app_configs()
    )
