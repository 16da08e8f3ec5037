"""SQLite's files are for the owner of the site alone: all that people wrote is in them."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

SUFFIXES = ("", "-wal", "-shm")  # SQLite gives the others the mode of the first
OTHERS = 0o077
_private: set[str] = set()


def _keep_private(connection: Any, **signal: Any) -> None:
    if connection.vendor != "sqlite" or (name := str(connection.settings_dict["NAME"])) in _private:
        return
    _private.add(name)
    for suffix in SUFFIXES:
        path = Path(name + suffix)
        with suppress(OSError):  # in memory, not there, or somebody else's
            if path.stat().st_mode & OTHERS:
                path.chmod(0o600)


def watch() -> None:
    connection_created.connect(_keep_private)
