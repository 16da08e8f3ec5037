"""The site as `make run` serves it, with data of its own, that a test may kill and start again."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.environment import ROOT, hermetic, unlimited
from tests.services import free_port, stop, wait_for_port

JWT_SECRET = "a secret of the browser tests, long enough"
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex  # which its workers share


class Site:
    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "site.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            DATABASE_URL=f"sqlite:///{folder}/chatsite.sqlite3",
            MEDIA_ROOT=str(folder / "media"),
            JWT_SECRET=JWT_SECRET,
            **(unlimited() | variables),
        )

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self._environment, check=True)

    @contextmanager
    def running(self) -> Iterator["Site"]:
        """With its database made, until the block ends."""
        self.manage("migrate", "--verbosity=0")
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for_port(self._process, self.port, self.log)

    def _command(self) -> list[str]:
        return [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]

    def stop(self) -> None:
        """An orderly end, as by Ctrl-C."""
        if process := self._take_process():
            stop(process)

    def kill(self) -> None:
        """The end that a power cut makes."""
        if process := self._take_process():
            process.kill()
            process.wait()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nothing listens at its address."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections, and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _take_process(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        return process


class ProductionSite(Site):
    """The site as it is deployed: uvicorn behind a proxy with TLS, here the test itself."""

    HOST = "chat.example.org"

    def __init__(self, folder: Path, **variables: str) -> None:
        production = {"APP_ENV": "production", "PUBLIC_URL": f"https://{self.HOST}"}
        super().__init__(folder, **production, **variables)

    def _command(self) -> list[str]:
        uvicorn = [sys.executable, "-m", "uvicorn", "chatsite.asgi:application"]
        return [*uvicorn, "--port", str(self.port), "--no-access-log"]


def collect_static(site: Site) -> None:
    """Once for all workers, as `make run` does: a site that begins to serve while another does so
    would find files that are being written.
    """
    lock = ROOT / "var" / "collectstatic.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() == RUN:
            return
        site.manage("collectstatic", "--noinput", "--verbosity=0")
        file.truncate(0)
        file.write(RUN)
