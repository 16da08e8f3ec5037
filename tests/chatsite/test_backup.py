"""The backup of a site that runs, and coming back from it."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from chatsite.management.commands import backup
from tests.environment import ROOT, hermetic

SEND = "INSERT INTO django_migrations (app, name, applied) VALUES ('writer', ?, '2024-01-15')"
KEPT = "SELECT name FROM django_migrations WHERE app = 'writer' ORDER BY id"


class Site:
    def __init__(self, folder: Path) -> None:
        self.database = folder / "chatsite.sqlite3"

    def manage(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = hermetic(
            **{"DATABASE_URL": f"sqlite:///{self.database}", **variables},
            DJANGO_SETTINGS_MODULE="chatsite.settings",
        )
        call = [sys.executable, "manage.py", *command]
        return subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    assert made.manage("migrate", "--verbosity", "0").returncode == 0
    return made


class Writer(threading.Thread):
    """Writes one row after another, as the site does meanwhile."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database
        self.is_writing = threading.Event()
        self.stop = threading.Event()
        self.written = 0

    def run(self) -> None:
        with closing(sqlite3.connect(self._database, timeout=20)) as connection:
            while not self.stop.is_set():
                with connection:
                    connection.execute(SEND, [str(self.written)])
                self.written += 1
                self.is_writing.set()


def test_a_backup_taken_while_somebody_writes_is_whole_and_can_be_restored(
    site: Site, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "monday.sqlite3"
    writer = Writer(site.database)
    writer.start()
    assert writer.is_writing.wait(10)
    before = writer.written
    made = site.manage("backup", str(copy))
    writer.stop.set()
    writer.join()

    assert made.returncode == 0, made.stderr
    assert str(copy) in made.stdout
    assert copy.stat().st_mode & 0o077 == 0
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    names = _written(copy)
    assert names == [str(number) for number in range(len(names))]
    assert before <= len(names) <= writer.written

    site.database.unlink()
    for name in ("-wal", "-shm"):
        site.database.with_name(site.database.name + name).unlink(missing_ok=True)
    copy.rename(site.database)
    assert site.manage("migrate", "--check").returncode == 0
    assert _written(site.database) == names


def test_a_file_that_is_there_is_not_overwritten(site: Site, tmp_path: Path) -> None:
    copy = tmp_path / "precious"
    copy.write_text("last week's")
    refused = site.manage("backup", str(copy))
    assert refused.returncode != 0
    assert "exists already" in refused.stderr
    assert copy.read_text() == "last week's"


def test_a_place_that_cannot_be_written_is_said_and_left_clean(site: Site) -> None:
    refused = site.manage("backup", "/proc/backup.sqlite3")
    assert refused.returncode != 0
    assert refused.stderr.startswith("CommandError: No backup was made: ")


def test_a_link_put_in_its_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("somebody's")
    path = tmp_path / "monday.unfinished"
    path.symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        backup._write(path)
    assert (tmp_path / "precious").read_text() == "somebody's"


def test_other_databases_have_their_own_tools(site: Site, postgres_url: str) -> None:
    refused = site.manage("backup", DATABASE_URL=postgres_url)
    assert "use pg_dump" in refused.stderr


def _written(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [name for (name,) in connection.execute(KEPT)]


def test_files_of_the_database_are_their_owners_alone(tmp_path: Path) -> None:
    """Also those that were there before, and open to everybody."""
    site = Site(tmp_path)
    site.database.touch(mode=0o644)
    with closing(sqlite3.connect(site.database)) as holder:
        holder.execute("PRAGMA journal_mode=WAL")
        holder.execute("CREATE TABLE held (number)")
        assert len(list(tmp_path.iterdir())) == 3
        assert site.manage("migrate", "--verbosity=0").returncode == 0
        site.manage("backup", str(tmp_path / "copy.sqlite3"))
        files = [path for path in tmp_path.iterdir() if path.is_file()]
        assert len(files) == 4
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
