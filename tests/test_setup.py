"""Setting up and starting the site, as a newcomer and an operator meet it."""

import ast
import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import django
import httpx
import pytest
from django.db import DatabaseError

import manage
from tests.environment import ROOT, documented, hermetic
from tests.services import free_port, wait_for_port

PRODUCTION = {
    "APP_ENV": "production",
    "PUBLIC_URL": "https://chat.example.org",
    "JWT_SECRET": "0123456789abcdef0123456789abcdef",
}


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = _outside_of_make(hermetic(**variables))
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def manage_check(**variables: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "manage.py", "check", **variables)


def _outside_of_make(environment: dict[str, str]) -> dict[str, str]:
    """`make test` tells the processes below it about itself, which a make among them would heed."""
    ours = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in environment.items() if name not in ours}


class TestEnvironment:
    def test_example_explains_every_variable_that_is_read_and_no_other(self) -> None:
        assert set(documented()) == _variables_read()

    def test_example_shows_values_that_a_site_starts_with(self) -> None:
        leave_something = {"CLIENT_DIST", "DATABASE_URL", "PROMETHEUS_MULTIPROC_DIR"}
        shown = {name: value for name, value in documented().items() if name not in leave_something}
        assert manage_check(**shown).returncode == 0

    def test_production_starts_with_what_it_demands(self) -> None:
        assert manage_check(**PRODUCTION).returncode == 0

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({**PRODUCTION, "JWT_SECRET": "short"}, "JWT_SECRET must be at least 32 characters"),
            ({**PRODUCTION, "JWT_SECRET": ""}, "JWT_SECRET must be at least 32 characters"),
            ({**PRODUCTION, "PUBLIC_URL": ""}, "PUBLIC_URL must be set in production"),
            ({**PRODUCTION, "DEBUG": "true"}, "DEBUG must be off in production"),
            ({"PUBLIC_URL": "chat.example.org"}, "PUBLIC_URL must look like"),
            ({"CLIENT_URL": "https://app.example.org"}, "set PUBLIC_URL"),
            ({"CLIENT_DIST": "/nowhere"}, "CLIENT_DIST must be a folder"),
            ({"APP_ENV": "staging"}, "APP_ENV must be"),
            ({"BCRYPT_ROUNDS": "4"}, "BCRYPT_ROUNDS must be a whole number from 10 to 20"),
            ({"PORT": "http"}, "PORT"),
            ({"PORT": "70000"}, "PORT must be a whole number from 1 to 65535"),
            ({"DEBUG": "perhaps"}, "DEBUG"),
            ({"DATABASE_URL": "foo://bar"}, "DATABASE_URL must start with"),
            ({"REDIS_URL": "localhost"}, "REDIS_URL must look like"),
            ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be"),
            ({"TOKEN_DAYS": "99999999"}, "TOKEN_DAYS must be a whole number"),
        ],
    )
    def test_wrong_value_is_refused_in_one_line_that_names_it(
        self, wrong: dict[str, str], named: str
    ) -> None:
        refused = manage_check(**wrong)
        assert refused.returncode != 0
        assert named in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert not refused.stdout

    def test_variable_set_to_nothing_counts_as_not_set(self) -> None:
        assert manage_check(PORT="", DEBUG="", MEDIA_ROOT="", REDIS_URL="").returncode == 0

    def test_production_that_only_prints_its_mail_is_told_so(self) -> None:
        assert "Mail is only printed" in manage_check(**PRODUCTION).stderr
        assert "Mail" not in manage_check(**PRODUCTION, EMAIL_URL="smtp://localhost").stderr
        assert "Mail" not in manage_check().stderr

    def test_variable_of_a_service_that_is_not_used_is_reported(self) -> None:
        assert "ARCJET_KEY is set, but nothing uses it" in manage_check(ARCJET_KEY="x").stderr


