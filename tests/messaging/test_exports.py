"""Exports of everything of one's own: what is in them, how they are made, and for whom they are."""

import io
import os
import re
import zipfile
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from django.test import Client
from django.utils.html import escape
from django.utils.timezone import override

from accounts.models import SitePolicy, User
from accounts.services.accounts import update_profile
from accounts.services.notifications import change_notifications
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.files.refusals import not_opened
from chatsite.files.storage import store
from chatsite.language import day_and_time
from messaging.models import Export, Message, saved_key
from messaging.queries import chats
from messaging.queries.attachments import used_by_all
from messaging.services import export_archive
from messaging.services.blocks import block
from messaging.services.deletions import clear_chat, delete_messages
from messaging.services.edits import edit_message
from messaging.services.exports import begin_export, make_export, remove_expired_exports
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import send_message
from messaging.services.reactions import react
from messaging.services.reminders import set_reminder
from messaging.services.scheduled import schedule_message, send_now
from messaging.services.tidying import tidy_attachments
from messaging.shapes.export import ExportDocument, ExportedMessages
from scheduler.models import Job
from scheduler.registry import Stopped
from tests.contract.shapes import assert_refused
from tests.disks import small_disk
from tests.factories import ApiFor, make_group, make_message, make_user
from tests.files import HTML, PDF, make_upload
from tests.jobs import run_due
from tests.pictures import picture

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def ada() -> User:
    return make_user("Ada", email="ada@example.org")


@pytest.fixture
def bo() -> User:
    return make_user("Bo", email="bo@example.org")


