"""What people run instead: Express and Socket.IO, in benchmarks/peer."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.dialects import Person
from benchmarks.load.generator import Target
from benchmarks.sites.machine import Cores
from benchmarks.sites.processes import HOST, ROOT, plain_environment, running

FOLDER = ROOT / "benchmarks" / "peer"
LOADS = "new (require('better-sqlite3'))(':memory:')"


@dataclass(frozen=True)
class Peer:
    scratch: Path
    port: int
    cores: Cores

    @contextmanager
    def running(self, people: int, *, publishes_presence: bool = False) -> Iterator[Target]:
        for left in self.scratch.glob("peer.sqlite3*"):
            left.unlink()
        tokens = self.scratch / "peer.json"
        environment = {
            **plain_environment(),
            "NODE_ENV": "production",
            "PORT": str(self.port),
            "STORE": "sqlite",
            "DB": str(self.scratch / "peer.sqlite3"),
            "SEED_USERS": str(people),
            "SEED_HISTORY": "50",
            "USERS_OUT": str(tokens),
            "PRESENCE": "all" if publishes_presence else "off",
            "TUNED": "1",
        }
        with running(
            ["node", "server.js"],
            port=self.port,
            log=self.scratch / "peer.log",
            folder=FOLDER,
            environment=environment,
            cores=self.cores.server,
        ) as process:
            persons = [Person(user["id"], user["jwt"]) for user in json.loads(tokens.read_text())]
            yield Target("peer", [(HOST, self.port)], persons, [process])


def why_not() -> str:
    """What keeps the peer from running; nothing when it can."""
    node = shutil.which("node")
    if not node:
        return "Node.js is not installed"
    loaded = subprocess.run([node, "-e", LOADS], cwd=FOLDER, capture_output=True)
    return "its packages are not installed" if loaded.returncode else ""