class TestRun:
    def test_serves_pages_with_hashed_static_files(self, tmp_path: Path) -> None:
        with _make_run(tmp_path) as url:
            page = httpx.get(f"{url}/login")
            assert page.status_code == 200
            sheets = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
            assert sheets
            for sheet in sheets:
                assert re.search(r"\.[0-9a-f]{12}\.css$", sheet)
                assert "immutable" in httpx.get(url + sheet).headers["Cache-Control"]
        log = (tmp_path / "log").read_text()
        assert "Uvicorn running on" in log
        assert "method=GET route=login status=200" in log

    def test_an_interrupt_ends_it_without_a_complaint(self, tmp_path: Path) -> None:
        with _make_run(tmp_path) as url:
            assert httpx.get(f"{url}/healthz").status_code == 200
        log = (tmp_path / "log").read_text()
        assert "Finished server process" in log
        assert "Traceback" not in log
        assert "***" not in log

    def test_for_work_on_the_code_static_files_are_those_on_disk(self, tmp_path: Path) -> None:
        with _make_run(tmp_path, "dev") as url:
            page = httpx.get(f"{url}/login")
            [sheet, *_] = re.findall(r'href="(/static/css/[^"]+\.css)"', page.text)
            assert (ROOT / sheet.removeprefix("/")).exists()
            assert httpx.get(url + sheet).status_code == 200

    def test_database_that_cannot_be_made_is_one_line_with_a_reason(self) -> None:
        refused = run(
            sys.executable,
            "scripts/start.py",
            PORT=str(free_port()),
            DATABASE_URL="sqlite:////nowhere/chatsite.sqlite3",
        )
        assert refused.returncode != 0
        assert refused.stderr == (
            "DATABASE_URL: the database cannot be brought up to date. "
            "unable to open database file\n"
        )

    def test_an_error_without_a_text_is_told_by_its_cause(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As MongoDB's backend raises them, from `manage.py migrate` or any other command."""

        def fail(_arguments: list[str]) -> None:
            raise DatabaseError from ValueError("a collection exists already")

        monkeypatch.setattr(manage, "execute_from_command_line", fail)
        with pytest.raises(DatabaseError) as error:
            manage.main()
        assert error.value.__notes__ == ["a collection exists already"]

    def test_taken_port_is_one_line_that_says_what_to_do(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            refused = run(sys.executable, "scripts/start.py", PORT=str(port))
        assert refused.returncode != 0
        assert refused.stderr.startswith(f"Port {port} is taken. Set PORT to another one")
        assert len(refused.stderr.splitlines()) == 1

    def test_address_of_another_machine_is_one_line(self) -> None:
        refused = run(sys.executable, "scripts/start.py", HOST="192.0.2.1")
        assert refused.returncode != 0
        assert refused.stderr.startswith("HOST=192.0.2.1 is no address of this machine.")
        assert len(refused.stderr.splitlines()) == 1

    def test_wrong_setting_is_one_line(self) -> None:
        refused = run(sys.executable, "scripts/start.py", BCRYPT_ROUNDS="1")
        assert refused.returncode != 0
        assert refused.stderr.startswith("Configuration: BCRYPT_ROUNDS")
        assert len(refused.stderr.splitlines()) == 1


class TestInstalling:
    INSTALL = runpy.run_path(str(ROOT / "scripts" / "install.py"))

    @pytest.mark.parametrize(
        ("output", "progress"),
        [
            ("", ("Downloading packages", 0, 4)),
            ("Collecting a==1\n  Downloading a\nProcessing b\n", ("Downloading packages", 2, 4)),
            ("Installing collected packages: a, b, c\n", ("Installing packages", 1, 3)),
        ],
    )
    def test_tells_how_far_it_is(self, output: str, progress: tuple[str, int, int]) -> None:
        before = self.INSTALL["installed"]()
        before.remove(next(iter(before)))
        assert self.INSTALL["progress"](output, 4, before) == progress

    def test_what_is_there_already_is_no_failure(self, tmp_path: Path) -> None:
        done = self._install(tmp_path, f"django=={django.__version__}")
        assert (done.returncode, done.stderr) == (0, "")

    def test_failure_is_told_as_pip_tells_it(self, tmp_path: Path) -> None:
        done = self._install(tmp_path, "no-such-package==1.0")
        assert done.returncode != 0
        assert "No matching distribution found for no-such-package==1.0" in done.stderr
        assert "Traceback" not in done.stderr

    def _install(self, folder: Path, line: str) -> subprocess.CompletedProcess[str]:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"--no-index\n{line} --hash=sha256:{'0' * 64}\n")
        return run(sys.executable, "scripts/install.py", str(requirements))


class TestNpmPackages:
    """From a registry of the test's own: each answers what is in its folder."""

    def test_what_is_pinned_is_unpacked(self, tmp_path: Path) -> None:
        with _registry(tmp_path) as (url, integrity):
            done = self._fetch(tmp_path, url, integrity)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Downloading a 1.0.0\n"
        assert (tmp_path / "node_modules" / "a" / "data.json").read_text() == "{}"
        assert self._is_complete(tmp_path)

    def test_something_else_under_its_name_is_left_out(self, tmp_path: Path) -> None:
        with _registry(tmp_path) as (url, _integrity):
            done = self._fetch(tmp_path, url, f"sha512-{'0' * 86}==")
        assert done.returncode == 0
        assert "Going on without it" in done.stdout
        assert not (tmp_path / "node_modules" / "a").exists()
        assert not self._is_complete(tmp_path)

    @pytest.mark.parametrize("path", ["", "/nothing-here"])
    def test_the_site_starts_without_where_npm_is_not_reached(
        self, tmp_path: Path, path: str
    ) -> None:
        with _registry(tmp_path) as (url, integrity):
            other = f"{url}{path}" if path else f"http://127.0.0.1:{free_port()}"
            done = self._fetch(tmp_path, other, integrity)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Going on without it" in done.stdout
        assert not self._is_complete(tmp_path)

    def test_what_is_pinned_says_nothing_of_where_it_comes_from(self) -> None:
        assert "://" not in (ROOT / "package-lock.json").read_text()

    def _fetch(self, folder: Path, url: str, integrity: str) -> subprocess.CompletedProcess[str]:
        pinned = {
            "": {
                "dependencies": {"a": "1.0.0"},
                "optionalDependencies": {"of-another-machine": "1.0.0"},
            },
            "node_modules/of-another-machine": {"version": "1.0.0", "os": ["aix"]},
            "node_modules/a": {"version": "1.0.0", "integrity": integrity},
            "node_modules/b": {"version": "1.0.0", "integrity": integrity},
        }
        (folder / "package-lock.json").write_text(json.dumps({"packages": pinned}))
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / "npm_packages.py"],
            cwd=folder,
            env=hermetic(NPM_CONFIG_REGISTRY=url, no_proxy="127.0.0.1"),
            capture_output=True,
            text=True,
        )

    def _is_complete(self, folder: Path) -> bool:
        return (folder / "node_modules" / "installed").exists()