class Archive:
    """As it is downloaded."""

    def __init__(self, data: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        assert self.zip.testzip() is None
        self.document = self.json("export.json")
        jsonschema.validate(self.document, msgspec.json.schema(ExportDocument))

    def json(self, path: str) -> Any:
        return msgspec.json.decode(self.zip.read(path))

    def chat(self, peer: str) -> Any:
        return next((each for each in self.document["chats"] if each["peerId"] == peer), None)

    def messages(self, peer: str) -> list[Any]:
        found = []
        for path in self.chat(peer)["pages"]:
            page = self.json(path)
            jsonschema.validate(page, msgspec.json.schema(ExportedMessages))
            found += page["messages"]
        return found

    def texts(self, peer: str) -> list[str]:
        return [each.get("text", "") for each in self.messages(peer)]

    def everything(self) -> str:
        """The words of all JSON and pages."""
        names = [name for name in self.zip.namelist() if name.endswith((".json", ".html"))]
        return "\n".join(self.zip.read(name).decode() for name in names)


def downloaded(client: Any) -> Archive:
    assert client.post("/api/export").status_code == 202
    run_due()
    response = client.get("/api/export/file")
    assert response.status_code == 200, response.content
    return Archive(response.getvalue())


def test_has_chats_files_and_settings(ada: User, bo: User, api_for: ApiFor) -> None:
    update_profile(user=ada, username="ada_l", picture=picture(50, 50))
    first = make_message(ada, bo, "Hello <b>Bo</b>")
    send_message(sender=bo, peer=ada.pk, text="https://example.org", reply_to=first.pk)
    make_message(ada, bo, "Look", image=picture(900, 450))
    files = [make_upload(ada, PDF, "minutes.pdf"), make_upload(ada, HTML, "page.html")]
    send_message(
        sender=ada,
        peer=bo.pk,
        attachments=[each.pk for each in files],
        captions={files[0].pk: "Of May"},
    )
    send_message(sender=ada, peer=saved_key(ada.pk), text="To myself")
    react(user=bo, message_id=first.pk, emoji="👍")
    group = make_group(ada, bo, title="Friends")
    archive = downloaded(api_for(ada))
    me = archive.document["me"]
    assert (me["email"], me["username"]) == ("ada@example.org", "ada_l")
    assert archive.zip.read(me["picture"]).startswith(b"RIFF")
    hello, link, look, minutes = archive.messages(bo.pk)
    assert hello["text"] == "Hello <b>Bo</b>"
    assert hello["reactions"] == [{"emoji": "👍", "count": 1, "people": [bo.pk]}]
    assert link["replyTo"] == hello["id"]
    assert archive.zip.read(look["files"][0]["path"]).startswith(b"RIFF")
    pdf, page = minutes["files"]
    assert (pdf["name"], pdf["caption"], pdf["size"]) == ("minutes.pdf", "Of May", len(PDF))
    assert archive.zip.read(pdf["path"]) == PDF
    assert archive.texts(saved_key(ada.pk)) == ["To myself"]
    assert archive.chat(group)["role"] == "owner"
    assert {each["personId"] for each in archive.chat(group)["members"]} == {ada.pk, bo.pk}
    people = {each["id"]: each for each in archive.document["people"]}
    assert people[bo.pk] == {"id": bo.pk, "fullName": "Bo", "email": "bo@example.org"}
    assert len(archive.document["sessions"]) == 1
    html = archive.zip.read(archive.chat(bo.pk)["pages"][0].replace(".json", ".html")).decode()
    assert "Hello &lt;b&gt;Bo&lt;/b&gt;" in html
    assert '<a href="https://example.org"' in html
    assert f'src="../../{look["files"][0]["path"]}"' in html
    assert f'href="../../{page["path"]}"' not in html  # which would run
    assert f"chats/{archive.chat(bo.pk)['id']}/1.html" in archive.zip.read("index.html").decode()


def test_has_what_waits_and_what_was_said_before(ada: User, bo: User, api_for: ApiFor) -> None:
    message = make_message(ada, bo, "A first word")
    file = make_upload(ada, PDF)
    send_message(sender=ada, peer=bo.pk, attachments=[file.pk], captions={file.pk: "Of May"})
    edit_message(user=ada, message_id=message.pk, text="A secnod word")
    edit_message(user=ada, message_id=message.pk, text="A second word")
    sent = Message.objects.get(text="")
    edit_message(user=ada, message_id=sent.pk, text="", captions={file.pk: "Of June"})
    theirs = make_message(bo, ada, "What Bo wrote")
    edit_message(user=bo, message_id=theirs.pk, text="What Bo writes")
    react(user=ada, message_id=theirs.pk, emoji="👍")
    set_reminder(user=ada, message_id=theirs.pk, remind_at=now() + timedelta(days=1))
    later = now() + timedelta(days=2)
    schedule_message(user=ada, peer=bo.pk, text="See you tomorrow", send_at=later)
    schedule_message(user=bo, peer=ada.pk, text="Not yet for Ada", send_at=later)
    change_notifications(user=ada, zone="Pacific/Kiritimati", previews="nothing")
    archive = downloaded(api_for(ada))
    first, second, third = archive.messages(bo.pk)
    assert [each["text"] for each in first["edits"]] == ["A first word", "A secnod word"]
    assert first["text"] == "A second word"
    assert second["edits"][0]["captions"] == {file.pk: "Of May"}
    assert second["files"][0]["id"] == file.pk
    assert "edits" not in third
    assert third["reacted"] == ["👍"]
    [scheduled] = archive.document["scheduled"]
    assert (scheduled["peerId"], scheduled["text"]) == (bo.pk, "See you tomorrow")
    [reminder] = archive.document["reminders"]
    assert (reminder["messageId"], reminder["peerId"]) == (theirs.pk, bo.pk)
    assert archive.document["me"]["notifications"]["previews"] == "nothing"
    index = archive.zip.read("index.html").decode()
    assert "See you tomorrow" in index
    assert "What Bo writes" in index
    page = archive.zip.read(archive.chat(bo.pk)["pages"][0].replace(".json", ".html")).decode()
    assert "A secnod word" in page
    assert "Times are those of Pacific/Kiritimati." in page
    with override("Pacific/Kiritimati"):
        assert escape(day_and_time(message.created_at)) in page
    said = archive.everything()
    for secret in ("What Bo wrote", "Not yet for Ada"):
        assert secret not in said
    theirs_of_bo = downloaded(api_for(bo)).everything()
    assert "A first word" not in theirs_of_bo
    assert "Times are those of UTC." in theirs_of_bo


def test_has_the_files_of_what_waits(ada: User, bo: User, api_for: ApiFor) -> None:
    later = now() + timedelta(days=2)
    files = [make_upload(ada, PDF, "minutes.pdf"), make_upload(ada, HTML, "page.html")]
    keys = [each.pk for each in files]
    captions = {keys[0]: "Of <May>"}
    schedule_message(user=ada, peer=bo.pk, attachments=keys, captions=captions, send_at=later)
    once = [make_upload(ada, picture(), "once.png").pk]
    later += timedelta(days=1)
    schedule_message(user=ada, peer=bo.pk, attachments=once, view_once=True, send_at=later)
    of_bo = make_upload(bo, PDF, "of-bo.pdf").pk
    schedule_message(user=bo, peer=ada.pk, attachments=[of_bo], send_at=later)
    archive = downloaded(api_for(ada))
    minutes, secret = archive.document["scheduled"]
    pdf, page = minutes["files"]
    [shown] = secret["files"]
    assert "viewOnce" not in minutes
    assert secret["viewOnce"] is True
    assert (pdf["id"], pdf["name"], pdf["caption"]) == (keys[0], "minutes.pdf", "Of <May>")
    assert archive.zip.read(pdf["path"]) == PDF
    assert archive.zip.read(page["path"]) == HTML
    assert len(archive.zip.read(shown["path"])) == shown["size"]
    paths = [name for name in archive.zip.namelist() if name.startswith("files/")]
    assert sorted(paths) == sorted(each["path"] for each in (pdf, page, shown))
    index = archive.zip.read("index.html").decode()
    assert f'href="{pdf["path"]}" download="minutes.pdf"' in index
    assert "Of &lt;May&gt;" in index
    assert f'"{page["path"]}"' not in index  # which would run
    assert page["path"] in index
    assert f'src="{shown["path"]}"' in index
    assert "View once" in index
    assert "of-bo.pdf" not in archive.everything()
    # Whom it is for has nothing of it.
    names = downloaded(api_for(bo)).zip.namelist()
    assert [name for name in names if name.startswith("files/")] == [f"files/{of_bo}.pdf"]


def test_has_what_is_sent_meanwhile_and_its_file_once(
    ada: User, bo: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(days=2)
    file = make_upload(ada, PDF)
    row, _is_new = schedule_message(
        user=ada, peer=bo.pk, text="The minutes", attachments=[file.pk], send_at=later
    )

    def chats_of(user: User) -> Any:
        send_now(user=ada, key=row.pk)
        return chats.chats_of(user)

    monkeypatch.setattr(export_archive, "chats_of", chats_of)
    archive = downloaded(api_for(ada))
    [message] = archive.messages(bo.pk)
    [scheduled] = archive.document["scheduled"]
    assert message["files"] == scheduled["files"]
    paths = [name for name in archive.zip.namelist() if name.startswith("files/")]
    assert paths == [message["files"][0]["path"]]


def test_has_nothing_that_its_owner_may_not_see(ada: User, bo: User, api_for: ApiFor) -> None:
    SitePolicy.objects.create(shows_addresses=False)
    cy = make_user("Cy", email="cy@example.org")
    deleted = make_message(bo, ada, "deleted by Bo", image=picture(300, 200))
    hidden = make_message(bo, ada, "hidden by Ada")
    make_message(ada, cy, "to Cy")  # who has not answered: their address is hidden
    make_message(bo, cy, "between others", image=picture(200, 200))
    delete_messages(user=bo, message_ids=[deleted.pk])
    delete_messages(user=ada, message_ids=[hidden.pk], whom="me")
    group = make_group(bo, cy, title="Late")
    send_message(sender=bo, peer=group, text="before Ada came")
    add_members(user=bo, group=group, people=[ada.pk])
    send_message(sender=bo, peer=group, text="while Ada was there")
    remove_member(user=bo, group=group, person=ada.pk)
    send_message(sender=bo, peer=group, text="after Ada left")
    make_message(bo, ada, "before the block")
    block(user=ada, person=bo.pk)
    send_message(sender=bo, peer=ada.pk, text="while blocked")
    dan = make_user("Dan")
    make_message(dan, ada, "cleared away")
    clear_chat(user=ada, peer=dan.pk)
    archive = downloaded(api_for(ada))
    assert archive.texts(bo.pk) == ["before the block"]
    assert "while Ada was there" in archive.texts(group)
    assert archive.chat(group).get("members") is None
    assert archive.chat(dan.pk) is None
    said = archive.everything()
    for secret in (
        *("deleted by Bo", "hidden by Ada", "between others", "before Ada came", "after Ada left"),
        *("while blocked", "cleared away", "cy@example.org"),
    ):
        assert secret not in said
    assert not [name for name in archive.zip.namelist() if name.startswith("files/")]
    assert [each["personId"] for each in archive.document["blocked"]] == [bo.pk]


def test_writes_long_chats_page_by_page(
    ada: User, bo: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_archive, "PAGE", 3)
    messages = [make_message(ada, bo, f"number {number}") for number in range(8)]
    file = make_upload(ada, PDF)
    send_message(sender=ada, peer=bo.pk, attachments=[file.pk], reply_to=messages[0].pk)
    archive = downloaded(api_for(bo))
    assert len(archive.chat(ada.pk)["pages"]) == 3
    assert archive.texts(ada.pk) == [*(f"number {number}" for number in range(8)), ""]
    folder = f"chats/{archive.chat(ada.pk)['id']}"
    first, middle, last = (archive.zip.read(f"{folder}/{n}.html").decode() for n in (1, 2, 3))
    assert "Later" in first
    assert "Earlier" not in first
    assert "Later" in middle
    assert "Earlier" in middle
    assert "Later" not in last
    assert "number 0" in last  # quoted
    export = Export.objects.get(user=bo)
    assert (export.done, export.total) == (9, 9)


def test_is_its_owners_alone(ada: User, bo: User, api_for: ApiFor) -> None:
    archive = downloaded(api_for(ada))
    assert archive.document["chats"] == []
    for client in (api_for(bo), Client()):
        assert client.get("/api/export").status_code in (401, 404)
        assert client.get("/api/export/file").status_code in (401, 404)
    part = api_for(ada).get("/api/export/file", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.getvalue()) == (206, b"PK\x03\x04")
    assert "chatsite-" in part.headers["Content-Disposition"]


def test_is_made_once_however_often_it_is_asked_for(ada: User, api_for: ApiFor) -> None:
    client = api_for(ada)
    client.post("/api/export")
    client.post("/api/export")
    assert Job.objects.filter(kind="export").count() == Export.objects.count() == 1
    assert client.get("/api/export").json()["state"] == "working"
    assert client.get("/api/export/file").status_code == 404
    run_due()
    first = Export.objects.get()
    assert client.get("/api/export").json()["state"] == "ready"
    assert store.find(first.stored)
    client.post("/api/export")  # in place of the last one
    run_due()
    assert Export.objects.get().pk != first.pk
    assert not store.find(first.stored)
    for _ in range(3):
        client.post("/api/export")
        run_due()
    assert client.post("/api/export").status_code == 429


def test_an_attempt_that_was_cut_short_leaves_nothing(ada: User, folder: Path) -> None:
    export = begin_export(user=ada)
    with pytest.raises(Stopped):
        make_export(export=export.pk, is_stopping=lambda: True)
    assert _files(folder) == []
    # A process that died has left a part of it.
    name = "a" * 32
    store.save(name, b"PK")
    Export.objects.update(stored=name)
    run_due()
    export.refresh_from_db()
    assert export.ready_at
    assert _files(folder) == [export.stored]


def test_takes_of_what_the_site_has_for_files(
    ada: User, bo: User, folder: Path, api_for: ApiFor, settings: Any
) -> None:
    file = make_upload(ada, bytes(600))
    for _copy in range(2):
        send_message(sender=ada, peer=bo.pk, attachments=[file.pk])
        file = make_upload(ada, bytes(600))
    group = make_group(bo, title="Late")
    late = make_upload(bo, bytes(5000))
    send_message(sender=bo, peer=group, attachments=[late.pk])
    add_members(user=bo, group=group, people=[ada.pk])
    tomorrow = now() + timedelta(days=1)
    schedule_message(user=ada, peer=bo.pk, attachments=[file.pk], send_at=tomorrow)
    make_upload(ada, bytes(600))  # which goes nowhere, and into no export
    kept = used_by_all()
    assert kept == 4 * 600 + 5000
    settings.ATTACHMENT_SITE_QUOTA = kept + 1799
    assert_refused(api_for(ada).post("/api/export"), 507, "There is no room for more files here.")
    assert not Export.objects.exists()
    assert not Job.objects.filter(kind="export").exists()
    settings.ATTACHMENT_SITE_QUOTA = kept + 1800
    begun = api_for(ada).post("/api/export")
    assert (begun.status_code, begun.json()["size"]) == (202, 0)
    assert used_by_all() == kept + 1800  # before anything of it is written
    with pytest.raises(DomainError) as refused:
        make_upload(ada, bytes(1))
    assert refused.value.status == 507
    run_due()
    export = Export.objects.get()
    assert export.ready_at
    assert used_by_all() == kept + export.size
    # The last one stays where there is no room for the next.
    settings.ATTACHMENT_SITE_QUOTA = kept
    assert api_for(ada).post("/api/export").status_code == 507
    assert api_for(ada).get("/api/export/file").status_code == 200
    # And what is refused when it is to be made takes nothing.
    Export.objects.update(ready_at=None, stored="")
    with pytest.raises(DomainError):
        make_export(export=export.pk, is_stopping=lambda: False)
    assert used_by_all() == kept


def test_is_not_begun_on_a_disk_that_is_too_small(
    ada: User, api_for: ApiFor, settings: Any, tmp_path: Path
) -> None:
    bo = make_user()
    with small_disk(tmp_path / "small", "4m") as small:
        settings.MEDIA_ROOT = small
        file = make_upload(ada, bytes(2**21))
        send_message(sender=ada, peer=bo.pk, attachments=[file.pk])
        assert api_for(ada).post("/api/export").status_code == 507
        assert not Export.objects.exists()


def test_leads_to_nothing_that_a_browser_would_run(ada: User, bo: User, api_for: ApiFor) -> None:
    names = [
        "a.pdf",
        "b.PNG",
        "c.shtm",
        "d.xhtm",
        "e.svgz",
        "f.rdf",
        "g.html",
        "h",
        "i.hta",
        "j.js",
    ]
    files = [make_upload(ada, HTML if name > "b.Z" else PDF, name) for name in names]
    send_message(sender=ada, peer=bo.pk, attachments=[each.pk for each in files])
    archive = downloaded(api_for(bo))
    [message] = archive.messages(ada.pk)
    page = archive.zip.read(archive.chat(ada.pk)["pages"][0].replace(".json", ".html")).decode()
    for file in message["files"]:
        assert file["path"] in page
        assert (f'"../../{file["path"]}"' in page) == (file["name"] in ("a.pdf", "b.PNG"))
    for each in (page, archive.zip.read("index.html").decode()):
        [style] = re.findall("<style>(.*?)</style>", each, re.DOTALL)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src" in each


def test_who_removes_it_while_it_is_made_has_none(ada: User, folder: Path, api_for: ApiFor) -> None:
    make_message(ada)
    export = begin_export(user=ada)

    def remove() -> bool:
        api_for(ada).delete("/api/export")
        return False

    make_export(export=export.pk, is_stopping=remove)
    assert not Export.objects.exists()
    assert not Job.objects.filter(kind="export").exists()
    assert _files(folder) == []


def test_is_kept_for_seven_days(ada: User, folder: Path, api_for: ApiFor) -> None:
    client = api_for(ada)
    downloaded(client)
    [name] = _files(folder)
    _age(folder)
    tidy_attachments(dry_run=False)  # it belongs to somebody
    six = now() - timedelta(days=6)
    Export.objects.update(ready_at=six, created_at=six)
    assert remove_expired_exports() == 0
    assert client.get("/api/export/file").status_code == 200
    eight = now() - timedelta(days=8)
    Export.objects.update(ready_at=eight, created_at=eight)
    assert client.get("/api/export/file").status_code == 404
    assert _files(folder) == [name]
    assert remove_expired_exports() == 1
    assert _files(folder) == []
    assert not Export.objects.exists()


def test_goes_with_the_account(ada: User, bo: User, folder: Path) -> None:
    begin_export(user=ada)
    run_due()
    ada.delete()
    _age(folder)
    tidy_attachments(dry_run=False)
    assert _files(folder) == []


def test_what_cannot_be_read_is_said(ada: User, bo: User, api_for: ApiFor) -> None:
    file = make_upload(ada, PDF, "lost.pdf")
    send_message(sender=ada, peer=bo.pk, text="with a file", attachments=[file.pk])
    store.remove([file.stored])
    archive = downloaded(api_for(ada))
    [message] = archive.messages(bo.pk)
    assert "path" not in message["files"][0]
    assert "This file could not be read." in archive.everything()


def test_waits_for_a_store_that_is_away(
    ada: User, bo: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_upload(ada, PDF)
    send_message(sender=ada, peer=bo.pk, attachments=[file.pk])
    export = begin_export(user=bo)

    def refuse(_name: str) -> None:
        raise not_opened()

    with monkeypatch.context() as patched:
        patched.setattr(store, "find", refuse)
        with pytest.raises(DomainError):
            make_export(export=export.pk, is_stopping=lambda: False)
    assert _files(folder) == [file.stored]
    run_due()
    assert Export.objects.get().ready_at


def test_the_profile_tells_how_far_it_is(ada: User, page_for: PageFor) -> None:
    page = page_for(ada)
    assert "needs no server" in page.get("/profile").content.decode()
    page.post("/profile/export")
    assert 'hx-trigger="load delay:2s"' in page.get("/profile").content.decode()
    Job.objects.update(run_at=None)  # given up
    assert "could not be made" in page.get("/profile").content.decode()
    page.post("/profile/export")
    run_due()
    assert "/api/export/file" in page.get("/profile").content.decode()
    page.post("/profile/export/removal")
    assert not Export.objects.exists()


def test_admins_see_that_there_is_one_and_remove_it(ada: User, page_for: PageFor) -> None:
    export = begin_export(user=ada)
    run_due()
    address = f"/admin/messaging/export/{export.pk}/"
    moderator = make_user(role="moderator")
    assert page_for(moderator).get(f"{address}change/").status_code == 403
    page = page_for(make_user(role="admin"))
    assert "Ready" in page.get(f"{address}change/").content.decode()
    assert page.get("/admin/messaging/export/").status_code == 200
    page.post(f"{address}act/remove/")
    assert not Export.objects.exists()


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def _age(folder: Path) -> None:
    moment = (now() - timedelta(hours=2)).timestamp()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            os.utime(path, (moment, moment))
