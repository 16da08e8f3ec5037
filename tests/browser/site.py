"""The site as `make run` serves it, with data of its own, that a test may kill and start again."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, hermetic
from tests.services import free_port, stop, wait_for_port


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
            JWT_SECRET="a secret of the browser tests, long enough",
            **variables,
        )

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self._environment, check=True)

    def start(self) -> None:
        command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for_port(self._process, self.port, self.log)

    def stop(self) -> None:
        """An orderly end, as by Ctrl-C."""
        if process := self._take_process():
            stop(process)

    def kill(self) -> None:
        """The end that a power cut makes."""
        if process := self._take_process():
            process.kill()
            process.wait()

    def _take_process(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        return process
