"""Which migrations there are, and which of them the database has.

The adapter to what Django keeps private of them: its public interface is commands, which print, and
none of them knows the models as they were after a migration, or makes a write that changes nothing.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

Migration = tuple[str, str]  # app and name


def missing() -> list[Migration]:
    """In the database."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _is_undone in plan]


def applied() -> Collection[Migration]:
    return MigrationRecorder(connection).applied_migrations()


def known() -> Collection[Migration]:
    """Of this version of the site."""
    return MigrationLoader(None).disk_migrations


def migrate_to(migrations: Iterable[Migration]) -> None:
    MigrationExecutor(connection).migrate(_last(migrations))


def apps_after(migrations: Iterable[Migration]) -> Any:
    """With the models as they were then."""
    return MigrationLoader(None).project_state(_last(migrations)).apps


def model() -> type[Model]:
    """Of what is applied."""
    return MigrationRecorder.Migration


def write_and_take_back(name: str) -> None:
    """No migration is called so, and none looks at the row."""
    recorder = MigrationRecorder(connection)
    if recorder.has_table():
        recorder.record_applied(name, name)
        recorder.record_unapplied(name, name)


def _last(migrations: Iterable[Migration]) -> list[Migration]:
    """Of each app the last ones, which bring all others with them."""
    nodes: Any = MigrationLoader(None).graph.node_map
    there = set(migrations)
    return [
        name
        for name in migrations
        if not any(child.key in there and child.key[0] == name[0] for child in nodes[name].children)
    ]
