"""Packages from npm that tests need: fetched once, into a folder under `var/`."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.services import find

INSTALL = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def packages(source: Path, name: str) -> Path:
    """The `node_modules` of what `source` pins; skips where they cannot be fetched."""
    npm, folder = find("npm"), ROOT / "var" / name
    find("node")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not _is_current(source, folder):
            _install(npm, source, folder)
    return folder / "node_modules"


def _is_current(source: Path, folder: Path) -> bool:
    lock = folder / "package-lock.json"
    is_same = lock.exists() and lock.read_bytes() == (source / lock.name).read_bytes()
    return is_same and (folder / "node_modules" / ".package-lock.json").exists()


def _install(npm: str, source: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source / name, folder / name)
    done = subprocess.run([npm, *INSTALL], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"npm could not fetch {folder.name}: {done.stderr.strip()[-300:]}"
        raise (pytest.fail if os.environ.get("CI") == "true" else pytest.skip).Exception(reason)
