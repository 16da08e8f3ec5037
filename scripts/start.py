"""Starts the site for `make run`, and with --reload for `make dev`: checks that the port is free,
brings the database up to date, then becomes the server.
"""

import errno
import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from chatsite import migration_state  # noqa: E402
from chatsite.conf import env  # noqa: E402
from chatsite.db import reason  # noqa: E402


def main(arguments: list[str]) -> None:
    try:
        environment = env.read()
        refuse_taken_port(environment.host, environment.port)
        prepare_database()
        call_command("owner_link", site=f"http://{address(environment.host, environment.port)}")
        connections.close_all()
    except ImproperlyConfigured as error:
        raise SystemExit(f"Configuration: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if "--reload" in arguments:
        place = address(environment.host, environment.port)
        command = ["manage.py", "runserver", place]
    else:
        command = ["-m", "chatsite.serve"]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *command])


def prepare_database() -> None:
    django.setup()
    try:
        if connection.vendor != "sqlite":
            call_command("wait_for_database")  # it may still be starting
        verbosity = 1 if migration_state.missing() else 0
        call_command("migrate", verbosity=verbosity, skip_checks=False)
        connections.close_all()
    except CommandError as error:
        raise SystemExit(reason(error)) from None
    except Exception as error:
        raise SystemExit(
            f"DATABASE_URL: the database cannot be brought up to date. {reason(error)}"
        ) from None


def refuse_taken_port(host: str, port: int) -> None:
    try:
        family, *_, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        raise SystemExit(refusal(error, host, port)) from None


def refusal(error: OSError, host: str, port: int) -> str:
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
    main(sys.argv[1:])
