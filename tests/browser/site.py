"""The site as `make run` serves it, with data of its own, that a test may kill and start again."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.databases import migrate
from tests.environment import ROOT, hermetic, unlimited
from tests.once import once
from tests.services import PATIENCE, free_port, stop, wait_for_port

JWT_SECRET = "a secret of the browser tests, long enough"
OWN_TABLES = """
    SELECT name FROM sqlite_master WHERE type = 'table'
    AND (name LIKE 'accounts!_%' ESCAPE '!' OR name LIKE 'messaging!_%' ESCAPE '!')
"""
ONE_A_DAY = """
    UPDATE messaging_message AS each SET created_at = (
        SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (last_seq - each.seq) || ' days')
        FROM messaging_conversation WHERE _id = each.conversation_id
    ) WHERE sender_id IN ({senders})
"""
DAYS_BEFORE = "strftime('%Y-%m-%d %H:%M:%f000', {column}, '-{days} days')"
DISAPPEARS = {
    "messaging_message": "expires_at",
    "messaging_conversation": "next_expiry",
    "scheduler_job": "run_at",
}


class Site:
    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "site.log"
        self._database = folder / "chatsite.sqlite3"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            PORT=str(self.port),
            DATABASE_URL=f"sqlite:///{self._database}",
            MEDIA_ROOT=str(folder / "media"),
            JWT_SECRET=JWT_SECRET,
            **(unlimited() | variables),
        )

    def migrate(self) -> None:
        migrate(self._environment)

    def manage(self, *arguments: str) -> str:
        """What it prints."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self._environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    @contextmanager
    def running(self) -> Iterator["Site"]:
        """With its database made, until the block ends."""
        self.migrate()
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command()],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for_port(self._process, self.port, self.log)

    def _command(self) -> list[str]:
        return ["-m", "chatsite.serve"]

    def stop(self) -> None:
        """An orderly end, as by Ctrl-C."""
        if process := self._take_process():
            stop(process)

    def kill(self) -> None:
        """The end that a power cut makes."""
        if process := self._take_process():
            process.kill()
            process.wait()

    def empty(self) -> None:
        """Deletes all data, while it runs."""
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as database, database:
            for (table,) in database.execute(OWN_TABLES).fetchall():
                database.execute(f"DELETE FROM {table}")  # no foreign key is looked at here

    def spread_over_days(self, *senders: str) -> None:
        """Dates their messages one day apart, up to now."""
        marks = ", ".join("?" * len(senders))
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as database, database:
            database.execute(ONE_A_DAY.format(senders=marks), senders)

    def advance_days(self, days: int) -> None:
        """Moves the times of disappearing messages and of all jobs back by that many days."""
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as database, database:
            for table, column in DISAPPEARS.items():
                before = DAYS_BEFORE.format(column=column, days=days)
                database.execute(f"UPDATE {table} SET {column} = {before}")

    @contextmanager
    def down(self) -> Iterator[None]:
        """Stops it, until the block ends."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def with_settings(self, **variables: str) -> Iterator[None]:
        """Restarts it with other settings, until the block ends."""
        before = self._environment
        self.stop()
        self._environment = before | variables
        self.start()
        try:
            yield
        finally:
            self.stop()
            self._environment = before
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It accepts connections, but does not respond."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _take_process(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        return process


class DevelopmentSite(Site):
    """As `make dev` serves it."""

    def _command(self) -> list[str]:
        return ["manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]


class ProductionSite(Site):
    """The site as it is deployed, behind a proxy with TLS: here the test itself."""

    HOST = "chat.example.org"

    def __init__(self, folder: Path, **variables: str) -> None:
        production = {"APP_ENV": "production", "PUBLIC_URL": f"https://{self.HOST}"}
        super().__init__(folder, **production, **variables)


def collect_static(site: Site) -> None:
    """As `make run` does: a site that begins to serve while another does so would find files that
    are being written.
    """
    once("collectstatic", lambda: site.manage("collectstatic", "--noinput", "--verbosity=0"))