class TestRequirements:
    CHECK = runpy.run_path(str(ROOT / "scripts" / "check_requirements.py"))
    HASH = f"    --hash=sha256:{'0' * 64}"

    def test_the_files_have_what_is_asked_for(self) -> None:
        assert run(sys.executable, "scripts/check_requirements.py").stderr == ""

    @pytest.mark.parametrize("name", CHECK["LOCKED"])
    def test_they_say_nothing_of_where_packages_came_from(self, name: str) -> None:
        text = (ROOT / name).with_suffix(".txt").read_text()
        assert "://" not in text
        assert "index" not in text.splitlines()[1]

    @pytest.mark.parametrize(
        ("asked", "locked", "problem"),
        [
            ("a==1\nb[x]==2", f"a==1 \\\n{HASH}\n    # via -r own.in\nb==2 ; x\\\n{HASH}\n", []),
            ("a==2", f"a==1 \\\n{HASH}\n", ["own.txt lacks a==2"]),
            ("a==1", "a==1\n", ["own.txt has no hash of a==1"]),
            (
                "# a==1",
                f"a==1 \\\n{HASH}\n    # via\n    #   -r own.in\n",
                ["own.txt has a==1, which nothing asks for any more"],
            ),
        ],
    )
    def test_a_difference_is_told(
        self, tmp_path: Path, asked: str, locked: str, problem: list[str]
    ) -> None:
        (tmp_path / "own.in").write_text(asked)
        (tmp_path / "own.txt").write_text(locked)
        assert list(self.CHECK["problems_of"](tmp_path / "own")) == problem


class TestPython:
    @pytest.mark.parametrize(
        ("version", "has_venv", "complaint"),
        [
            ("3.10", True, "Chatsite needs Python 3.11 or later, but only Python 3.10 was found."),
            ("3.12", False, "Python 3.12 lacks its venv module."),
        ],
    )
    def test_unsuitable_one_is_refused_in_one_line(
        self, tmp_path: Path, version: str, has_venv: bool, complaint: str
    ) -> None:
        self._install(tmp_path / "python3", version, has_venv)
        self._assert_refused(tmp_path, complaint)

    def test_missing_one_is_refused_in_one_line(self, tmp_path: Path) -> None:
        self._assert_refused(
            tmp_path, "Chatsite needs Python 3.11 or later, but no Python was found."
        )

    def test_newest_suitable_one_makes_the_environment(self, tmp_path: Path) -> None:
        self._install(tmp_path / "python3", "3.10", has_venv=True)
        self._install(tmp_path / "python3.12", "3.12", has_venv=True)
        self._install(tmp_path / "python3.13", "3.13", has_venv=False)
        made = self._venv(tmp_path)
        assert made.returncode == 0
        assert made.stdout.splitlines() == ["Creating .venv with Python 3.12", "made by 3.12"]

    def _install(self, path: Path, version: str, has_venv: bool) -> None:
        """A stand-in that answers the questions which the script asks of a Python."""
        path.write_text(
            "#!/bin/sh\n"
            'case "$*" in\n'
            f"*print*) echo {version} ;;\n"
            f"*version_info*) exit {int(version < '3.11')} ;;\n"
            f"*ensurepip*) exit {int(not has_venv)} ;;\n"
            f"'-m venv '*) echo made by {version} ;;\n"
            "esac\n"
        )
        path.chmod(0o755)

    def _venv(self, programs: Path) -> subprocess.CompletedProcess[str]:
        return run("/bin/sh", "scripts/venv.sh", PATH=str(programs), PYTHON="")

    def _assert_refused(self, programs: Path, complaint: str) -> None:
        refused = self._venv(programs)
        assert refused.returncode != 0
        assert refused.stderr.startswith(complaint)
        assert len(refused.stderr.splitlines()) == 1


