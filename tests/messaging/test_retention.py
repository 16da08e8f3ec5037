"""What a site keeps: what is older goes, with its files, and nothing else does."""

import io
import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from chatsite.db import now
from chatsite.keys import key_at
from messaging.models import (
    BLOCK,
    Attachment,
    Conversation,
    Membership,
    Message,
    Reaction,
    Report,
    SearchBlock,
)
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import history
from messaging.queries.search import SearchCriteria, search
from messaging.queries.sync import changes_since, sync_cursor
from messaging.queries.visibility import find_message
from messaging.recipients import user_group
from messaging.services import retention
from messaging.services.deletions import delete_messages
from messaging.services.forwarding import forward_messages
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import send_message
from messaging.services.reactions import react
from messaging.services.reports import report
from scheduler.models import Job
from scheduler.services import ensure_recurring
from tests.factories import (
    ApiFor,
    make_group,
    make_message,
    make_pair,
    make_session,
    make_user,
)
from tests.files import make_upload
from tests.jobs import run_due, run_removals
from tests.messaging.test_disappearing import age_files
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def age(messages: Iterable[Message], by: timedelta = YEAR) -> None:
    """As if they had been sent so long ago: their keys tell it, too."""
    for message in messages:
        moment = message.created_at - by
        older = Message.objects.get(pk=message.pk)
        older.pk, older.created_at, older.client_message_id = key_at(moment), moment, ""
        rows = list(Attachment.objects.filter(message_id=message.pk))
        Conversation.objects.filter(last_message_id=message.pk).update(last_message=None)
        reactions = list(Reaction.objects.filter(message_id=message.pk))
        Message.objects.filter(pk=message.pk).delete()
        older.save(force_insert=True)
        for row in rows:
            row.pk, row.message_id, row.created_at = key_at(moment), older.pk, moment
            row.save(force_insert=True)
        for reaction in reactions:
            reaction.message_id = older.pk
            reaction.save(force_insert=True)
    for conversation in Conversation.objects.filter(last_message=None):
        last = conversation.messages.order_by("seq").last()
        Conversation.objects.filter(pk=conversation.pk).update(last_message=last)


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("retention", *arguments, stdout=output)
    return output.getvalue().strip()


def texts(user: User, peer: str) -> list[str | None]:
    return [each.text for each in history(user, peer, before=None, limit=99) if not each.system]


def chat_with(user: User, peer: str) -> Chat | None:
    return next((chat for chat in chats_of(user) if chat.peer.id == peer), None)


