"""Serves the site for `make run`: a free port, a migrated database, then `manage.py runserver`."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from django.core.exceptions import ImproperlyConfigured  # noqa: E402

from chatsite.conf import env  # noqa: E402


def main() -> None:
    try:
        environment = env.read()
    except ImproperlyConfigured as error:
        raise SystemExit(f"Configuration: {error}") from None
    refuse_taken_port(environment.host, environment.port)
    manage = [sys.executable, str(ROOT / "manage.py")]
    if not environment.database_url.startswith("sqlite"):
        wait_for_database(manage)
    migrate(manage)
    command = [*manage, "runserver", address(environment.host, environment.port)]
    if not environment.debug:
        command.append("--noreload")
    os.execv(sys.executable, command)


def wait_for_database(manage: list[str]) -> None:
    """It may be starting, too."""
    waited = subprocess.run([*manage, "wait_for_database"])
    if waited.returncode:
        raise SystemExit(waited.returncode)


def migrate(manage: list[str]) -> None:
    command = [*manage, "migrate", "--verbosity", "0"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or [""]
        raise SystemExit(f"DATABASE_URL: the database cannot be brought up to date. {last}")
    sys.stderr.write(done.stderr)


def refuse_taken_port(host: str, port: int) -> None:
    try:
        family, *_, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        raise SystemExit(reason(error, host, port)) from None


def reason(error: OSError, host: str, port: int) -> str:
    other = f"Set PORT to another one, e.g. PORT={port + 1 if port < 65535 else 8001} make run"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. {other}"
    if error.errno == errno.EACCES:
        return (
            f"Port {port} is not yours to open. Set PORT to one above 1023, e.g. PORT=8000 make run"
        )
    return (
        f"HOST={host} is no address of this machine. Set HOST to one, e.g. HOST=127.0.0.1 make run"
    )


def address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    main()
