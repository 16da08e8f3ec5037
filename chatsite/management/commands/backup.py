"""`manage.py backup`: a copy of the SQLite database, taken while the site runs."""

import sqlite3
from argparse import ArgumentParser
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

OTHERS = {"postgresql": "pg_dump", "mongodb": "mongodump"}


class Command(BaseCommand):
    help = "Copies the SQLite database to a file, whole and consistent, while the site runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="the file to make")

    def handle(self, *args: Any, path: Path | None, **options: Any) -> None:
        if tool := OTHERS.get(connection.vendor):
            raise CommandError(f"This command copies SQLite alone; here, use {tool}.")
        target = path or _default_path()
        if target.exists():
            raise CommandError(f"{target} exists already; nothing was written.")
        try:
            _copy(target)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"No backup was made: {error}") from None
        self.stdout.write(f"{target} ({target.stat().st_size / 2**20:.1f} MB)")


def _default_path() -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return Path(settings.BASE_DIR) / "var" / "backups" / f"chatsite-{moment}.sqlite3"


def _copy(target: Path) -> None:
    """Under its own name only once it is whole and sound."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        _write(unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(path: Path) -> None:
    """In one step, a read transaction: it holds up nobody, and no write makes it begin again."""
    path.touch(mode=0o600, exist_ok=False)  # follows no link that somebody put there
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
        # One file, without the two that go with a database in use.
        copy.execute("PRAGMA journal_mode=DELETE")
    if verdict != "ok":
        raise OSError(f"the copy is damaged ({verdict})")
