"""The site whose pages are measured: one worker, as deployed, on SQLite."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sites.deployed import SERVE, production
from benchmarks.sites.machine import PYTHON
from benchmarks.sites.processes import HOST, run, running

SHORT, LONG = 200, 10_000  # messages in the two conversations that are opened
OTHERS = [60] * 18  # in those that the chat list shows besides


@dataclass(frozen=True)
class Person:
    id: str
    token: str


@dataclass(frozen=True)
class Site:
    url: str
    process: int
    reader: Person  # whose browser it is
    peer: Person  # in the short conversation
    long_peer: Person


@contextmanager
def site(scratch: Path, port: int) -> Iterator[Site]:
    """On data of its own, with the static files as they are now."""
    for left in scratch.glob("pages.*"):
        left.unlink()
    database = f"sqlite:///{scratch}/pages.sqlite3"
    environment = production(port, database, scratch, LOG_LEVEL="WARNING")
    log, tokens = scratch / "pages.log", scratch / "pages.json"
    collecting = [str(PYTHON), "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    run(collecting, environment, log)
    counts = map(str, [SHORT, LONG, *OTHERS])
    run([str(PYTHON), "-m", "benchmarks.pages.seeding", str(tokens), *counts], environment, log)
    people = [Person(**entry) for entry in json.loads(tokens.read_text())]
    command = [str(PYTHON), *SERVE]
    with running(command, port=port, log=log, environment=environment) as process:
        yield Site(f"http://{HOST}:{port}", process, *people[:3])
