"""The site in production mode, started as it is everywhere, and what it logs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.databases import migrate
from tests.environment import ROOT, hermetic
from tests.services import free_port, stop, wait_for_port

PATIENCE = 20  # seconds; only a failing test waits for so long


class Server:
    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"{self.port}.log"
        self.environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            APP_ENV="production",
            PORT=str(self.port),
            JWT_SECRET="a secret of the tests, which is long enough",
            PUBLIC_URL=self.url,
            DATABASE_URL=f"sqlite:///{folder}/chatsite.sqlite3",
            MEDIA_ROOT=str(folder / "media"),
        )
        self.environment.update(variables)

    def migrate(self) -> None:
        migrate(self.environment)

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True)

    @contextmanager
    def running(self) -> Iterator["Server"]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "chatsite.serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for_port(process, self.port, self._log)
            yield self
        finally:
            stop(process)

    def sign_up(self, name: str, email: str, password: str) -> httpx.Response:
        account = {"fullName": name, "email": email, "password": password}
        return httpx.post(f"{self.url}/api/auth/signup", json=account, timeout=PATIENCE)

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


@contextmanager
def production(folder: Path, **variables: str) -> Iterator[Server]:
    server = Server(folder, **variables)
    server.migrate()
    with server.running():
        yield server
