"""What is seen once: closed before, served to who opens it, for a while, and gone after it."""

import io
import os
import time
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import SitePolicy, User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import (
    Attachment,
    AttachmentState,
    Conversation,
    Message,
    Opening,
    Report,
    saved_key,
)
from messaging.page.notifications import notification
from messaging.queries.history import history
from messaging.queries.notifications import missed_by
from messaging.queries.receipts import receipts_page
from messaging.queries.search import SearchCriteria, search
from messaging.queries.shared import shared_page
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services import openings
from messaging.services.attachments import recover_sent
from messaging.services.blocks import block
from messaging.services.edits import edit_message
from messaging.services.exports import begin_export
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, restore, send_message
from messaging.services.openings import close_once, open_once
from messaging.services.privacy import change_privacy
from messaging.services.reports import decide, report
from messaging.services.requests import accept
from messaging.shapes.record import MessageRecord
from scheduler.models import Job
from tests.concurrency import at_once
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import PDF, VOICE, WEBM, make_upload, send_once
from tests.jobs import run_due, run_removals
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

OPENED = "You have opened this already."
OVER = "This can no longer be opened."


def opening(client: APIClient, message: str, opening_id: str = "tab-1") -> Any:
    return client.post(f"/api/opened/{message}", {"openingId": opening_id}, format="json")


def last(me: User, peer: str) -> MessageRecord:
    return history(me, peer, before=None, limit=1)[-1]


def end_openings() -> None:
    """As if their time was over."""
    Opening.objects.update(until=now())


def close_all(media: Path) -> set[str]:
    """As if the time had come for each job that closes. Returns which files are left."""
    aged = time.time() - 3600
    for path in media.rglob("*"):
        if path.is_file():
            os.utime(path, (aged, aged))
    Job.objects.filter(kind="close_once").update(run_at=now())
    run_removals()
    return {path.name for path in media.rglob("*") if path.is_file()}


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


class TestBeforeItIsOpened:
    def test_nothing_of_it_is_told_or_served_by_any_way(
        self, api_for: ApiFor, page_for: Callable[[User], Client], media: Path
    ) -> None:
        ada, bo = make_pair()
        cursor = sync_cursor(bo)
        sent = send_once(ada, bo.pk, 2)
        assert sent.text == "2 photos, view once"
        assert sent.view_once
        assert (sent.view_once.kind, len(sent.view_once.files)) == ("picture", 2)
        assert (sent.image, sent.thumbnail, sent.attachments) == (None, None, None)
        assert [last(ada, bo.pk), last(bo, ada.pk)] == [sent, sent]
        assert changes_since(bo, cursor).messages == [sent]
        for file in Attachment.objects.all():
            url = f"/api/attachments/{file.pk}/{file.name}"
            for user in (ada, bo, make_user()):
                for more in ("", "?thumbnail=true", "?opening=", "?opening=tab-1"):
                    assert_refused(api_for(user).get(url + more), 404)
        for kind in ("pictures", "files", "voice"):
            assert not shared_page(bo, sent.conversation_id, kind=kind, limit=5).messages
        for asked in (SearchCriteria(words="secret"), SearchCriteria(has="picture", person=ada.pk)):
            assert not search(bo, asked, limit=5).messages
        page = page_for(bo).get(f"/chat/{ada.pk}").content.decode()
        assert "2 photos, view once" in page
        told = notification(missed_by(bo.pk, sent.conversation_id, now()), "full", 1).decode()  # type: ignore[arg-type]
        assert "2 photos, view once" in told
        for person in (ada, bo):
            begin_export(user=person)
            run_due()
            answer = api_for(person).get("/api/export/file")
            with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
                names = archive.namelist()
                written = "".join(archive.read(name).decode() for name in names if ".json" in name)
            assert "2 photos, view once" in written
            assert not [name for name in names if name.startswith("files/")]
            for text in (page, told, written):
                assert "secret-" not in text
                assert "/api/attachments/" not in text

    def test_it_is_neither_forwarded_nor_edited(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk)
        for user in (ada, bo):
            body = {"messageIds": [sent.id], "to": [make_user().pk], "clientMessageId": "f-1"}
            answer = api_for(user).post("/api/messages/forward", body, format="json")
            assert_refused(answer, 400, "What is seen once cannot be forwarded.")
        with pytest.raises(DomainError, match="cannot be edited"):
            edit_message(user=ada, message_id=sent.id, text="Words")
        assert Message.objects.count() == 1

    def test_only_pictures_or_a_voice_message_alone_without_words(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        shown = make_upload(ada, picture(), "a.png").pk
        voice, file = make_upload(ada, WEBM, **VOICE).pk, make_upload(ada, PDF).pk
        sound = make_upload(ada, WEBM, content_type="audio/webm").pk
        wrong: list[dict[str, Any]] = [
            {"attachments": [shown], "text": "Look"},
            {"attachments": [shown], "captions": {shown: "Look"}},
            {"attachments": [shown, file]},
            {"attachments": [file]},
            {"attachments": [sound]},
            {"text": "Look"},
        ]
        for fields in wrong:
            body = {**fields, "viewOnce": True}
            answer = api_for(ada).post(f"/api/messages/send/{bo.pk}", body, format="json")
            assert_refused(answer, 400)
            assert answer.json()["errors"].keys() == {"viewOnce"}
        mixed = {"attachments": [shown, voice], "viewOnce": True}
        answer = api_for(ada).post(f"/api/messages/send/{bo.pk}", mixed, format="json")
        assert_refused(answer, 400, "A voice message is sent without other files.")
        mine = {"attachments": [shown], "viewOnce": True}
        answer = api_for(ada).post(f"/api/messages/send/{saved_key(ada.pk)}", mine, format="json")
        assert_refused(answer, 400)
        answer = api_for(ada).post(f"/api/messages/send/{bo.pk}", mine, format="json")
        assert (answer.status_code, answer.json()["text"]) == (201, "Photo, view once")
        plain = {"attachments": [voice], "viewOnce": False}
        answer = api_for(ada).post(f"/api/messages/send/{bo.pk}", plain, format="json")
        assert "viewOnce" not in answer.json()
        assert answer.json()["attachments"]

    def test_what_was_being_stored_when_the_server_died_is_not_taken_for_unsent(self) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk, 2)
        Attachment.objects.update(state=AttachmentState.READY, message=None, conversation=None)
        recover_sent(Attachment.objects.all())
        found = Attachment.objects.filter(message_id=sent.id).order_by("position")
        assert sent.view_once
        assert [each.pk for each in found] == sent.view_once.files

    @pytest.mark.sql_only("MongoDB is asked for the conversation first")
    def test_other_messages_are_asked_no_more_for(self, django_assert_num_queries: Any) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        record = msgspec.to_builtins(send_message(sender=ada, peer=bo.pk, text="Hi").record)
        assert not record.keys() & {"viewOnce", "opened"}
        with django_assert_num_queries(1):
            history(bo, ada.pk, before=None, limit=1)


