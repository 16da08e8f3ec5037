"""The database of a site that a test starts."""

import os
import shutil
import subprocess
import sys

from tests.environment import ROOT, hermetic
from tests.once import FOLDER, once

MIGRATED = FOLDER / "migrated.sqlite3"


def migrate(environment: dict[str, str]) -> None:
    """On SQLite it is a copy of one that was migrated once for the whole run."""
    kind, _, path = environment["DATABASE_URL"].partition(":///")
    if kind == "sqlite":
        once("migrated", _migrate_the_first)
        shutil.copyfile(MIGRATED, path)
    else:
        _migrate(environment)


def _migrate_the_first() -> None:
    fresh = MIGRATED.with_suffix(f".{os.getpid()}")
    _migrate(hermetic(DATABASE_URL=f"sqlite:///{fresh}", JWT_SECRET="signs nothing" * 4))
    fresh.replace(MIGRATED)


def _migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    settings = {"DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    subprocess.run(command, cwd=ROOT, env=environment | settings, check=True)
