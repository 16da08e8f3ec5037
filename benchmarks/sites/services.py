"""Redis and PostgreSQL for two workers, with data that goes with them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sites.processes import HOST, CannotMeasure, running


@dataclass(frozen=True)
class Service:
    url: str
    process: int


@contextmanager
def redis(port: int, cores: Iterable[int]) -> Iterator[Service]:
    program = _find("redis-server")
    with _folder() as folder:
        command = [program, "--port", str(port), "--bind", HOST, "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no"]
        log = folder / "log"
        with running(command, port=port, log=log, folder=folder, cores=cores) as process:
            yield Service(f"redis://{HOST}:{port}/0", process)


@contextmanager
def postgres(port: int, cores: Iterable[int]) -> Iterator[Service]:
    """As installed: what is committed is on the disk."""
    program = _find("postgres", *sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres")))
    user = _unprivileged()
    with _folder() as folder:
        data = folder / "data"
        initdb = [str(Path(program).with_name("initdb")), f"--pgdata={data}"]
        initdb += ["--username=chatsite", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=user)
        command = [program, "-D", str(data), "-p", str(port), "-k", str(folder), "-h", HOST]
        log = folder / "log"
        with running(command, port=port, log=log, folder=folder, cores=cores, user=user) as process:
            yield Service(f"postgres://chatsite@{HOST}:{port}/postgres", process)


def _find(name: str, *elsewhere: Path) -> str:
    for program in (name, *map(str, reversed(elsewhere))):
        if found := shutil.which(program):
            return found
    raise CannotMeasure(f"{name} is not installed: two workers cannot be measured without it.")


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="chatsite-bench-"))
    try:
        if user := _unprivileged():
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"
