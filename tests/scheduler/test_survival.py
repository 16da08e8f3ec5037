"""What waits is done after the process was killed, whichever server runs it, and not twice."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT, hermetic
from tests.mail_servers import Smtp, smtp
from tests.services import PATIENCE, free_port, wait_for_port

GRACE = {"fullName": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}
SERVERS = {
    "uvicorn": [sys.executable, "-m", "chatsite.serve"],
    "daphne": [sys.executable, "-m", "daphne", "-p", "{port}", "chatsite.asgi:application"],
}


class Site:
    def __init__(self, folder: Path, mail_server: Smtp) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            DATABASE_URL=f"sqlite:///{folder}/chatsite.sqlite3",
            JWT_SECRET="a secret of the mail tests, long enough",
            EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
            PUBLIC_URL=f"http://127.0.0.1:{self.port}",
            PORT=str(self.port),
        )
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, cwd=ROOT, env=self.environment, check=True)

    @contextmanager
    def process(self, *command: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Killed at the end, as by the power."""
        with (self.folder / "log").open("ab") as output:
            process = subprocess.Popen(
                [part.format(port=self.port) for part in command],
                cwd=ROOT,
                env={**self.environment, **variables},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def server(self, name: str, **variables: str) -> Iterator[None]:
        with self.process(*SERVERS[name], **variables) as process:
            wait_for_port(process, self.port, self.folder / "log")
            yield

    def wait_for_log(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in (log := (self.folder / "log").read_text()):
            assert time.monotonic() < deadline, log
            time.sleep(0.05)

    def ask(self, path: str) -> None:
        httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE)

    def sign_up(self) -> None:
        address = f"http://127.0.0.1:{self.port}/api/auth/signup"
        assert httpx.post(address, json=GRACE, timeout=PATIENCE).status_code == 201


@pytest.fixture
def mail_server() -> Iterator[Smtp]:
    with smtp() as server:
        yield server


def wait_until_tried(server: Smtp, times: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.tries < times:
        assert time.monotonic() < deadline, f"{server.tries} tries instead of {times}"
        time.sleep(0.05)


@pytest.mark.parametrize("server", SERVERS)
def test_a_mail_between_two_tries_survives_a_kill(
    tmp_path: Path, mail_server: Smtp, server: str
) -> None:
    site = Site(tmp_path, mail_server)
    mail_server.answers = ["451 Later"]
    with site.server(server):
        site.sign_up()
        site.wait_for_log("job mail waits for another try")
    assert not mail_server.mails
    with site.server(server):
        site.ask("/login")
        wait_until_tried(mail_server, 2)
    assert [mail["To"] for mail in mail_server.mails] == [GRACE["email"]]


def test_a_process_of_its_own_does_it_and_servers_that_are_told_so_do_not(
    tmp_path: Path, mail_server: Smtp
) -> None:
    site = Site(tmp_path, mail_server)
    with site.server("uvicorn", RUN_JOBS="false"):
        site.sign_up()
        time.sleep(3)  # in which a server that does jobs would have sent it
        assert mail_server.tries == 0
        with site.process(sys.executable, "manage.py", "run_jobs") as scheduler:
            wait_until_tried(mail_server, 1)
            scheduler.terminate()
            assert scheduler.wait(PATIENCE) == 0
    assert [mail["To"] for mail in mail_server.mails] == [GRACE["email"]]
