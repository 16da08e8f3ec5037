"""Real servers for the tests: each on a free port, with its data in a folder that goes with it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# As scanners look for it everywhere, it is not written in one piece.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PATIENCE = 60  # seconds for a server to answer, on a machine that is busy with other tests


class Server:
    """A process that a test may stop, freeze and start again; its data stays meanwhile."""

    def __init__(
        self, command: list[str], *, port: int, url: str, folder: Path, user: str | None = None
    ) -> None:
        self.url = url
        self.port = port
        self._command = command
        self.folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self._user,
            )
        wait_for_port(self._process, self.port, log)

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            stop(self._process)
            self._process = None

    def freeze(self) -> None:
        """As behind a cable that was pulled: no answer, not even a no."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis() -> Iterator[Server]:
    """A Redis that keeps nothing on disk."""
    program = find("redis-server")
    port = free_port()
    with _folder() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(
            Server(
                [*command, "--save", "", "--appendonly", "no"], port=port, url=url, folder=folder
            )
        ) as server:
            yield server


@contextmanager
def postgres() -> Iterator[Server]:
    """A PostgreSQL with an empty database."""
    program = find("postgres", *_newest("/usr/lib/postgresql", "*/bin/postgres"))
    port, user = free_port(), _unprivileged()
    with _folder() as folder:
        data = folder / "data"
        options = ["--username=chatsite", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        initdb = [str(Path(program).with_name("initdb")), *options, f"--pgdata={data}"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=user)
        # Nothing here has to survive a crash of the machine.
        quick = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        command = [program, "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"]
        url = f"postgres://chatsite@127.0.0.1:{port}/postgres"
        with _running(
            Server([*command, *quick], port=port, url=url, folder=folder, user=user)
        ) as server:
            _wait_until_ready(port)
            yield server


def _wait_until_ready(port: int) -> None:
    """It listens before it lets anybody in."""
    program = find("pg_isready", *_newest("/usr/lib/postgresql", "*/bin/pg_isready"))
    asking = [program, "--quiet", "--host=127.0.0.1", f"--port={port}"]
    deadline = time.monotonic() + PATIENCE
    while subprocess.call(asking):
        assert time.monotonic() < deadline, "PostgreSQL lets nobody in"
        time.sleep(0.05)


@contextmanager
def clamd() -> Iterator[Server]:
    """A virus scanner that knows of one virus, the one that exists for tests."""
    program, port = find("clamd", "/usr/sbin/clamd"), free_port()
    with _folder() as folder:
        Path(folder, "known").mkdir()
        Path(folder, "known", "known.ndb").write_text(f"Eicar-Test:0:0:{EICAR.hex()}\n")
        lines = {
            "Foreground": "yes",
            "DatabaseDirectory": folder / "known",
            "TCPSocket": port,
            "TCPAddr": "127.0.0.1",
            "LocalSocket": folder / "socket",
            "StreamMaxLength": "1M",
        }
        config = Path(folder, "clamd.conf")
        config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        command = [program, "--config-file", str(config)]
        with _running(
            Server(command, port=port, url=f"tcp://127.0.0.1:{port}", folder=folder)
        ) as server:
            yield server


def find(name: str, *elsewhere: str) -> str:
    """The program's path. Without it a test is skipped, except in CI, where that is a failure."""
    if program := shutil.which(name) or next(filter(shutil.which, elsewhere), None):
        return program
    raise _missing(name)


def find_library(name: str) -> str:
    for path in Path("/usr/lib").glob(f"*/faketime/{name}"):
        return str(path)
    raise _missing(name)


def clock(ahead: int | Path) -> dict[str, str]:
    """The variables that make a process live so many seconds in the future, or as many as a file
    said a second ago, such as `-40`.
    """
    variables = {"LD_PRELOAD": find_library("libfaketime.so.1"), "DONT_FAKE_MONOTONIC": "1"}
    if isinstance(ahead, Path):
        return variables | {"FAKETIME_TIMESTAMP_FILE": str(ahead), "FAKETIME_CACHE_DURATION": "1"}
    return variables | {"FAKETIME": f"{ahead:+}"}


def _missing(name: str) -> BaseException:
    reason = f"{name} is not installed; `make test` says how to get it"
    is_complete = os.environ.get("CI") == "true"
    return pytest.fail.Exception(reason) if is_complete else pytest.skip.Exception(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Raises RuntimeError with what the server said, when it ends or stays silent."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # on SIGTERM, PostgreSQL would wait for its clients
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="chatsite-service-"))
    try:
        if user := _unprivileged():
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _newest(folder: str, pattern: str) -> list[str]:
    def version(path: Path) -> int:
        number = path.relative_to(folder).parts[0]
        return int(number) if number.isdigit() else 0

    return [str(path) for path in sorted(Path(folder).glob(pattern), key=version, reverse=True)]