class TestOpening:
    def test_serves_the_files_to_that_page_for_a_while_and_never_again(
        self, api_for: ApiFor, events: Events, media: Path
    ) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk, 2)
        cursors = {user.pk: sync_cursor(user) for user in (ada, bo)}
        events.clear()
        answer = opening(api_for(bo), sent.id)
        assert answer.status_code == 200
        # Its answer may have been lost: asked again, it is the same; to another page it is over.
        assert opening(api_for(bo), sent.id).json() == answer.json()
        assert_refused(opening(api_for(bo), sent.id, "tab-2"), 409, OPENED)
        files = answer.json()["attachments"]
        assert [each["name"] for each in files] == ["secret-0.png", "secret-1.png"]
        for each in files:
            for _again in range(2):
                served = api_for(bo).get(each["url"])
                assert served.status_code == 200
                assert served.headers["Cache-Control"] == "no-store"
                assert served.getvalue() == picture()
            assert api_for(bo).get(each["thumbnail"]).status_code == 200
            assert_refused(api_for(bo).get(each["url"].partition("?")[0]), 404)
            assert_refused(api_for(bo).get(each["url"].replace("tab-1", "tab-2")), 404)
            for other in (ada, make_user()):
                assert_refused(api_for(other).get(each["url"]), 404)
        assert events.recipients("messageOpened") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert events.data("messageOpened") == {
            "messageId": sent.id,
            "conversationId": sent.conversation_id,
            "seq": 1,
            "personId": bo.pk,
        }
        for me, peer in ((ada, bo), (bo, ada)):
            [synced] = changes_since(me, cursors[me.pk]).messages
            assert synced.opened
            assert synced.attachments is None
            assert last(me, peer.pk) == synced
        [receipt] = receipts_page(ada, sent.conversation_id, seq=1, limit=5).receipts
        assert receipt.opened == Opening.objects.get().at
        end_openings()
        assert_refused(opening(api_for(bo), sent.id), 409, OPENED)
        assert_refused(api_for(bo).get(files[0]["url"]), 404)
        assert close_all(media) == set()
        assert not Attachment.objects.exists()
        assert last(ada, bo.pk).opened
        assert_refused(opening(api_for(bo), sent.id), 409, OPENED)

    def test_a_voice_message_is_heard_in_parts_as_long_as_it_takes(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk, voice=True)
        assert sent.text == "Voice message, view once"
        assert "waveform" not in msgspec.json.encode(last(bo, ada.pk)).decode()
        [file] = opening(api_for(bo), sent.id).json()["attachments"]
        assert (file["duration"], file["waveform"]) == (2500, VOICE["waveform"])
        found = Opening.objects.get()
        assert found.until - found.at == timedelta(minutes=2, milliseconds=2500)
        part = api_for(bo).get(file["url"], headers={"Range": "bytes=5-9"})
        assert part.status_code in (200, 206)
        assert_refused(api_for(bo).put(f"/api/listened/{sent.id}"), 400)

    def test_in_a_group_each_opens_it_once_and_the_last_one_ends_it(
        self, api_for: ApiFor, events: Events, media: Path
    ) -> None:
        ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
        group = make_group(ada, bo, cy)
        sent = send_once(ada, group)
        cursor, before = sync_cursor(cy), last(cy, group)
        events.clear()
        assert opening(api_for(bo), sent.id).status_code == 200
        assert events.recipients("messageOpened") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert (changes_since(cy, cursor).messages, last(cy, group)) == ([], before)
        assert [last(each, group).opened for each in (ada, bo, cy)] == [True, True, False]
        end_openings()
        job = Job.objects.get(kind="close_once")
        assert job.run_at
        assert job.run_at > now() + timedelta(days=13)
        [file] = opening(api_for(cy), sent.id).json()["attachments"]
        assert api_for(cy).get(file["url"]).status_code == 200
        end_openings()
        assert close_all(media) == set()

    def test_what_somebody_opened_last_of_all_stays_until_that_is_over(
        self, api_for: ApiFor, media: Path
    ) -> None:
        ada, bo = make_user("Ada"), make_user("Bo")
        sent = send_once(ada, make_group(ada, bo, make_user()))
        answer = opening(api_for(bo), sent.id)
        [file] = answer.json()["attachments"]
        assert len(close_all(media)) == 2
        assert opening(api_for(bo), sent.id).json() == answer.json()
        assert api_for(bo).get(file["url"]).getvalue() == picture()
        job = Job.objects.get(kind="close_once")
        assert job.run_at
        assert job.run_at >= Opening.objects.get().until
        end_openings()
        assert close_all(media) == set()

    @pytest.mark.parametrize("minutes", [-5, 5])
    def test_lasts_its_time_where_the_clock_of_the_database_is_another(
        self, minutes: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def database_now() -> datetime:
            return now() + timedelta(minutes=minutes)

        monkeypatch.setattr(openings, "database_now", database_now)
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk)
        open_once(user=bo, message_id=sent.id, opening_id="tab-1")
        close_once(message=sent.id)
        assert Attachment.objects.exists()
        job = Job.objects.get(kind="close_once")
        assert job.run_at
        assert job.run_at > database_now()
        end_openings()
        close_once(message=sent.id)
        assert not Attachment.objects.exists()

    def test_unopened_it_ends_after_two_weeks(self, api_for: ApiFor, media: Path) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk)
        assert close_all(media) == set()
        assert_refused(opening(api_for(bo), sent.id), 410, OVER)
        # Also where the job is late.
        late = send_once(ada, bo.pk)
        row = Message.objects.get(pk=late.id)
        assert row.view_once
        row.view_once = row.view_once.replace(f'"until":"{now().year}', '"until":"2001')
        row.view_once = row.view_once.replace(f'"until":"{now().year + 1}', '"until":"2001')
        row.save()
        assert_refused(opening(api_for(bo), late.id), 410, OVER)
        assert not Opening.objects.exists()

    def test_nobody_else_can(self, api_for: ApiFor, events: Events) -> None:
        ada, bo, left = make_user("Ada"), make_user("Bo"), make_user("Olga")
        group = make_group(ada, bo, left)
        sent = send_once(ada, group)
        remove_member(user=ada, group=group, person=left.pk)
        text, plain = make_message(ada, bo), make_upload(ada, picture(), "a.png")
        shown = send_message(sender=ada, peer=bo.pk, attachments=[plain.pk]).record
        events.clear()
        assert_refused(opening(api_for(make_user()), sent.id), 404, "Message not found.")
        assert_refused(opening(api_for(left), sent.id), 403, "You are no longer in this group.")
        assert_refused(opening(api_for(ada), sent.id), 400)
        for key in (text.pk, shown.id):
            assert_refused(opening(api_for(bo), key), 400)
        assert_refused(opening(api_for(bo), "abc"), 404)
        for opening_id in ("", "no spaces", "x" * 65):
            assert_refused(opening(api_for(bo), sent.id, opening_id), 400)
        assert_refused(api_for(bo).post(f"/api/opened/{sent.id}"), 400)
        assert api_for(bo).put(f"/api/opened/{sent.id}").status_code == 405
        assert opening(APIClient(), sent.id).status_code == 401
        delete_message(user=ada, message_id=sent.id)
        assert_refused(opening(api_for(bo), sent.id), 409, "This message was deleted.")
        assert not Opening.objects.exists()
        assert not events.recipients("messageOpened")

    def test_deleting_it_ends_an_opening_and_restoring_it_does_not_renew_it(
        self, api_for: ApiFor
    ) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk)
        [file] = opening(api_for(bo), sent.id).json()["attachments"]
        delete_message(user=ada, message_id=sent.id)
        assert "viewOnce" not in msgspec.to_builtins(changes_since(bo, sync_cursor(bo)))
        assert_refused(api_for(bo).get(file["url"]), 404)
        restore(message=Message.objects.select_related("conversation").get())
        assert last(bo, ada.pk).opened
        assert_refused(opening(api_for(bo), sent.id, "tab-2"), 409, OPENED)

    @pytest.mark.django_db(transaction=True)
    def test_after_a_block_neither_side_opens_anything(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        hers, his = send_once(ada, bo.pk), send_once(bo, ada.pk)
        block(user=ada, person=bo.pk)
        assert_refused(opening(api_for(ada), his.id), 403)
        assert_refused(opening(api_for(bo), hers.id), 410, OVER)  # who is not to learn why
        assert not Opening.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_of_a_request_nobody_opens_anything_and_its_sender_learns_nothing(
        self, api_for: ApiFor, events: Events
    ) -> None:
        SitePolicy.objects.create(requests=True)
        ada, bo = make_user("Ada"), make_user("Bo")
        sent = send_once(ada, bo.pk)
        cursor, before = sync_cursor(ada), last(ada, bo.pk)
        events.clear()
        assert_refused(
            opening(api_for(bo), sent.id), 403, "They are told nothing until you accept."
        )
        assert (len(events), Opening.objects.count()) == (0, 0)
        assert last(ada, bo.pk) == before
        assert changes_since(ada, cursor).messages == []
        [receipt] = receipts_page(ada, sent.conversation_id, seq=1, limit=5).receipts
        assert receipt.opened is None
        accept(user=bo, person=ada.pk)
        assert opening(api_for(bo), sent.id).status_code == 200
        assert last(ada, bo.pk).opened

    def test_is_not_told_where_reading_is_not(self, events: Events) -> None:
        for hiding in ("receiver", "sender"):
            ada, bo = make_pair()
            sent = send_once(ada, bo.pk)
            change_privacy(user=bo if hiding == "receiver" else ada, read_receipts="nobody")
            cursor, before = sync_cursor(ada), last(ada, bo.pk)
            events.clear()
            open_once(user=bo, message_id=sent.id, opening_id="tab-1")
            assert events.recipients("messageOpened") == [user_group(bo.pk)]
            end_openings()
            close_once(message=sent.id)
            assert last(ada, bo.pk) == before
            assert changes_since(ada, cursor).messages == []
            assert last(bo, ada.pk).opened
            [receipt] = receipts_page(ada, sent.conversation_id, seq=1, limit=5).receipts
            assert receipt.opened is None

    def test_what_was_reported_is_kept_until_that_is_decided(
        self, api_for: ApiFor, page_for: Callable[[User], Client], media: Path
    ) -> None:
        ada, bo = make_pair()
        moderator = make_user("Mo", role="moderator")
        sent = send_once(ada, bo.pk)
        opening(api_for(bo), sent.id)
        made, _is_new = report(user=bo, kind="message", about=sent.id, reason="spam")
        end_openings()
        assert len(close_all(media)) == 2
        shown = page_for(moderator).get(f"/moderation/{made.pk}").content.decode()
        assert "data:image/webp;base64," in shown
        assert_refused(opening(api_for(bo), sent.id), 409, OPENED)
        decide(by=moderator, key=made.pk, decision="nothing")
        assert close_all(media) == set()
        shown = page_for(moderator).get(f"/moderation/{made.pk}").content.decode()
        assert "Photo, view once" in shown
        assert "data:image/webp;base64," not in shown
        assert Report.objects.get().evidence

    @pytest.mark.database
    @pytest.mark.django_db(transaction=True)
    def test_of_several_pages_at_once_one_opens_it(self, events: Events) -> None:
        ada, bo = make_pair()
        sent = send_once(ada, bo.pk)
        version = Conversation.objects.get().version
        events.clear()

        def attempt(number: int) -> str:
            try:
                open_once(user=bo, message_id=sent.id, opening_id=f"tab-{number}")
            except DomainError as error:
                return error.message
            return ""

        calls = [partial(attempt, number) for number in range(4)]
        assert sorted(at_once(calls)) == ["", OPENED, OPENED, OPENED]
        assert Opening.objects.count() == 1
        assert Conversation.objects.get().version == version + 1
        assert events.recipients("messageOpened") == sorted(map(user_group, (ada.pk, bo.pk)))
