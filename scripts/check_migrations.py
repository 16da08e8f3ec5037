"""Fails when a model lacks a migration. `makemigrations --check` would query the database."""

import os
import sys
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from django.apps import apps  # noqa: E402
from django.db.migrations.autodetector import MigrationAutodetector  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402


def main() -> None:
    loader = MigrationLoader(None)
    autodetector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = autodetector.changes(graph=loader.graph)
    for migrations in changes.values():
        for operation in migrations[0].operations:
            print(f"{migrations[0].app_label}: {operation.describe()}", file=sys.stderr)
    if changes:
        raise SystemExit(
            "Models changed without a migration. Make it with manage.py makemigrations"
        )


if __name__ == "__main__":
    main()
