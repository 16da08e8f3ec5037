"""The machines of a fault run: workers behind a proxy, and the services that they need, each of
which can be killed, stopped and started again.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from signal import SIGTERM

from benchmarks.sites.deployed import SERVE
from tests import services
from tests.environment import ROOT, hermetic
from tests.faults.proxy import Proxy
from tests.mail_servers import Smtp, smtp
from tests.s3_server import S3Server, s3_server
from tests.services import Server

SKEW = 5  # seconds between the clocks of two workers
KINDS = {"redis": services.redis, "postgres": services.postgres}
GENEROUS = (
    "WRITES",
    "READS",
    "SEARCHES",
    "SENDS",
    "UPLOADS",
    "LOG_INS",
    "LOG_INS_PER_ADDRESS",
    "SIGN_UPS",
    "MAILS",
    "MAILS_PER_ADDRESS",
)


class Worker:
    """One process of the production server, on a port of its own."""

    def __init__(self, number: int, folder: Path, environment: dict[str, str]) -> None:
        self.port = services.free_port()
        self.log = folder / f"worker-{number}.log"
        self._environment = environment | {"PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *SERVE],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        services.wait_for_port(self._process, self.port, self.log)

    def kill(self) -> None:
        """As a power cut does."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def retire(self) -> None:
        """As a rolling deployment does: what is under way is finished."""
        if self._process:
            self._process.send_signal(SIGTERM)
            self._process.wait(30)


class Scheduler:
    """The process that does what is done later, beside the workers, which do so, too."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._log = folder / "scheduler.log"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "run_jobs"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


class Stage:
    def __init__(
        self,
        workers: list[Worker],
        scheduler: Scheduler,
        mail: Smtp,
        running: dict[str, Server],
        database: str,
        media: Path,
        store: S3Server | None,
        environment: dict[str, str],
    ) -> None:
        self.workers = workers
        self.scheduler = scheduler
        self.mail = mail
        self.newcomers: dict[str, float] = {}  # address → when they first asked for an account
        self.fleeting: set[str] = set()  # by what names files that disappear were stored
        self.backups = media.with_name("backups")
        self.backups.mkdir()
        self.acknowledged: set[str] = set()  # messages that the last backup has to have
        self.environment = environment
        self.services = running
        self.database_url = database
        self.store = store
        self._media = media
        self.proxy = Proxy([worker.port for worker in workers])

    def file(self, stored: str) -> bytes | None:
        """An attachment, read past the product, wherever it is kept."""
        path = Path(self._media, "attachments", stored[:2], stored)
        if path.exists():
            return path.read_bytes()
        return self.store.read(stored) if self.store else None

    def names(self) -> set[str]:
        """Of all attachments that are kept."""
        here = Path(self._media, "attachments").glob("??/*")
        return {path.name for path in here} | {*(self.store.names() if self.store else ())}


@asynccontextmanager
async def stage(
    folder: Path, *, count: int, kinds: tuple[str, ...], **variables: str
) -> AsyncIterator[Stage]:
    """`kinds` of services are some of `redis`, `postgres` and `s3`: without `postgres` it is
    SQLite, and without `s3` files are on disk.
    """
    with ExitStack() as stack:
        running = {
            kind: stack.enter_context(start()) for kind, start in KINDS.items() if kind in kinds
        }
        store = stack.enter_context(s3_server()) if "s3" in kinds else None
        mail, port = stack.enter_context(smtp()), services.free_port()
        urls = {
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        urls |= {"S3_URL": store.url} if store else {}
        environment = _environment(folder, running, urls | variables)
        await asyncio.to_thread(_migrate, environment)
        # Clocks never agree: each worker is ahead of the one after it.
        ahead = [SKEW * number for number in reversed(range(count))]
        workers = [
            Worker(number, folder, environment | (services.clock(seconds) if seconds else {}))
            for number, seconds in enumerate(ahead)
        ]
        media = Path(environment["MEDIA_ROOT"])
        scheduler = Scheduler(folder, environment)
        url = environment["DATABASE_URL"]
        made = Stage(workers, scheduler, mail, running, url, media, store, environment)
        made.proxy.port = port
        try:
            await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in made.workers))
            scheduler.start()
            await made.proxy.start()
            yield made
        finally:
            await made.proxy.stop()
            scheduler.kill()
            for worker in made.workers:
                worker.kill()


def _migrate(environment: dict[str, str]) -> None:
    manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(manage, cwd=ROOT, env=environment, check=True)


def _environment(
    folder: Path, running: dict[str, Server], variables: dict[str, str]
) -> dict[str, str]:
    urls = {"DATABASE_URL": f"sqlite:///{folder}/chatsite.sqlite3"}
    if "postgres" in running:
        urls["DATABASE_URL"] = running["postgres"].url
    if "redis" in running:
        urls["REDIS_URL"] = running["redis"].url
    return hermetic(
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        MEDIA_ROOT=str(folder / "media"),
        JWT_SECRET="a secret of the fault runs, long enough",
        **{f"LIMIT_{name}": "1000000" for name in GENEROUS},
        **urls,
        **variables,
    )
