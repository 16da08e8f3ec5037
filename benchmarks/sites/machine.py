"""Where and with what it was measured, and which cores are whose."""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sites.processes import ROOT

Machine = dict[str, str | int]
PYTHON = ROOT / ".venv" / "bin" / "python"
PACKAGES = ("Django", "channels", "djangorestframework", "uvicorn", "uvloop", "httptools")
VERSIONS_SCRIPT = f"""
import json, platform, sqlite3
from importlib.metadata import version
found = {{name: version(name) for name in {PACKAGES!r}}}
found |= {{"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}}
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Cores:
    """The generator has one of its own where there are two."""

    server: frozenset[int]
    workers: frozenset[int]  # of several workers and what they need
    generator: frozenset[int]


def cores() -> Cores:
    ours = sorted(os.sched_getaffinity(0))
    first, last = frozenset(ours[:1]), frozenset(ours[-1:])
    many = frozenset(ours) - last if len(ours) > 3 else frozenset(ours)
    return Cores(server=first, workers=many, generator=last)


def machine() -> Machine:
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release().partition("-")[0],
        "system": platform.system(),
    }


def versions(node: str | None) -> dict[str, str]:
    found: dict[str, str] = json.loads(output(str(PYTHON), "-c", VERSIONS_SCRIPT))
    if node:
        found["Node"] = output(node, "--version").removeprefix("v")
    return found


def commit() -> tuple[str, bool]:
    """Short hash, and whether anything was changed since."""
    try:
        changed = bool(
            output("git", "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
        )
        return output("git", "rev-parse", "--short=9", "HEAD"), changed
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()