class TestSystemPackages:
    """Stand-ins are all that the script finds, apart from a PostgreSQL in Debian's own place."""

    def test_missing_ones_are_named_and_the_tests_go_on_without(self, tmp_path: Path) -> None:
        self._install(tmp_path, "id", "echo 1000")
        told = self._run(tmp_path)
        assert told.returncode == 0
        assert re.search(
            r"sudo apt install redis-server .*chromium .*faketime gettext$",
            told.stderr,
            re.MULTILINE,
        )

    def test_missing_ones_fail_a_run_that_has_to_be_complete(self, tmp_path: Path) -> None:
        self._install(tmp_path, "id", "echo 1000")
        assert self._run(tmp_path, CI="true").returncode == 1

    def test_missing_ones_are_installed_by_root(self, tmp_path: Path) -> None:
        self._install(tmp_path, "id", "echo 0")
        self._install(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/calls')
        for program in ("env", "mktemp", "rm"):
            (tmp_path / program).symlink_to(_found(program))
        told = self._run(tmp_path, CI="true")
        assert told.returncode == 0
        assert told.stderr == ""
        update, install = (tmp_path / "calls").read_text().splitlines()
        assert update.startswith("update")
        assert "redis-server" in install

    def test_nothing_is_said_when_none_is_missing(self, tmp_path: Path) -> None:
        for program in (
            "redis-server",
            "initdb",
            "nginx",
            "google-chrome",
            "node",
            "npm",
            "faketime",
            "xgettext",
        ):
            self._install(tmp_path, program, "")
        told = self._run(tmp_path, CI="true")
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")

    def _install(self, folder: Path, program: str, script: str) -> None:
        path = folder / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def _run(self, programs: Path, CI: str = "") -> subprocess.CompletedProcess[str]:  # noqa: N803
        return run("/bin/sh", "scripts/system-packages.sh", PATH=str(programs), CI=CI)


@pytest.mark.parametrize("name", [".env", ".env.production", ".env-old", ".envrc", "a/.env.local"])
def test_files_with_secrets_stay_out_of_the_repository(name: str) -> None:
    assert run("git", "check-ignore", "--quiet", name).returncode == 0


def test_the_example_of_them_is_in_it() -> None:
    assert run("git", "check-ignore", "--quiet", ".env.example").returncode == 1


def test_make_lists_every_command() -> None:
    listed = re.findall(r"^make (\w+) ", run("make").stdout, re.MULTILINE)
    assert listed == [
        "help",
        "run",
        "dev",
        "demo",
        "test",
        "soak",
        "bench",
        "lighthouse",
        "check",
        "fmt",
        "lock",
        "words",
        "sbom",
        "clean",
    ]


def _found(program: str) -> str:
    path = shutil.which(program)
    assert path
    return path


def _variables_read() -> set[str]:
    """The names that `chatsite/conf` asks the environment for."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "chatsite" / "conf").glob("*.py")]
    nodes = (node for tree in trees for node in ast.walk(tree))
    calls = (call for call in nodes if isinstance(call, ast.Call))
    arguments = (argument for call in calls for argument in call.args)
    values = (str(value.value) for value in arguments if isinstance(value, ast.Constant))
    return {value for value in values if re.fullmatch(r"[A-Z][A-Z0-9_]+", value)}


@contextmanager
def _registry(folder: Path) -> Iterator[tuple[str, str]]:
    """Its address, and the integrity of the one package that it has."""
    files = folder / "registry"
    (files / "package").mkdir(parents=True)
    (files / "package" / "data.json").write_text("{}")
    with tarfile.open(files / "a.tgz", "w:gz") as archive:
        archive.add(files / "package", "package")
    handler = partial(SimpleHTTPRequestHandler, directory=files)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        (files / "a").mkdir()
        (files / "a" / "1.0.0").write_text(json.dumps({"dist": {"tarball": f"{url}/a.tgz"}}))
        threading.Thread(target=server.serve_forever).start()
        digest = hashlib.sha512((files / "a.tgz").read_bytes()).digest()
        try:
            yield url, f"sha512-{b64encode(digest).decode()}"
        finally:
            server.shutdown()


@contextmanager
def _make_run(folder: Path, target: str = "run") -> Iterator[str]:
    port = free_port()
    environment = hermetic(PORT=str(port), DATABASE_URL=f"sqlite:///{folder}/chatsite.sqlite3")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", target],
            cwd=ROOT,
            env=_outside_of_make(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_port(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
