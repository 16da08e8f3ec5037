"""Servers as processes: started on chosen cores, waited for, stopped."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
PATIENCE = 60  # seconds for a server to respond


class CannotMeasure(Exception):
    """Something is missing; the message says what."""


@contextmanager
def running(
    command: list[str],
    *,
    port: int,
    log: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    cores: Iterable[int] = (),
    user: str | None = None,
) -> Iterator[int]:
    """The process's id, once it responds on `port`."""
    _refuse_taken(port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            on_cores(cores, command),
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
        )
    try:
        _wait(process, port, log)
        yield process.pid
    finally:
        _stop(process)


def on_cores(cores: Iterable[int], command: list[str]) -> list[str]:
    listed = ",".join(map(str, cores))
    return ["taskset", "--cpu-list", listed, *command] if listed else command


def run(command: list[str], environment: Mapping[str, str] | None, log: Path) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    if done.returncode:
        raise CannotMeasure(f"{' '.join(command[:4])} … failed:\n{_end_of(log)}")


def plain_environment() -> dict[str, str]:
    """Free of what the shell says to a site."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def allow_many_files() -> int:
    """As many as the system lets us have; servers inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotMeasure(f"Port {port} is taken: choose another with --port.") from error


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection((HOST, port), timeout=1).close()
            return
        time.sleep(0.05)
    raise CannotMeasure(f"A server does not answer on port {port}:\n{_end_of(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # on SIGTERM, PostgreSQL would wait for its clients
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