class TestMessages:
    def test_older_ones_go_for_everybody_and_counts_stay_right(self, events: Events) -> None:
        ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
        group = make_group(ada, bo, cy)
        for number in range(BLOCK + 3):
            send_message(sender=ada, peer=group, text=f"Old {number}")
        gone = Message.objects.get(text="Old 3")
        react(user=bo, message_id=gone.pk, emoji="👍")
        remove_member(user=cy, group=group, person=cy.pk)
        age(Message.objects.all())
        for number in range(3):
            send_message(sender=ada, peer=group, text=f"New {number}")
        delete_messages(user=bo, message_ids=[Message.objects.get(text="New 1").pk], whom="me")
        cursors = {person.pk: sync_cursor(person) for person in (ada, bo, cy)}
        assert run("messages", "--days", "300") == f"would be: {BLOCK + 5} messages removed"
        assert len(texts(ada, group)) == BLOCK + 6
        assert run("messages", "--days", "300", "--remove") == f"{BLOCK + 5} messages removed"
        assert not Message.objects.filter(seq__lte=BLOCK + 5).exists()
        assert not Reaction.objects.exists()
        assert not SearchBlock.objects.filter(text__contains="old").exists()
        assert texts(ada, group) == ["New 0", "New 1", "New 2"]
        assert texts(bo, group) == ["New 0", "New 2"]
        assert history(cy, group, before=None, limit=9) == []
        assert search(ada, SearchCriteria(words="old"), limit=9).messages == []
        assert len(search(ada, SearchCriteria(words="new"), limit=9).messages) == 3
        unread = [chat.unread_count for chat in chats_of(bo)]
        assert unread == [2]
        told = changes_since(bo, cursors[bo.pk]).chats
        assert [list(each) for each in told[0].hidden] == [[1, BLOCK + 5], [BLOCK + 7, BLOCK + 7]]
        # Who comes later to a group that shows its history finds what is left.
        dee = make_user("Dee")
        Conversation.objects.filter(pk=group).update(shows_history=True)
        add_members(user=ada, group=group, people=[dee.pk, cy.pk])
        assert texts(dee, group) == ["New 0", "New 1", "New 2"]
        assert chat_with(dee, group)
        assert run("messages", "--days", "300", "--remove") == "0 messages removed"

    def test_a_chat_of_which_nothing_is_left_leaves_the_list_until_there_is_more(self) -> None:
        ada, bo = make_pair()
        make_message(ada, bo, "Old")
        age(Message.objects.all())
        retention.remove_messages(now() - timedelta(days=300))
        assert (chats_of(ada), chats_of(bo)) == ([], [])
        assert Conversation.objects.get().last_message is None
        new = make_message(bo, ada, "New")
        assert new.seq == 2
        assert texts(ada, bo.pk) == ["New"]
        [chat] = chats_of(ada)
        assert (chat.unread_count, chat.last_seq) == (1, 2)

    def test_it_goes_on_where_it_was_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "BATCH_SIZE", 2)
        ada, bo = make_pair()
        for number in range(7):
            make_message(ada, bo, f"Old {number}")
        age(Message.objects.all())
        make_message(ada, bo, "New")
        asked: list[bool] = []

        def is_stopping() -> bool:
            asked.append(True)
            return len(asked) > 3

        before = now() - timedelta(days=300)
        assert retention.remove_messages(before, is_stopping=is_stopping) == 4
        # Whatever is left to be removed, nobody sees it.
        assert Message.objects.count() == 4
        assert texts(bo, ada.pk) == ["New"]
        assert find_message(bo, Message.objects.get(text="Old 6").pk) is None
        assert retention.remove_messages(before) == 3
        assert Message.objects.count() == 1

    def test_open_pages_are_told(self, events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
        ada, bo = make_pair()
        make_message(ada, bo, "Old")
        age(Message.objects.all())
        make_message(ada, bo, "New")
        monkeypatch.setattr(retention, "online_users", lambda: frozenset([bo.pk]))
        events.clear()
        retention.remove_messages(now() - timedelta(days=300))
        assert events.recipients("historyChanged") == [user_group(bo.pk)]
        assert events.data("historyChanged")["hidden"] == [[1, 1]]


class TestFiles:
    def test_go_and_words_stay(
        self, events: Events, api_for: ApiFor, settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo = make_pair()
        cy = make_user("Cy")
        keys = [make_upload(ada).pk for _number in range(4)]
        send_message(sender=ada, peer=bo.pk, text="With words", attachments=[keys[0]])
        send_message(sender=ada, peer=bo.pk, attachments=[keys[1]])
        send_message(sender=ada, peer=bo.pk, text="Pictured", image=picture(900, 450))
        send_message(sender=ada, peer=bo.pk, attachments=[keys[2]])
        plain = send_message(sender=ada, peer=bo.pk, text="Plain").record
        age(Message.objects.all())
        forwarded = Message.objects.get(seq=4)
        copied = (
            forward_messages(user=bo, message_ids=[forwarded.pk], to=[cy.pk], client_message_id="f")
            .sent[0]
            .record
        )
        new = send_message(sender=bo, peer=ada.pk, attachments=[make_upload(bo).pk]).record
        words = r"would be: files of 4 messages removed, [\d.]+.bytes"
        assert re.fullmatch(words, run("files", "--days", "300"))
        before = age_files(tmp_path)
        cursor = sync_cursor(bo)
        events.clear()
        assert run("files", "--days", "300", "--remove").startswith("files of 4 messages removed")
        run_removals()
        assert texts(bo, ada.pk) == ["With words", "Pictured", "Plain", None]
        records = history(bo, ada.pk, before=None, limit=9, include_deleted=True)
        assert [each.deleted for each in records] == [False, True, False, True, False, False]
        assert not any(each.image or each.attachments for each in records[:-1])
        assert records[-1].attachments
        edited = {each.data["seq"] for each in events if each.event == "messageEdited"}
        deleted = {each.data["seq"] for each in events if each.event == "messageDeleted"}
        assert (edited, deleted) == ({1, 3}, {2, 4})
        assert not any("editedAt" in each.data for each in events)
        assert {each.seq for each in changes_since(bo, cursor).messages} == {1, 2, 3, 4}
        # What is not removed: that of the copy, and of the new one.
        left = {path for path in tmp_path.rglob("*") if path.is_file()}
        assert len(before) - len(left) == 4
        for reader, record in ((cy, copied), (ada, new)):
            assert record.attachments
            assert api_for(reader).get(record.attachments[0].url).status_code == 200
        assert plain.seq == 5
        assert "files of 0 messages" in run("files", "--days", "300", "--remove")

    def test_a_report_keeps_its_picture(self, settings: Any, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo = make_pair()
        send_message(sender=ada, peer=bo.pk, text="Bad", image=picture(900, 450))
        age(Message.objects.all())
        bad = Message.objects.get()
        report(user=bo, kind="message", about=bad.pk, reason="spam")
        age_files(tmp_path)
        retention.remove_messages(now() - timedelta(days=300))
        run_removals()
        assert [path.name for path in tmp_path.rglob("*.webp")] == [bad.image]
        assert bad.image in Report.objects.get().evidence


def test_accounts_that_nobody_uses_are_to_be_deleted() -> None:
    old = now() - 2 * YEAR
    people = {name: make_user(name) for name in ("Ada", "Bo", "Cy", "Dee", "Eve", "Fay")}
    User.objects.exclude(pk=people["Fay"].pk).update(created_at=old, last_seen_at=old)
    User.objects.filter(pk=people["Bo"].pk).update(last_seen_at=None)
    User.objects.filter(pk=people["Cy"].pk).update(last_seen_at=now())
    User.objects.filter(pk=people["Dee"].pk).update(role="moderator")
    make_session(people["Eve"])  # of a program, say, which opens no socket
    # Of others the row of the session has gone by now, which they may have used until it ended.
    for name, login in (("Gil", now()), ("Hal", now() - YEAR - timedelta(days=1))):
        User.objects.filter(pk=make_user(name).pk).update(created_at=old, last_login=login)
    User.objects.filter(pk=people["Ada"].pk).update(last_login=old)
    assert run("accounts", "--days", "365") == "would be: 2 accounts to be deleted in a week"
    assert not User.objects.exclude(deletion_at=None).exists()
    done = run("accounts", "--days", "365", "--remove")
    assert done == "2 accounts to be deleted in a week"
    planned = User.objects.exclude(deletion_at=None)
    assert {each.full_name for each in planned} == {"Ada", "Bo"}
    assert all(each.deletion_at and each.deletion_at > now() for each in planned)
    assert not planned.filter(deletion_removes=True).exists()
    assert run("accounts", "--days", "365", "--remove").startswith("0 accounts")


def test_the_scheduler_does_it_daily_if_the_site_says_so(settings: Any) -> None:
    ada, bo = make_pair()
    make_message(ada, bo, "Old")
    age(Message.objects.all())
    make_message(ada, bo, "New")
    ensure_recurring()
    wanted = Job.objects.filter(name__in=["remove_old_messages", "remove_old_files"])
    Job.objects.exclude(pk__in=[job.pk for job in wanted]).delete()
    run_due()
    assert texts(bo, ada.pk) == ["Old", "New"]
    settings.KEEP_MESSAGES_DAYS = 300
    wanted.update(run_at=now())
    run_due()
    assert texts(bo, ada.pk) == ["New"]
    assert wanted.count() == 2
    assert Membership.objects.filter(since_seq=1).count() == 2


def test_who_names_no_days_is_told() -> None:
    for wrong in ([], ["--days", "0"], ["--days", "soon"]):
        with pytest.raises(CommandError):
            run("messages", *wrong)
