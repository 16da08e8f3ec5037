"""Messages that are sent later: once, not early, and not unless their sender may write then."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.services.moderation import ban, silence
from accounts.services.restraints import silences
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.keys import key_at
from chatsite.wire import timestamp
from messaging.models import Attachment, Membership, Message, ScheduledMessage, saved_key
from messaging.queries.attachments import used_by
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.scheduled import awaited, scheduled_of
from messaging.recipients import user_group
from messaging.services import messages, scheduled
from messaging.services.blocks import block, unblock
from messaging.services.groups import change_group, remove_member
from messaging.services.messages import delete_message, send_message
from messaging.services.privacy import change_privacy
from messaging.services.scheduled import (
    MAX_SCHEDULED,
    cancel_scheduled,
    change_scheduled,
    schedule_message,
    send_due,
    send_now,
    send_to_arrived,
)
from messaging.services.tidying import tidy_attachments
from scheduler import runner
from scheduler.models import Job
from scheduler.registry import KINDS, THREADS, Lane
from scheduler.services import schedule
from tests.concurrency import at_once
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import PDF, TUS, make_upload
from tests.jobs import run_due, run_removals
from tests.messaging.later import pass_time
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def plan(sender: User, peer: str, text: str = "Later", *, minutes: float = 10) -> str:
    """The key of a message that is sent then."""
    at = now() + timedelta(minutes=minutes)
    return schedule_message(user=sender, peer=peer, text=text, send_at=at)[0].pk


def wait_for(sender: User, peer: User, text: str = "There you are") -> str:
    return schedule_message(user=sender, peer=peer.pk, text=text, when_online=True)[0].pk


def texts() -> list[str]:
    return list(Message.objects.filter(kind="text").order_by("pk").values_list("text", flat=True))


def error_of(key: str) -> str:
    return ScheduledMessage.objects.get(pk=key).error


class TestSending:
    def test_it_is_sent_at_its_time_once_and_gone(self) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        pass_time(minutes=9)
        assert texts() == []
        pass_time(minutes=1, seconds=1)
        run_due()
        message = Message.objects.get()
        assert (message.text, message.sender_id) == ("Later", ada.pk)
        assert message.client_message_id == f"scheduled:{key}"
        assert not ScheduledMessage.objects.exists()
        assert not Job.objects.exists()

    def test_a_reply_with_mentions_goes_as_such(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        first = send_message(sender=bo, peer=group, text="When?").record.id
        at = now() + timedelta(hours=1)
        schedule_message(
            user=ada, peer=group, text="Now, @Bo", send_at=at, reply_to=first, mentions=[bo.pk]
        )
        pass_time(hours=1)
        sent = Message.objects.get(text="Now, @Bo")
        assert (sent.reply_to, sent.mentions) == (first, f'["{bo.pk}"]')

    def test_its_sender_has_not_read_what_came_meanwhile(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        plan(ada, bo.pk)
        make_message(bo, ada, "Did you see?")
        pass_time(minutes=11)
        mine = Membership.objects.get(user=ada)
        assert (mine.last_read_seq, mine.read_at) == (1, None)
        [chat] = chats_of(ada)
        assert chat.unread_count
        # Who sends it by hand is there, and has.
        send_now(user=ada, key=plan(ada, bo.pk))
        mine.refresh_from_db()
        assert mine.last_read_seq == 4

    def test_once_the_site_was_down_it_is_sent_late_and_its_sender_told(
        self, events: Events
    ) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        events.clear()
        pass_time(hours=5)
        told = events.data("scheduledChanged")
        assert events.recipients("scheduledChanged") == [user_group(ada.pk)]
        assert (told["_id"], told["messageId"]) == (key, Message.objects.get().pk)
        with pytest.raises(DomainError) as refused:
            change_scheduled(user=ada, key=key, text="Again")
        assert refused.value.code == "sent"
        send_due(key)
        assert texts() == ["Later"]
        cancel_scheduled(user=ada, key=key)
        assert texts() == ["Later"]

    def test_after_more_than_a_day_it_is_not_sent(self) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        pass_time(days=2)
        assert texts() == []
        assert "more than a day ago" in error_of(key)

    def test_two_that_send_it_at_once_send_it_once(self, transactional_db: None) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk, minutes=1)
        ScheduledMessage.objects.update(send_at=now() - timedelta(seconds=1))
        at_once([lambda: send_due(key)] * 2)
        assert texts() == ["Later"]
        assert not ScheduledMessage.objects.exists()

    def test_what_was_sent_before_its_row_went_is_not_sent_again(self) -> None:
        """As where a process dies on a MongoDB without transactions."""
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        row = ScheduledMessage.objects.get(pk=key)
        messages.send_together([scheduled._draft(row)])
        pass_time(minutes=10)
        assert texts() == ["Later"]
        assert not ScheduledMessage.objects.exists()

    @pytest.mark.sql_only("without transactions the words of before may be sent")
    def test_changed_in_the_middle_of_sending_it_goes_as_it_is_then(
        self, transactional_db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        send = messages.send_together

        def change_first(*args: object, **kwargs: object) -> object:
            monkeypatch.setattr(scheduled, "send_together", send)
            change_scheduled(user=ada, key=key, text="Better")
            return send(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(scheduled, "send_together", change_first)
        pass_time(minutes=10)
        run_due()
        assert texts() == ["Better"]

    def test_when_the_site_is_busy_it_is_tried_again(
        self, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        settings.JOB_RETRY_SECONDS = 60
        ada, bo = make_pair()
        plan(ada, bo.pk)
        refusal = DomainError("Busy", 503)
        monkeypatch.setattr(scheduled, "send_together", lambda *_args, **_more: [refusal])
        pass_time(minutes=10)
        job = Job.objects.get()
        assert (job.error, job.run_at is not None) == ("Busy", True)
        assert ScheduledMessage.objects.get().error == ""

    def test_to_oneself_it_goes_to_the_saved_messages(self) -> None:
        ada = make_user()
        plan(ada, saved_key(ada.pk))
        pass_time(minutes=10)
        assert texts() == ["Later"]


class TestRefusals:
    def refused(self, ada: User, peer: str, because: Callable[[], object]) -> str:
        key = plan(ada, peer)
        before = texts()
        because()
        pass_time(minutes=10)
        run_due()
        assert texts() == before
        [row] = scheduled_of(ada)
        assert (row.pk, row.text) == (key, "Later")
        assert not Job.objects.filter(kind=scheduled.JOB).exists()
        return row.error

    def test_by_who_was_removed_from_the_group(self) -> None:
        ada, bo = make_pair()
        group = make_group(bo, ada)
        why = self.refused(ada, group, lambda: remove_member(user=bo, group=group, person=ada.pk))
        assert why == "You are no longer in this group."

    def test_where_only_admins_write_by_then(self) -> None:
        ada, bo = make_pair()
        group = make_group(bo, ada)
        why = self.refused(ada, group, lambda: change_group(user=bo, group=group, posting="admins"))
        assert why == "Only admins may write in this group."

    def test_to_whom_one_has_blocked(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        why = self.refused(ada, bo.pk, lambda: block(user=ada, person=bo.pk))
        assert why.startswith("You have blocked this person.")

    def test_by_the_silenced_and_the_banned(self) -> None:
        ada, bo = make_pair()

        def silenced() -> None:
            silence(user=ada, until=now() + timedelta(days=1))
            silences.set({ada.pk: now() + timedelta(days=1)})

        assert self.refused(ada, bo.pk, silenced).startswith("Moderators have silenced you")
        eve = make_user("Eve")
        why = self.refused(eve, bo.pk, lambda: ban(user=eve, reason="spam"))
        assert why == "Your account was banned at that time."

    def test_to_an_account_that_is_gone(self) -> None:
        ada, bo = make_pair()
        assert self.refused(ada, bo.pk, bo.delete) == "Receiver not found."

    def test_a_reply_to_what_was_deleted(self) -> None:
        ada, bo = make_pair()
        first = make_message(bo, ada)
        at = now() + timedelta(minutes=10)
        fields: dict[str, Any] = {"user": ada, "peer": bo.pk, "text": "Yes", "send_at": at}
        schedule_message(**fields, reply_to=first.pk)
        delete_message(user=bo, message_id=first.pk)
        pass_time(minutes=10)
        assert scheduled_of(ada).get().error == "The message that this one answers is not there."

    def test_its_sender_is_told_and_sends_it_again(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(bo, ada)
        change_group(user=bo, group=group, posting="admins")
        key = plan(ada, group)
        events.clear()
        pass_time(minutes=10)
        told = events.data("scheduledChanged")
        assert events.recipients("scheduledChanged") == [user_group(ada.pk)]
        assert (told["_id"], told["text"]) == (key, "Later")
        assert told["error"] == "Only admins may write in this group."
        with pytest.raises(DomainError, match="Only admins"):
            send_now(user=ada, key=key)
        change_group(user=bo, group=group, posting="all")
        change_scheduled(user=ada, key=key, send_at=now() + timedelta(minutes=5))
        assert error_of(key) == ""
        pass_time(minutes=5)
        assert texts() == ["Later"]


class TestChanges:
    def test_another_time_and_other_words_count(self, events: Events) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        row = change_scheduled(user=ada, key=key, send_at=now() + timedelta(minutes=30))
        change_scheduled(user=ada, key=key, text="Changed")
        assert events.recipients("scheduledChanged") == [user_group(ada.pk)] * 3
        send_due(key)
        pass_time(minutes=29)
        assert texts() == []
        assert row.send_at
        pass_time(minutes=1)
        assert texts() == ["Changed"]

    def test_cancelled_it_is_not_sent(self, events: Events) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        cancel_scheduled(user=ada, key=key)
        pass_time(hours=1)
        assert texts() == []
        assert not Job.objects.exists()
        gone = events.data("scheduledRemoved")
        assert gone == {"scheduledId": key, "peerId": bo.pk, "messageId": None}
        assert events.recipients("scheduledRemoved") == [user_group(ada.pk)]

    def test_sent_now_it_is_not_sent_again(self, events: Events) -> None:
        ada, bo = make_pair()
        key = plan(ada, bo.pk)
        sent = send_now(user=ada, key=key)
        schedule(scheduled.JOB, key=key)
        pass_time(hours=1)
        assert texts() == ["Later"]
        assert events.data("scheduledRemoved")["messageId"] == sent.record.id

    def test_the_same_client_message_id_is_one_message(self) -> None:
        ada, bo = make_pair()
        at = now() + timedelta(minutes=10)

        def again(sender: User) -> tuple[str, bool]:
            fields: dict[str, Any] = {"user": sender, "peer": bo.pk, "text": "One", "send_at": at}
            row, is_new = schedule_message(**fields, client_message_id="one")
            return row.pk, is_new

        first, is_new = again(ada)
        assert (is_new, again(ada)) == (True, (first, False))
        other, is_new = again(make_user("Cy"))
        assert (is_new, other != first) == (True, True)
        pass_time(minutes=10)
        with pytest.raises(DomainError) as refused:
            again(ada)
        assert refused.value.code == "sent"
        assert len(texts()) == 2

    def test_there_is_room_for_so_many(self) -> None:
        ada, bo = make_pair()
        ScheduledMessage.objects.bulk_create(
            ScheduledMessage(pk=key_at(now()), sender=ada, peer=bo.pk, text="x", send_at=now())
            for _ in range(MAX_SCHEDULED)
        )
        with pytest.raises(DomainError, match="up to 100"):
            plan(ada, bo.pk)
        plan(bo, ada.pk)


@pytest.mark.django_db(transaction=True)
class TestWhenOnline:
    def arrive(self, *people: User) -> None:
        send_to_arrived({person.pk for person in people})
        run_due()

    def test_it_is_sent_as_soon_as_they_are_online_and_not_when_others_are(self) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        wait_for(ada, bo)
        pass_time(days=3)
        self.arrive(ada, cy)
        assert texts() == []
        self.arrive(bo)
        assert texts() == ["There you are"]
        self.arrive(bo)
        assert texts() == ["There you are"]
        assert awaited() == {}

    def test_once_it_has_a_time_it_waits_for_that_and_back(self) -> None:
        ada, bo = make_pair()
        key = wait_for(ada, bo)
        change_scheduled(user=ada, key=key, send_at=now() + timedelta(minutes=10))
        self.arrive(bo)
        assert texts() == []
        change_scheduled(user=ada, key=key, when_online=True)
        pass_time(minutes=10)
        assert texts() == []
        cancel_scheduled(user=ada, key=key)
        self.arrive(bo)
        assert texts() == []

    def test_of_who_hides_it_nobody_learns_by_this_when_they_come(self) -> None:
        ada, bo = make_pair()
        wait_for(ada, bo)
        change_privacy(user=bo, online="nobody")
        self.arrive(bo)
        assert texts() == []
        with pytest.raises(DomainError) as refused:
            wait_for(ada, bo)
        assert (refused.value.status, refused.value.code) == (403, "when_online")
        change_privacy(user=bo, online="everybody")
        self.arrive(bo)
        assert texts() == ["There you are"]

    def test_who_was_blocked_waits_as_for_somebody_who_never_comes(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        block(user=bo, person=ada.pk)
        wait_for(ada, bo)
        self.arrive(bo)
        assert texts() == ["Hello"]

    def test_in_a_group_it_cannot_be(self) -> None:
        ada, bo = make_pair()
        for peer in (make_group(ada, bo), saved_key(ada.pk)):
            with pytest.raises(DomainError, match="Only in a chat of two"):
                schedule_message(user=ada, peer=peer, text="Hi", when_online=True)


def test_clients_cannot_choose_its_client_message_id() -> None:
    ada, bo = make_pair()
    key = plan(ada, bo.pk)
    with pytest.raises(DomainError) as refused:
        send_message(sender=ada, peer=bo.pk, text="x", client_message_id=f"scheduled:{key}")
    assert refused.value.code == "client_id"


def test_deleting_the_account_takes_them_along() -> None:
    ada, bo = make_pair()
    plan(ada, bo.pk)
    ada.delete()
    pass_time(minutes=10)
    assert texts() == []
    assert not ScheduledMessage.objects.exists()


def plan_files(sender: User, peer: str, *data: bytes, text: str = "", **fields: Any) -> str:
    keys = [make_upload(sender, each, f"{place}.pdf").pk for place, each in enumerate(data)]
    at = now() + timedelta(minutes=10)
    row, _is_new = schedule_message(
        user=sender, peer=peer, text=text, send_at=at, attachments=keys, **fields
    )
    return row.pk


def files_on(disk: Path) -> int:
    return sum(path.is_file() for path in (disk / "attachments").rglob("*"))


class TestFiles:
    def test_they_wait_with_it_count_and_go_at_its_time(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        first, second = make_upload(ada, name="a.pdf"), make_upload(ada, picture(), "b.png")
        body = {
            "text": "",
            "sendAt": timestamp(now() + timedelta(minutes=10)),
            "attachments": [second.pk, first.pk],
            "captions": {first.pk: "Minutes"},
        }
        planned = api_for(ada).post(f"/api/messages/schedule/{bo.pk}", body, format="json")
        assert planned.status_code == 201
        told = planned.json()["attachments"]
        assert [(each["id"], each.get("caption")) for each in told] == [
            (second.pk, None),
            (first.pk, "Minutes"),
        ]
        assert api_for(ada).get("/api/scheduled").json() == [planned.json()]
        assert used_by(ada.pk) == first.size + second.size
        for file in told:
            assert api_for(ada).get(file["url"]).status_code == 200
            assert_refused(api_for(bo).get(file["url"]), 404)
        Attachment.objects.update(updated_at=now() - timedelta(days=30))
        tidy_attachments(dry_run=False)
        for file in told:
            assert api_for(ada).get(file["url"]).status_code == 200
        pass_time(minutes=10, seconds=1)
        [seen] = history(bo, ada.pk, before=None, limit=5)
        assert seen.attachments
        assert [(each.id, each.caption) for each in seen.attachments] == [
            (second.pk, None),
            (first.pk, "Minutes"),
        ]
        assert api_for(bo).get(told[0]["url"]).status_code == 200
        assert not Attachment.objects.exclude(state="sent", scheduled=None).exists()
        assert not ScheduledMessage.objects.exists()

    def test_they_are_sent_with_nothing_else_and_not_taken_away(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        key = plan_files(ada, bo.pk, PDF)
        file = Attachment.objects.get().pk
        for send in (
            partial(send_message, sender=ada, peer=bo.pk, attachments=[file]),
            partial(schedule_message, user=ada, peer=bo.pk, when_online=True, attachments=[file]),
        ):
            with pytest.raises(DomainError, match="sent before"):
                send()
        ended = api_for(ada).delete(f"/api/uploads/{file}", headers=TUS)
        assert ended.status_code == 404
        assert ScheduledMessage.objects.count() == 1
        send_now(user=ada, key=key)
        assert Message.objects.get().attachments
        theirs = make_upload(bo).pk
        with pytest.raises(DomainError, match="sent before"):
            schedule_message(user=ada, peer=bo.pk, when_online=True, attachments=[theirs])

    def test_cancelling_frees_them(self, settings: Settings, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo = make_pair()
        key = plan_files(ada, bo.pk, PDF, PDF)
        assert files_on(tmp_path) == 2
        cancel_scheduled(user=ada, key=key)
        assert used_by(ada.pk) == 0
        aged = time.time() - 3600
        for path in tmp_path.rglob("*.*"):
            os.utime(path, (aged, aged))
        for path in (tmp_path / "attachments").rglob("*"):
            os.utime(path, (aged, aged))
        run_removals()
        assert files_on(tmp_path) == 0
        assert not Job.objects.exists()

    def test_an_edit_keeps_them_and_they_need_no_words(self) -> None:
        ada, bo = make_pair()
        key = plan_files(ada, bo.pk, PDF, text="See")
        change_scheduled(user=ada, key=key, text="")
        change_scheduled(user=ada, key=key, send_at=now() + timedelta(hours=1))
        with pytest.raises(DomainError):
            change_scheduled(user=ada, key=plan(ada, bo.pk), text="")
        pass_time(hours=1)
        found = Message.objects.get(text="")
        assert found.attachments

    def test_what_is_refused_keeps_them_with_the_words(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        key = plan_files(ada, bo.pk, PDF, text="See")
        block(user=ada, person=bo.pk)
        pass_time(minutes=11)
        assert error_of(key)
        [row] = scheduled_of(ada)
        assert (row.text, row.files.count()) == ("See", 1)
        tidy_attachments(dry_run=False)
        unblock(user=ada, person=bo.pk)
        send_now(user=ada, key=key)
        assert Message.objects.get(text="See").attachments

    def test_what_is_seen_once_is_so_then_and_has_no_words(self) -> None:
        ada, bo = make_pair()
        keys = [make_upload(ada, picture(), "a.png").pk]
        more: dict[str, Any] = {"attachments": keys, "view_once": True, "when_online": True}
        with pytest.raises(DomainError, match="without words"):
            schedule_message(user=ada, peer=bo.pk, text="Look", **more)
        key = schedule_message(user=ada, peer=bo.pk, **more)[0].pk
        with pytest.raises(DomainError, match="without words"):
            change_scheduled(user=ada, key=key, text="Look")
        record = send_now(user=ada, key=key).record
        assert record.view_once
        assert (record.attachments, record.view_once.files) == (None, keys)

    def test_the_same_again_is_the_same(self) -> None:
        ada, bo = make_pair()
        first = make_upload(ada).pk

        def again() -> tuple[str, bool]:
            row, is_new = schedule_message(
                user=ada,
                peer=bo.pk,
                when_online=True,
                attachments=[first],
                client_message_id="a",
            )
            return row.pk, is_new

        key, is_new = again()
        assert is_new
        assert again() == (key, False)
        send_now(user=ada, key=key)
        with pytest.raises(DomainError, match="sent already"):
            again()

    def test_they_go_with_the_account(self) -> None:
        ada, bo = make_pair()
        plan_files(ada, bo.pk, PDF)
        ScheduledMessage.objects.filter(sender=ada).delete()
        assert not Attachment.objects.exists()


def test_it_is_looked_for_often_enough_to_go_within_two_seconds() -> None:
    kind = KINDS[scheduled.JOB]
    assert runner.POLL <= 1
    assert (kind.lane, THREADS[kind.lane] > 1) == (Lane.QUICK, True)
