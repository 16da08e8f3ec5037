"""This site in production settings, as deploy/ starts it, with all its protection on."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.dialects import Person
from benchmarks.load.generator import Target
from benchmarks.load.sizes import Size
from benchmarks.sites.deployed import SERVE, production
from benchmarks.sites.machine import PYTHON, Cores
from benchmarks.sites.processes import HOST, ROOT, run, running

FRESH = 3 * 86_400  # seconds for which a filled database serves: its tokens end some day
SEEDS = ("benchmarks/seeding.py", "benchmarks/filling.py")


@dataclass(frozen=True)
class Ours:
    scratch: Path
    port: int
    cores: Cores
    without: Sequence[str] = ()  # pieces of the fast path
    log_level: str = "INFO"

    @contextmanager
    def running(self, people: int, size: Size, *, is_large: bool = False) -> Iterator[Target]:
        """One worker on SQLite, on a fresh copy of a filled database."""
        seeds = _large_seeds(size) if is_large else ["--people", str(people)]
        database, persons = self._filled(seeds)
        used = self.scratch / "site.sqlite3"
        for left in self.scratch.glob("site.sqlite3*"):
            left.unlink()
        shutil.copyfile(database, used)
        with self.worker(self.environment(f"sqlite:///{used}")) as process:
            yield Target("ours", [(HOST, self.port)], persons, [process])

    @contextmanager
    def workers(
        self, database: str, redis: str, persons: list[Person], others: list[int], count: int
    ) -> Iterator[Target]:
        """`others`: what they cost besides, by process."""
        ports = [self.port + 10 + number for number in range(count)]
        public = f"http://{HOST}:{ports[0]}"
        environment = self.environment(database, REDIS_URL=redis, PUBLIC_URL=public)
        with ExitStack() as stack:
            processes = [
                stack.enter_context(self.worker(environment, port, self.cores.workers))
                for port in ports
            ]
            yield Target("ours", [(HOST, port) for port in ports], persons, processes + others)

    def worker(
        self, environment: dict[str, str], port: int = 0, cores: frozenset[int] = frozenset()
    ) -> AbstractContextManager[int]:
        port = port or self.port
        return running(
            [str(PYTHON), *SERVE],
            port=port,
            log=self.scratch / f"ours-{port}.log",
            environment=environment | {"PORT": str(port)},
            cores=cores or self.cores.server,
        )

    def environment(self, database: str, **more: str) -> dict[str, str]:
        given = {
            "LOG_LEVEL": self.log_level,
            "SOCKETS_PER_PERSON": "100000",
            "FAST_PATH_WITHOUT": ",".join(self.without),
        }
        return production(self.port, database, self.scratch, **given | more)

    def seed(self, database: str, tokens: Path, seeds: list[str]) -> list[Person]:
        command = [str(PYTHON), "-m", "benchmarks.seeding", str(tokens), *seeds]
        run(command, self.environment(database), self.scratch / "seeding.log")
        return _persons(tokens)

    def _filled(self, seeds: list[str]) -> tuple[Path, list[Person]]:
        """Kept between runs, until the tables or what fills them change."""
        name = f"filled{''.join(seeds)}-{_digest()}"
        database, tokens = (self.scratch / f"{name}.{end}" for end in ("sqlite3", "json"))
        if not _is_fresh(tokens):
            for left in self.scratch.glob(f"filled{''.join(seeds)}-*"):
                left.unlink()
            self.seed(f"sqlite:///{database}", tokens, seeds)
        return database, _persons(tokens)


def _large_seeds(size: Size) -> list[str]:
    return ["--messages", str(size.messages), "--conversations", str(size.conversations)]


def _persons(tokens: Path) -> list[Person]:
    return [Person(entry["id"], entry["token"]) for entry in json.loads(tokens.read_text())]


def _is_fresh(file: Path) -> bool:
    return file.exists() and time.time() - file.stat().st_mtime < FRESH


def _digest() -> str:
    sources = [ROOT / name for name in SEEDS]
    for app in ("accounts", "messaging"):
        sources += sorted((ROOT / app / "migrations").glob("*.py"))
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:10]
