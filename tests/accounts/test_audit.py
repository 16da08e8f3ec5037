"""The record of what moderators do: a chain that nobody changes unnoticed."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.test import AsyncClient, Client

from accounts.models import AuditEntry, AuditHead, User
from accounts.services import audit, moderation
from accounts.tokens import issue_token
from chatsite.security.credentials import COOKIE
from tests.concurrency import at_once
from tests.environment import ROOT, hermetic
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db

EXPORT = "/admin/accounts/auditentry/export/"


def write(count: int, by: User | None = None) -> None:
    by = by or make_user("Mo Derator", role="moderator")
    for number in range(count):
        audit.run_recorded(
            partial(audit.record, by=by, what=f"Act «{number}»", about=User, name="Jo")
        )


def numbers() -> list[int]:
    return list(AuditEntry.objects.order_by("number").values_list("number", flat=True))


def tampering() -> QuerySet[AuditEntry]:
    """As whoever may write to the database by hand, and lifts its guard."""
    drop = {
        "sqlite": "DROP TRIGGER IF EXISTS audit_log",
        "postgresql": "DROP TRIGGER IF EXISTS audit_log ON accounts_auditentry",
    }
    if connection.vendor in drop:
        with connection.cursor() as cursor:
            cursor.execute(drop[connection.vendor])
    return QuerySet(AuditEntry)


def check(*noted: str) -> str:
    """What the command says."""
    from io import StringIO

    out, err = StringIO(), StringIO()
    try:
        call_command("check_audit_log", noted=list(noted), stdout=out, stderr=err)
    except CommandError:
        return err.getvalue()
    return out.getvalue()


def change(rows: QuerySet[AuditEntry]) -> None:
    rows.filter(number=3).update(what="Nothing")


def change_who(rows: QuerySet[AuditEntry]) -> None:
    rows.filter(number=3).update(actor="0" * 24)


def remove(rows: QuerySet[AuditEntry]) -> None:
    rows.filter(number=3).delete()


def remove_the_last(rows: QuerySet[AuditEntry]) -> None:
    rows.filter(number__gt=4).delete()


def remove_the_first(rows: QuerySet[AuditEntry]) -> None:
    rows.filter(number=1).delete()


def swap(rows: QuerySet[AuditEntry]) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        moved = rows.get(number=old)
        rows.filter(number=old).delete()
        rows.model.objects.bulk_create([_as_number(moved, new)])


def _as_number(entry: AuditEntry, number: int) -> AuditEntry:
    entry.number = number
    return entry


def put_in(rows: QuerySet[AuditEntry]) -> None:
    """With all that follows moved on by one."""
    for number in (5, 4, 3):
        moved = rows.get(number=number)
        rows.filter(number=number).delete()
        rows.model.objects.bulk_create([_as_number(moved, number + 1)])
    rows.model.objects.bulk_create([_as_number(rows.get(number=2), 3)])
    AuditHead.objects.update(number=6)


def add(rows: QuerySet[AuditEntry]) -> None:
    last = rows.get(number=5)
    fields = audit._fields(last) | {"number": 6, "previous": last.hash}
    made = _as_number(last, 6)
    made.previous, made.hash = last.hash, audit.hash_of(fields)
    rows.model.objects.bulk_create([made])


def rewrite(rows: QuerySet[AuditEntry]) -> None:
    """The whole chain anew, with right hashes: only what was noted before tells."""
    kept = [(each.what, each.name) for each in rows.order_by("number") if each.number != 3]
    rows.delete()
    AuditHead.objects.all().delete()
    write(len(kept) + 1, make_user("Somebody Else"))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (change, ["Entry 3 was changed."]),
        (change_who, ["Entry 3 was changed."]),
        (remove, ["Entry 3 is missing."]),
        (remove_the_first, ["Entry 1 is missing."]),
        (remove_the_last, ["Entry 5 is missing."]),
        (swap, ["Entry 2 was changed.", "Entry 3 was changed."]),
        (put_in, ["Entry 3 was changed.", "Entry 4 was changed."]),
        (add, ["Entry 6 was not written by the site."]),
        (rewrite, ["Entry 4 is another one than was noted."]),
    ],
)
def test_the_check_finds_what_is_not_as_it_was_written(
    tamper: Callable[[QuerySet[AuditEntry]], None], said: list[str]
) -> None:
    write(5)
    assert "The record is whole." in check()
    noted = f"4:{AuditEntry.objects.get(number=4).hash}"
    assert f"--noted 5:{AuditEntry.objects.get(number=5).hash}" in check(noted)
    tamper(tampering())
    found = check(noted)
    for words in said:
        assert words in found


def test_an_empty_record_is_whole_and_what_was_noted_has_to_be_there() -> None:
    assert "whole" in check()
    assert "Entry 1 is missing." in check(f"1:{'0' * 64}")
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        call_command("check_audit_log", noted=["x"])


def test_nothing_of_ours_changes_an_entry() -> None:
    write(1)
    entry = AuditEntry.objects.get()
    entry.what = "Nothing"
    refused: list[Callable[[], Any]] = [
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        partial(AuditEntry.objects.update, what="Nothing"),
        partial(AuditEntry.objects.bulk_update, [entry], ["what"]),
    ]
    for attempt in refused:
        with pytest.raises(TypeError, match="append-only"):
            attempt()
    assert "whole" in check()


@pytest.mark.sql_only("MongoDB has no triggers")
def test_the_database_refuses_it_too() -> None:
    write(1)
    with pytest.raises(DatabaseError, match="append-only"):
        QuerySet(AuditEntry).update(what="Nothing")


@pytest.mark.django_db(transaction=True)
def test_who_write_at_once_write_one_chain() -> None:
    people = [make_user(f"Mo {number}", role="moderator") for number in range(6)]
    at_once([partial(write, 5, each) for each in people])
    assert numbers() == list(range(1, 31))
    assert "whole" in check()


@pytest.mark.django_db(transaction=True)
def test_an_act_and_its_entry_are_one() -> None:
    mo, jonas = make_user("Mo Derator", role="moderator"), make_user("Jonas Weber")

    def fail() -> None:
        moderation.ban(user=jonas, reason="Spam")
        audit.record(by=mo, what="Banned", about=User)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        audit.run_recorded(fail)
    jonas.refresh_from_db()
    assert (jonas.is_banned, numbers()) == (False, [])


def test_an_entry_outlives_the_moderator() -> None:
    mo = make_user("Mo Derator", role="moderator")
    write(1, mo)
    mo.delete()
    assert AuditEntry.objects.get().actor_name == "Mo Derator"
    assert "whole" in check()


def read_anew(lines: bytes) -> list[dict[str, Any]]:
    """As somebody without this site would check an export."""
    rows = [json.loads(line) for line in lines.splitlines()]
    previous = ""
    for row in rows:
        digest = row.pop("hash")
        assert row["previous"] == previous
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert digest == previous
    return rows


@pytest.mark.django_db(transaction=True)
def test_it_is_exported_in_pieces_and_checked_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    write(5)
    session = make_session(make_user("Ad Min", role="admin"))

    async def fetch() -> list[bytes]:
        client = AsyncClient()
        client.cookies[COOKIE] = issue_token(session)
        response = await client.get(EXPORT)
        assert response["Content-Disposition"] == 'attachment; filename="audit-log.jsonl"'
        return [piece async for piece in cast(Any, response)]

    pieces = async_to_sync(fetch)()
    assert len(pieces) == 3
    rows = read_anew(b"".join(pieces))
    assert [row["what"] for row in rows[-2:]] == ["Act «4»", "Exported"]
    call_command("export_audit_log")
    assert capsys.readouterr().out.encode() == b"".join(pieces)


def test_admins_alone_export_it(page_for: Callable[[User], Client]) -> None:
    assert page_for(make_user(role="moderator")).get(EXPORT).status_code == 403
    for stranger in (Client(), page_for(make_user())):
        assert stranger.get(EXPORT).status_code == 302
    assert numbers() == []


def test_what_was_there_before_roles_and_the_chain_is_kept(tmp_path: Path) -> None:
    """A site of before, brought up to date."""
    file = tmp_path / "site.sqlite3"
    environment = hermetic(DATABASE_URL=f"sqlite:///{file}", JWT_SECRET="signs nothing" * 4)

    def manage(*command: str) -> str:
        line = [sys.executable, "manage.py", *command]
        settings = {"DJANGO_SETTINGS_MODULE": "chatsite.settings"}
        done = subprocess.run(line, cwd=ROOT, env=environment | settings, check=True, stdout=-1)
        return done.stdout.decode()

    manage("migrate", "accounts", "0009", "-v0")
    manage("migrate", "admin", "-v0")
    manage("migrate", "contenttypes", "-v0")
    people = {"first": (1, 1), "second": (1, 1), "mo": (1, 0), "jonas": (0, 0)}
    moment = "2026-01-02 03:04:05.678901"
    with sqlite3.connect(file) as old:
        for name, (staff, superuser) in people.items():
            old.execute(
                "INSERT INTO accounts_user (_id, password, is_superuser, email, full_name,"
                " sort_name, picture, is_staff, ban_reason, created_at, updated_at, privacy)"
                " VALUES (?, '', ?, ?, ?, ?, '', ?, '', ?, ?, '')",
                (name, superuser, f"{name}@example.org", name, name, staff, moment, moment),
            )
        for number in range(3):
            old.execute(
                "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag,"
                " change_message, user_id, content_type_id) SELECT ?, 'jonas', 'Jonas', 2, ?, 'mo',"
                " id FROM django_content_type WHERE app_label = 'accounts' AND model = 'user'",
                (moment, f"Banned: {number}"),
            )
    old.close()
    manage("migrate", "-v0")
    assert "The record is whole." in manage("check_audit_log")
    rows = read_anew(manage("export_audit_log").encode())
    assert [row["what"] for row in rows] == ["Banned: 0", "Banned: 1", "Banned: 2"]
    assert {(row["actor"], row["actorName"], row["about"], row["key"]) for row in rows} == {
        ("mo", "mo", "accounts.user", "jonas")
    }
    with sqlite3.connect(file) as new:
        roles = dict(new.execute("SELECT _id, role FROM accounts_user"))
        assert roles == {"first": "owner", "second": "admin", "mo": "moderator", "jonas": ""}
        assert new.execute("SELECT count(*) FROM django_admin_log").fetchone() == (0,)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            new.execute("UPDATE accounts_auditentry SET what = ''")
    new.close()
