"""A server that is told to stop still sends the mail that it has."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT, hermetic
from tests.mail_servers import smtp
from tests.services import PATIENCE, free_port, wait_for_port

GRACE = {"fullName": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_a_mail_between_two_tries_is_sent_at_the_end(tmp_path: Path, server: str) -> None:
    port = free_port()
    with smtp() as mail_server:
        environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            DATABASE_URL=f"sqlite:///{tmp_path}/chatsite.sqlite3",
            JWT_SECRET="a secret of the mail tests, long enough",
            EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
            PUBLIC_URL=f"http://127.0.0.1:{port}",
        )
        manage = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True)
        command = [sys.executable, "-m", server]
        command += [
            "--port" if server == "uvicorn" else "-p",
            str(port),
            "chatsite.asgi:application",
        ]
        mail_server.answers = ["451 Later"] * 2  # the third try would come in ten seconds
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            wait_for_port(process, port, log)
            signup = f"http://127.0.0.1:{port}/api/auth/signup"
            assert httpx.post(signup, json=GRACE, timeout=PATIENCE).status_code == 201
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()

        assert [mail["To"] for mail in mail_server.mails] == [GRACE["email"]], log.read_text()
