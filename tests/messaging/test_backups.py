"""A backup that is taken while people write is whole, and brings the site back as it was."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from accounts.models import SiteRole, User
from accounts.services import audit, moderation, roles
from accounts.services.accounts import update_profile
from chatsite import migration_state
from chatsite.backups import rows
from chatsite.backups.stores import BackupStore, FolderStore, backup_store_at
from chatsite.db import now
from chatsite.files.storage import store
from chatsite.migration_state import Migration
from messaging.models import Attachment, Export, Import, Message
from messaging.services import backups
from messaging.services.backups import BackupError, backups_at, restore, rotate, take_backup
from messaging.services.exports import begin_export, make_export
from messaging.services.imports import begin_import, run_import
from messaging.services.messages import send_message
from messaging.services.reactions import react
from scheduler.models import Job
from scheduler.registry import Lane
from scheduler.runner import due, run, take
from scheduler.services import ensure_recurring
from tests.environment import ROOT, hermetic
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import make_upload, send_voice
from tests.pictures import picture
from tests.s3_server import s3_server

Listing = dict[str, str]
whole = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return tmp_path / "media"


@pytest.fixture
def place(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "backups")


def live_through_something() -> tuple[User, User]:
    """People with everything that a backup has to keep."""
    ada, bo = make_pair()
    cleo, owner = make_user("Cleo"), make_user("Olu", role=SiteRole.OWNER)
    update_profile(user=ada, picture=picture(50, 50))
    make_message(ada, bo, 'Sinful ümläut 🎉\n\u2028 \\ "x"', image=picture(900, 450))
    react(user=bo, message_id=make_message(bo, ada).pk, emoji="🎉")
    group = make_group(ada, bo, cleo)
    send_message(sender=cleo, peer=group, text="", attachments=[make_upload(cleo).pk])
    send_voice(ada, bo.pk)
    small = make_upload(bo, picture(60, 60), "p.png")
    send_message(sender=bo, peer=ada.pk, text="", attachments=[small.pk])
    make_upload(bo)  # which is not sent
    roles.give_role(by=owner, user=cleo, role=SiteRole.MODERATOR)
    moderation.ban(user=make_user("Dev"), reason="spam", until=now() + timedelta(days=1))
    audit.record(by=owner, what="Banned", about=User, key=ada.pk, name="Ada")
    ensure_recurring()
    return ada, bo


def everything() -> dict[str, bytes]:
    """Every row, by model."""
    return {label: b"".join(rows.lines_of(model)) for label, model in rows.models().items()}


def files_in(folder: Path) -> Listing:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def archived(place: BackupStore, name: str, label: str) -> list[dict[str, Any]]:
    """The rows of a model in a backup."""
    found = place.find(f"{name}.zip")
    assert found
    with closing(found.opened(0, found.size)) as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read(found.size)))
    head, *lines = archive.read(f"rows/{label}.jsonl").splitlines()
    return [dict(zip(json.loads(head), json.loads(line), strict=True)) for line in lines]


def run_backup() -> Job:
    """As the scheduler does, once."""
    Job.objects.filter(kind=backups.JOB).update(run_at=now())
    [job] = [job for job in due(Lane) if job.kind == backups.JOB and take(job)]
    run(job)
    return Job.objects.get(pk=job.pk)


def command(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return output.getvalue()


@contextmanager
def writing(ada: User, bo: User) -> Iterator[None]:
    """Somebody sends files without a pause, and takes every second one back, file and all."""
    is_writing, done = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def write() -> None:
        try:
            number = 0
            while not done.is_set():
                upload = make_upload(ada, b"%PDF-1.7 " + str(number).encode())
                sent = send_message(sender=ada, peer=bo.pk, attachments=[upload.pk])
                if number % 2:
                    Attachment.objects.filter(pk=upload.pk).delete()
                    Message.objects.filter(pk=sent.record.id).update(attachments="", deleted=True)
                    store.remove([upload.stored])
                number += 1
                if number > 4:
                    is_writing.set()
        except BaseException as error:
            errors.append(error)
            is_writing.set()
        finally:
            connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert is_writing.wait(60)
        yield
    finally:
        done.set()
        thread.join()
    assert errors == []


@whole
def test_a_backup_taken_while_people_write_has_the_file_of_each_message(
    place: FolderStore, tmp_path: Path
) -> None:
    ada, bo = live_through_something()
    with writing(ada, bo):
        taken = [take_backup(place) for _ in range(2)][-1]
    assert taken.missing == []
    held = files_in(tmp_path / "backups")
    sent = [row for row in archived(place, taken.name, "messaging.attachment") if row["message_id"]]
    assert len(sent) > 5
    for row in sent:
        name = row["stored"]
        assert f"files/attachments/{name[:2]}/{name}" in held
    # As of one moment: what a conversation counts is there.
    last = {
        row["id"]: row["last_seq"] for row in archived(place, taken.name, "messaging.conversation")
    }
    numbers: dict[str, int] = {}
    for row in archived(place, taken.name, "messaging.message"):
        numbers[row["conversation_id"]] = max(numbers.get(row["conversation_id"], 0), row["seq"])
    assert last == numbers


@whole
def test_a_restored_site_is_what_it_was(
    place: FolderStore, media: Path, tmp_path: Path, api_for: ApiFor
) -> None:
    ada, bo = live_through_something()
    client = api_for(ada)
    taken = take_backup(place)
    before, files = everything(), files_in(media)
    assert taken.rows == sum(lines.count(b"\n") - 1 for lines in before.values())
    assert (tmp_path / "backups" / f"{taken.name}.zip").stat().st_mode & 0o077 == 0

    make_message(ada, bo, "What nobody will remember")
    with pytest.raises(BackupError, match="has people already"):
        restore(place, taken.name)
    assert everything() != before

    shutil.rmtree(media)
    restored = restore(place, taken.name, overwrite=True)
    assert (restored.rows, restored.missing, restored.other_keys) == (taken.rows, [], [])
    assert everything() == before
    unsent = Attachment.objects.get(state="ready").stored
    assert files_in(media) == files
    assert unsent in {Path(name).name for name in files}
    # It goes on: the same session, new messages, and a record that nobody changes.
    answer = client.get(f"/api/messages/{bo.pk}")
    assert "🎉" in answer.content.decode()
    assert client.post(f"/api/messages/send/{bo.pk}", {"text": "We are back"}).status_code == 201
    assert list(audit.faults({})) == []
    # Once more, on top of itself
    restore(place, taken.name, overwrite=True)
    assert everything() == before


@whole
def test_exports_and_imports_are_in_none_since_their_files_are_not(place: FolderStore) -> None:
    ada, _bo = live_through_something()
    before = everything()
    make_export(export=begin_export(user=ada).pk, is_stopping=lambda: False)
    assert store.find(Export.objects.get().stored)
    begun = begin_import(user=ada, upload=make_upload(ada).pk)
    taken = take_backup(place)
    for label in ("messaging.export", "messaging.import"):
        assert archived(place, taken.name, label) == []
    restore(place, taken.name, overwrite=True)
    assert not Export.objects.exists()
    assert not Import.objects.exists()
    run_import(imported=begun.pk, is_stopping=lambda: False)  # its job is there, with nothing to do
    assert everything()["messaging.message"] == before["messaging.message"]


@whole
def test_all_tables_are_in_it_but_those_of_rights() -> None:
    """Which are empty, or made by `migrate`."""
    kept = {model._meta.db_table for model in rows.models().values()}
    others = {name for name in connection.introspection.table_names() if name not in kept}
    rights = {"groups", "user_permissions"}
    assert {name for name in others if name.split("_")[0] not in {"auth", "django"}} <= {
        f"accounts_user_{name}" for name in rights
    }


@whole
def test_one_of_an_older_version_comes_forward(place: FolderStore, tmp_path: Path) -> None:
    ada, _bo = live_through_something()
    taken = take_backup(place)
    before = everything()
    older = ("messaging", "0026_reports")
    assert older in migration_state.known()
    then = [name for name in rows.applied() if name[0] != "messaging" or name <= older]
    models = rows.models(migration_state.apps_after(then))
    rewritten = _with_columns(tmp_path / "backups" / f"{taken.name}.zip", then, models)
    assert rewritten < len(before)
    restore(place, taken.name, overwrite=True)
    assert User.objects.get(pk=ada.pk).full_name == ada.full_name
    for label in ("messaging.message", "accounts.session", "accounts.auditentry"):
        assert everything()[label].count(b"\n") == before[label].count(b"\n")
    assert migration_state.missing() == []


def _with_columns(path: Path, migrations: list[Migration], models: dict[str, Any]) -> int:
    """Makes a backup one that was made when there were those models; returns how many."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        tables = {label: archive.read(f"rows/{label}.jsonl") for label in models}
    for label, model in models.items():
        names = [field.attname for field in model._meta.concrete_fields]
        head, *lines = map(json.loads, tables[label].splitlines())
        picked = [head, *lines] if head == names else [names]
        if head != names:
            picked += [[dict(zip(head, row, strict=True))[name] for name in names] for row in lines]
        tables[label] = "".join(json.dumps(row) + "\n" for row in picked).encode()
    manifest["migrations"] = migrations
    manifest["rows"] = {label: data.count(b"\n") - 1 for label, data in tables.items()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for label, data in tables.items():
            archive.writestr(f"rows/{label}.jsonl", data)
    return len(models)


@whole
def test_what_cannot_be_restored_leaves_the_site_alone(place: FolderStore, tmp_path: Path) -> None:
    live_through_something()
    name = take_backup(place).name
    before = everything()
    path = tmp_path / "backups" / f"{name}.zip"
    good = path.read_bytes()

    def refused(words: str) -> None:
        with pytest.raises(BackupError, match=words):
            restore(place, name, overwrite=True)
        assert everything() == before

    path.write_bytes(good[: len(good) // 2])
    refused("zip")
    spot = good.index(b"messaging.message.jsonl") + 300
    path.write_bytes(good[:spot] + bytes([good[spot] ^ 1]) + good[spot + 1 :])
    refused("damaged|invalid")
    path.write_bytes(good)
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    with zipfile.ZipFile(path, "w") as archive:
        manifest["migrations"].append(["messaging", "9999_tomorrow"])
        archive.writestr("manifest.json", json.dumps(manifest))
    refused("newer version")
    path.unlink()
    refused("no backup")


@whole
def test_what_the_site_or_the_backup_lacks_is_named_and_the_rest_comes(
    place: FolderStore, media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live_through_something()
    sent = Attachment.objects.filter(state="sent", thumbnail="")
    lost, rotten = sent.values_list("stored", flat=True)[:2]
    (media / "attachments" / lost[:2] / lost).unlink()
    output = command("backup", str(tmp_path / "backups"))
    [name] = backups_at(place)
    assert name in output
    assert f"The site itself lacks files/attachments/{lost[:2]}/{lost}." in capsys.readouterr().err
    place.remove([f"files/attachments/{rotten[:2]}/{rotten}"])
    before = everything()
    shutil.rmtree(media)
    command("restore", "--from", str(tmp_path / "backups"), "--overwrite")
    said = capsys.readouterr().err
    assert f"The backup lacks files/attachments/{rotten[:2]}/{rotten}." in said
    assert lost not in said
    assert everything() == before


@whole
def test_only_what_is_new_is_copied_and_rotation_keeps_what_is_used(
    place: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _bo = live_through_something()
    clock = monday = datetime(2026, 11, 2, 3, 45, tzinfo=UTC)
    monkeypatch.setattr(backups, "now", lambda: clock)
    first = take_backup(place)
    assert first.copied == first.files > 5
    gone = Attachment.objects.get(state="ready")
    gone.delete()
    for day in range(1, 17):  # until a Wednesday
        clock = monday + timedelta(days=day)
        if day == 10:
            make_upload(ada, b"new")
        assert take_backup(place).copied == (1 if day == 10 else 0)
        rotate(place, daily=3, weekly=2)
    kept = backups_at(place)
    # Three days, of which the last is its week's, too, and the Sunday before.
    assert kept == [f"202611{day}-034500" for day in (18, 17, 16, 15)]
    listed = files_in(tmp_path / "backups")
    assert not [name for name in listed if gone.stored in name]
    used = {each for name in kept for each in backups._listed(place, name)}
    assert {name for name in listed if name.startswith("files/")} == used
    assert {name for name in listed if name.endswith(".files")} == {f"{n}.files" for n in kept}


@whole
def test_rotation_leaves_the_files_of_a_backup_that_is_being_taken(
    place: FolderStore, tmp_path: Path
) -> None:
    live_through_something()
    old = take_backup(place).name
    # Somebody has just begun: their list is there, and their first file.
    file = "files/attachments/ab/ab" + "0" * 30
    begun = f"{now() + timedelta(seconds=5):{backups.MOMENT}}"
    folder = tmp_path / "backups"
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(b"begun")
    (folder / f"{begun}.files").write_text(f"{file}\n")
    # And one was cut short long ago.
    (folder / "20200101-000000.files").write_text("files/attachments/cd/cd" + "0" * 30 + "\n")
    assert rotate(place, daily=1, weekly=0) == []
    assert backups_at(place) == [old]
    assert (folder / file).exists()
    assert not (folder / "20200101-000000.files").exists()


@whole
def test_a_day_brings_a_backup_to_an_object_store_and_a_failure_is_told(
    settings: Settings, media: Path
) -> None:
    live_through_something()
    with s3_server() as s3:
        settings.BACKUP_TO = s3.url
        s3.mood = "full"
        assert run_backup().error == "There is no room for more files here."
        s3.mood = "well"
        assert run_backup().error == ""
        place = backup_store_at(s3.url)
        [name] = backups_at(place)
        assert len(archived(place, name, "messaging.message")) == Message.objects.count()
        files = files_in(media)
        shutil.rmtree(media)
        restore(place, name, overwrite=True)
        assert files_in(media) == files


@whole
def test_nothing_is_backed_up_where_nobody_said_where_to_or_nobody_is(
    settings: Settings, tmp_path: Path
) -> None:
    ensure_recurring()
    settings.BACKUP_TO = str(tmp_path / "backups")
    run_backup()
    make_user()
    settings.BACKUP_TO = ""
    run_backup()
    assert not (tmp_path / "backups").exists()


# By the two commands, from one database to another


class Site:
    """A site of its own, in a folder of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        folder.mkdir()

    def manage(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = hermetic(
            DATABASE_URL=self.database,
            MEDIA_ROOT=str(self.folder / "media"),
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            **variables,
        )
        call = [sys.executable, "manage.py", *command]
        done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 or command[0] == "restore", done.stderr
        return done


@pytest.mark.timeout(300)  # seconds: eleven processes, on a machine that is busy
def test_a_site_moves_from_sqlite_to_postgresql_and_back(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS moved")
        admin.execute("CREATE DATABASE moved")
    secrets = {"a": "a" * 32, "b": "b" * 32}
    small = Site(tmp_path / "small", f"sqlite:///{tmp_path}/small/site.sqlite3")
    large = Site(tmp_path / "large", server.rpartition("/")[0] + "/moved")
    again = Site(tmp_path / "again", f"sqlite:///{tmp_path}/again/site.sqlite3")
    small.manage("migrate", "--verbosity", "0")
    small.manage("demo", JWT_SECRET=secrets["a"])
    folders = [tmp_path / name for name in ("first", "second", "third")]
    small.manage("backup", str(folders[0]), JWT_SECRET=secrets["a"])
    moved = large.manage("restore", "--from", str(folders[0]), JWT_SECRET=secrets["b"])
    assert moved.returncode == 0, moved.stderr
    assert "Set JWT_SECRET to that of the backup" in moved.stderr
    keys = large.manage("restore", "--from", str(folders[0]), "--keys", JWT_SECRET=secrets["b"])
    assert keys.stdout.strip() == f"JWT_SECRET={secrets['a']}"
    assert large.manage("migrate", "--check").returncode == 0
    refused = large.manage("restore", "--from", str(folders[0]), JWT_SECRET=secrets["a"])
    assert refused.returncode == 1
    assert "has people already" in refused.stderr
    large.manage("backup", str(folders[1]), JWT_SECRET=secrets["a"])
    back = again.manage("restore", "--from", str(folders[1]), JWT_SECRET=secrets["a"])
    assert (back.returncode, back.stderr) == (0, "")
    again.manage("backup", str(folders[2]), JWT_SECRET=secrets["a"])
    contents = [_content(folder) for folder in folders]
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]["rows/messaging.message.jsonl"].splitlines()) > 20
    media = [files_in(each.folder / "media") for each in (small, large, again)]
    assert media[0] == media[1] == media[2]
    assert media[0]


def _content(folder: Path) -> dict[str, bytes]:
    [path] = folder.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith("rows/")}
