"""Disappearing messages: who sets it, that they are gone on time from everywhere, none before."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from accounts.models import SitePolicy, User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import (
    Attachment,
    Block,
    Conversation,
    Listening,
    Message,
    MessageEdit,
    Reaction,
    Report,
    SearchBlock,
    saved_key,
)
from messaging.page.peers import find_peer
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import first_unread, history, originals_of
from messaging.queries.pins import pins
from messaging.queries.search import SearchCriteria, search
from messaging.queries.shared import shared_with
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.blocks import block, unblock
from messaging.services.deletions import delete_messages
from messaging.services.disappearing import let_disappear
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import remove_member
from messaging.services.listenings import listen
from messaging.services.messages import delete_message, remove, restore, send_message
from messaging.services.pins import pin
from messaging.services.reactions import react
from messaging.services.reports import report
from messaging.services.requests import accept
from messaging.shapes.record import MessageRecord
from scheduler.models import Job
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import make_upload, send_voice
from tests.jobs import run_due, run_removals
from tests.limits import SetLimits
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

DAY = 24 * 3600
LATER = timedelta(days=8)


def let_pass(period: timedelta) -> None:
    """For whatever disappears."""
    each: Any
    for each in Message.objects.exclude(expires_at=None):
        Message.objects.filter(pk=each.pk).update(expires_at=each.expires_at - period)
    for each in Conversation.objects.exclude(next_expiry=None):
        next_expiry = each.next_expiry - period
        Conversation.objects.filter(pk=each.pk).update(next_expiry=next_expiry)
    for each in Job.objects.filter(kind="expire_messages"):
        Job.objects.filter(pk=each.pk).update(run_at=each.run_at - period)


def age_files(folder: Path) -> set[Path]:
    """All that are there, as if nobody had touched them for an hour."""
    moment = (now() - timedelta(hours=1)).timestamp()
    files = {path for path in folder.rglob("*") if path.is_file()}
    for path in files:
        os.utime(path, (moment, moment))
    return files


def texts(user: User, peer: str) -> list[str | None]:
    return [each.text for each in history(user, peer, before=None, limit=50) if not each.system]


def lines(user: User, peer: str) -> list[MessageRecord]:
    """What the system tells."""
    return [each for each in history(user, peer, before=None, limit=50) if each.system]


def chat_with(user: User, peer: str) -> Chat:
    [chat] = [each for each in chats_of(user) if each.peer.id == peer]
    return chat


def refusal(call: Callable[[], object]) -> int:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.status


@pytest.fixture
def pair() -> tuple[User, User]:
    """Ada and Bo, between whom messages last a week from their second one on."""
    ada, bo = make_pair()
    make_message(ada, bo, "Stays")
    let_disappear(user=ada, peer=bo.pk, seconds=7 * DAY)
    return ada, bo


class TestSetting:
    def test_either_of_two_sets_it_and_both_are_told(
        self, transactional_db: None, api_for: ApiFor, events: Events
    ) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        events.clear()
        for person, peer, seconds in ((ada, bo, DAY), (bo, ada, 90 * DAY), (ada, bo, 0)):
            call = f"/api/messages/disappearing/{peer.pk}"
            for _again in range(2):
                answer = api_for(person).put(call, {"seconds": seconds}, format="json")
                assert (answer.status_code, answer.json()) == (200, {"seconds": seconds})
            chats = [api_for(each).get("/api/messages/chats").json()[0] for each in (ada, bo)]
            assert [chat.get("disappearAfter", 0) for chat in chats] == [seconds] * 2
        told = [each.data for each in events if each.to == user_group(bo.pk)]
        told = [each for each in told if each.get("system")]
        assert [(each["system"]["event"], each["system"]["seconds"]) for each in told] == [
            ("disappearing", DAY),
            ("disappearing", 90 * DAY),
            ("lasting", 0),
        ]
        assert [each["senderId"] for each in told] == [ada.pk, bo.pk, ada.pk]
        said = [each["text"].translate({0x2068: None, 0x2069: None}) for each in told]
        assert said == [
            "Ada Lovelace let new messages disappear after 1 day",
            "Bo Diddley let new messages disappear after 90 days",
            "Ada Lovelace turned disappearing messages off",
        ]
        assert not any("expiresAt" in each for each in told)
        assert {each.to for each in events} == {user_group(ada.pk), user_group(bo.pk)}

    def test_admins_set_it_in_groups(self, api_for: ApiFor) -> None:
        ada, bo, cy, dee = make_user("Ada"), make_user("Bo"), make_user("Cy"), make_user("Dee")
        group = make_group(ada, bo, cy)
        call = f"/api/messages/disappearing/{group}"
        remove_member(user=cy, group=group, person=cy.pk)
        refused = "Only admins of the group may do this."
        assert_refused(api_for(bo).put(call, {"seconds": DAY}, format="json"), 403, refused)
        left = api_for(cy).put(call, {"seconds": DAY}, format="json")
        assert_refused(left, 403, "You are no longer in this group.")
        assert_refused(api_for(dee).put(call, {"seconds": DAY}, format="json"), 404)
        assert api_for(ada).put(call, {"seconds": DAY}, format="json").status_code == 200
        assert chat_with(bo, group).disappear_after == DAY
        assert chat_with(cy, group).disappear_after == 0
        saved = saved_key(ada.pk)
        assert refusal(lambda: let_disappear(user=ada, peer=saved, seconds=DAY)) == 404
        send_message(sender=ada, peer=saved, text="A note")
        let_disappear(user=ada, peer=saved, seconds=DAY)
        assert refusal(lambda: let_disappear(user=bo, peer=saved, seconds=0)) == 404

    def test_counts_as_a_message_that_is_sent(self, api_for: ApiFor, set_limits: SetLimits) -> None:
        set_limits(sends=2)
        ada, bo = make_pair()
        make_message(ada, bo)
        call = f"/api/messages/disappearing/{bo.pk}"
        answers = [
            api_for(ada).put(call, {"seconds": each}, format="json") for each in (DAY, 0, DAY)
        ]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert chat_with(ada, bo.pk).disappear_after == 0
        sent = api_for(ada).post(f"/api/messages/send/{bo.pk}", {"text": "Hi"}, format="json")
        assert sent.status_code == 429

    def test_what_cannot_be_is_refused(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        call = f"/api/messages/disappearing/{bo.pk}"
        assert_refused(api_for(ada).put(call, {"seconds": DAY}, format="json"), 404)
        make_message(ada, bo)
        for wrong in (-1, 1, 59, 365 * DAY + 1, "soon", None, 1.5):
            answer = api_for(ada).put(call, {"seconds": wrong}, format="json")
            assert_refused(answer, 400)
            assert set(answer.json()["errors"]) == {"seconds"}
        assert_refused(api_for(ada).put(call, {}, format="json"), 400)
        assert_refused(api_for(ada).post(call, {"seconds": DAY}, format="json"), 405)
        for peer in (ada.pk, "0" * 24, "nobody", "f" * 24):
            path = f"/api/messages/disappearing/{peer}"
            assert_refused(api_for(ada).put(path, {"seconds": DAY}, format="json"), 404)
        assert Conversation.objects.get().disappear_after == 0


class TestBlocked:
    def test_who_is_blocked_sets_nothing_for_the_blocker(
        self, transactional_db: None, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        ada, bo = pair
        let_disappear(user=ada, peer=bo.pk, seconds=DAY)
        block(user=ada, person=bo.pk)
        call = f"/api/messages/disappearing/{ada.pk}"
        for seconds in (0, 3600):
            assert api_for(bo).put(call, {"seconds": seconds}, format="json").status_code == 200
        assert chat_with(bo, ada.pk).disappear_after == 3600
        assert chat_with(ada, bo.pk).disappear_after == 0
        pages = {person.pk: find_peer(person, peer.pk) for person, peer in ((ada, bo), (bo, ada))}
        assert [page and page.disappear_after for page in pages.values()] == [None, 3600]
        unblock(user=ada, person=bo.pk)
        assert chat_with(ada, bo.pk).disappear_after == DAY
        assert chat_with(bo, ada.pk).disappear_after == DAY
        mine = send_message(sender=ada, peer=bo.pk, text="Mine").record
        assert mine.expires_at
        lasts = parse_datetime(mine.expires_at) - parse_datetime(mine.created_at)  # type: ignore[operator]
        assert lasts == timedelta(days=1)
        told = [each.system.seconds for each in lines(ada, bo.pk) if each.system]
        assert told == [7 * DAY, DAY, DAY]
        # What did not change is told by no line.
        block(user=ada, person=bo.pk)
        unblock(user=ada, person=bo.pk)
        assert len(lines(ada, bo.pk)) == 3


@pytest.mark.parametrize("answers", ["writes", "accepts"])
def test_a_stranger_sets_it_once_they_are_answered(
    transactional_db: None, api_for: ApiFor, answers: str
) -> None:
    """Until then it is the same whether or not they are blocked."""
    SitePolicy.objects.create(requests=True)
    ada, bo = make_pair()
    make_message(bo, ada)
    his, call = api_for(bo), f"/api/messages/disappearing/{ada.pk}"
    for is_blocked in (False, True, False):
        if is_blocked or Block.objects.exists():
            (block if is_blocked else unblock)(user=ada, person=bo.pk)
        for seconds in (DAY, 0):
            answer = his.put(call, {"seconds": seconds}, format="json")
            assert_refused(answer, 403, "You can choose this once they have answered you.")
    assert chat_with(ada, bo.pk).settings.request
    assert lines(ada, bo.pk) == []
    if answers == "writes":
        make_message(ada, bo)
    else:
        accept(user=ada, person=bo.pk)
    assert his.put(call, {"seconds": DAY}, format="json").status_code == 200
    assert chat_with(ada, bo.pk).disappear_after == DAY


def test_who_was_written_to_sets_it_and_accepts(transactional_db: None) -> None:
    SitePolicy.objects.create(requests=True)
    ada, bo = make_pair()
    make_message(bo, ada)
    let_disappear(user=ada, peer=bo.pk, seconds=DAY)
    assert not chat_with(ada, bo.pk).settings.request
    let_disappear(user=bo, peer=ada.pk, seconds=0)


class TestLifetime:
    def test_is_that_of_the_setting_when_it_was_sent(self, pair: tuple[User, User]) -> None:
        ada, bo = pair
        sent = [send_message(sender=ada, peer=bo.pk, text="A week").record]
        for seconds in (DAY, 0):
            let_disappear(user=bo, peer=ada.pk, seconds=seconds)
            sent.append(send_message(sender=bo, peer=ada.pk, text=str(seconds)).record)
        lasts = [
            each.expires_at and parse_datetime(each.expires_at) - parse_datetime(each.created_at)  # type: ignore[operator]
            for each in sent
        ]
        assert lasts == [timedelta(days=7), timedelta(days=1), None]
        assert [each.expires_at for each in history(ada, bo.pk, before=None, limit=9)] == [
            *(None, None, sent[0].expires_at, None),
            *(sent[1].expires_at, None, None),
        ]
        # The same once more is the first one; a copy goes by the chat that it is in.
        cy = make_user()
        [copy] = forward_messages(
            user=ada, message_ids=[sent[0].id], to=[cy.pk], client_message_id="f"
        ).sent
        assert copy.record.expires_at is None

    def test_nothing_goes_early(self, pair: tuple[User, User]) -> None:
        ada, bo = pair
        send_message(sender=ada, peer=bo.pk, text="A week")
        let_disappear(user=ada, peer=bo.pk, seconds=DAY)
        send_message(sender=ada, peer=bo.pk, text="A day")
        [job] = Job.objects.filter(kind="expire_messages")
        assert job.run_at == Message.objects.get(text="A day").expires_at
        Job.objects.update(run_at=now())
        run_due()
        assert texts(bo, ada.pk) == ["Stays", "A week", "A day"]
        let_pass(timedelta(days=1))
        assert texts(bo, ada.pk) == ["Stays", "A week"]
        run_due()
        assert texts(bo, ada.pk) == ["Stays", "A week"]
        # Whatever is set meanwhile.
        let_disappear(user=ada, peer=bo.pk, seconds=0)
        [job] = Job.objects.filter(kind="expire_messages")
        assert job.run_at == Message.objects.get(text="A week").expires_at
        let_pass(timedelta(days=6))
        run_due()
        assert texts(bo, ada.pk) == ["Stays"]
        assert not Job.objects.filter(kind="expire_messages").exists()
        assert Conversation.objects.get().next_expiry is None
        send_message(sender=ada, peer=bo.pk, text="For good")
        assert not Job.objects.filter(kind="expire_messages").exists()


class TestOnceItIsTime:
    """Before any job has run."""

    def test_nobody_reads_it(self, pair: tuple[User, User], api_for: ApiFor) -> None:
        ada, bo = pair
        cursor = sync_cursor(bo)
        gone = send_message(sender=ada, peer=bo.pk, text="https://gone.example").record
        answer = send_message(sender=bo, peer=ada.pk, text="Stays?", reply_to=gone.id).record
        last = send_message(sender=ada, peer=bo.pk, text="Gone, too").record
        pin(user=ada, message_id=gone.id)
        Message.objects.filter(pk=answer.id).update(expires_at=None, is_expiring=None)
        assert chat_with(bo, ada.pk).unread_count == 1
        let_pass(LATER)
        assert texts(ada, bo.pk) == texts(bo, ada.pk) == ["Stays", "Stays?"]
        listed = api_for(bo).get(f"/api/messages/{ada.pk}").json()
        assert [each["text"] for each in listed if "system" not in each] == ["Stays", "Stays?"]
        tombstone = chat_with(bo, ada.pk).last_message
        assert tombstone
        assert (tombstone.id, tombstone.text, tombstone.deleted) == (last.id, None, True)
        assert chat_with(bo, ada.pk).unread_count == 0
        assert first_unread(bo, ada.pk, read_seq=answer.seq) is None
        told = {each.id: each for each in changes_since(bo, cursor).messages}
        assert (told[gone.id].text, told[gone.id].deleted) == (None, True)
        assert originals_of(bo, ada.pk, [gone.id])[gone.id].text is None
        assert pins(bo, gone.conversation_id) == []
        assert shared_with(bo, ada.pk, kind="links", limit=9).messages == []
        assert search(bo, SearchCriteria(words="gone"), limit=9).messages == []

    def test_nobody_does_anything_with_it(self, pair: tuple[User, User], api_for: ApiFor) -> None:
        ada, bo = pair
        gone = send_message(sender=ada, peer=bo.pk, text="Gone", image=picture()).record
        upload = make_upload(ada)
        file = send_message(sender=ada, peer=bo.pk, attachments=[upload.pk]).record
        voice = send_voice(ada, bo.pk)
        assert file.attachments
        addresses: list[Any] = [gone.image, gone.thumbnail, file.attachments[0].url]
        assert [api_for(bo).get(each).status_code for each in addresses] == [200] * 3
        let_pass(LATER)
        assert [api_for(bo).get(each).status_code for each in addresses] == [404] * 3
        to = [make_user().pk]
        for refused, status in (
            (lambda: edit_message(user=ada, message_id=gone.id, text="Back"), 409),
            (lambda: react(user=bo, message_id=gone.id, emoji="👍"), 409),
            (lambda: pin(user=bo, message_id=gone.id), 409),
            (lambda: listen(user=bo, message_id=voice.id), 409),
            (lambda: send_message(sender=bo, peer=ada.pk, text="To it", reply_to=gone.id), 400),
            (lambda: report(user=bo, kind="message", about=gone.id, reason="spam"), 404),
            (
                lambda: forward_messages(
                    user=bo, message_ids=[gone.id], to=to, client_message_id="f"
                ),
                409,
            ),
        ):
            assert refusal(refused) == status
        [message] = Message.objects.filter(pk=gone.id).select_related("conversation")
        assert not restore(message=message)
        assert refusal(lambda: delete_messages(user=make_user(), message_ids=[gone.id])) == 404

    def test_unread_mentions_do_not_count(self) -> None:
        ada, bo = make_user("Ada"), make_user("Bo")
        group = make_group(ada, bo)
        let_disappear(user=ada, peer=group, seconds=DAY)
        send_message(sender=ada, peer=group, text="@Bo", mentions=[bo.pk])
        unread = chat_with(bo, group).unread_count
        assert chat_with(bo, group).unread_mentions == 1
        delete_messages(user=bo, message_ids=[_last(group).pk], whom="me")
        assert chat_with(bo, group).unread_mentions == 0
        send_message(sender=ada, peer=group, text="@Bo", mentions=[bo.pk])
        let_pass(LATER)
        counts = [(chat.unread_count, chat.unread_mentions) for chat in chats_of(bo)]
        assert counts == [(unread - 1, 0)]
        run_due()
        counts = [(chat.unread_count, chat.unread_mentions) for chat in chats_of(bo)]
        assert counts == [(unread - 1, 0)]


class TestRemoval:
    def test_leaves_nothing_of_it_and_tells_who_saw_it(
        self, events: Events, settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
        group = make_group(ada, bo, cy)
        send_message(sender=ada, peer=group, text="Stays")
        let_disappear(user=ada, peer=group, seconds=DAY)
        remove_member(user=ada, group=group, person=cy.pk)
        gone = send_message(sender=ada, peer=group, text="A secret", image=picture(900, 450)).record
        upload = make_upload(ada)
        file = send_message(sender=ada, peer=group, text="Two", attachments=[upload.pk]).record
        voice = send_voice(ada, group)
        edit_message(user=ada, message_id=gone.id, text="The secret")
        react(user=bo, message_id=gone.id, emoji="👍")
        pin(user=bo, message_id=gone.id)
        listen(user=bo, message_id=voice.id)
        for number in range(24):
            send_message(sender=bo, peer=group, text=f"secret {number}")
        assert SearchBlock.objects.filter(text__contains="secret").exists()
        cursor = sync_cursor(bo)
        age_files(tmp_path)
        events.clear()
        let_pass(LATER)
        run_removals()
        assert {each.to for each in events} == {user_group(ada.pk), user_group(bo.pk)}
        told = [each.data for each in events if each.event == "messageDeleted"]
        assert len(told) == 2 * 27
        assert all(each["deleted"] and each["expiresAt"] for each in told)
        assert next(each["messageId"] for each in told) == gone.id
        for rows in (Attachment, MessageEdit, Reaction, Listening):
            assert not rows.objects.exists()
        assert not SearchBlock.objects.filter(text__contains="secret").exists()
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == set()
        left = Message.objects.exclude(expires_at=None).order_by("seq")
        assert {(each.text, each.image, each.attachments, each.reactions) for each in left} == {
            ("", "", None, "")
        }
        assert all(each.deleted and not each.is_expiring for each in left)
        # Nothing is lost between: a client that was away is told of each.
        seqs = Message.objects.order_by("seq").values_list("seq", flat=True)
        assert [*seqs] == [*range(1, len(seqs) + 1)]
        there = {each.id: each for each in changes_since(bo, cursor).messages}
        assert {gone.id, file.id, voice.id} <= there.keys()
        assert {each.deleted for each in there.values()} == {True}
        assert texts(bo, group) == ["Stays"]
        assert chat_with(ada, group).unread_count == 0
        # Once more changes nothing.
        version = Conversation.objects.get().version
        Job.objects.create(
            kind="expire_messages", payload=f'{{"key":"group:{group}"}}', run_at=now()
        )
        run_due()
        assert Conversation.objects.get().version == version

    def test_a_copy_elsewhere_keeps_its_files(
        self, pair: tuple[User, User], api_for: ApiFor, settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo = pair
        cy = make_user("Cy")
        pictured = send_message(sender=ada, peer=bo.pk, image=picture(900, 450)).record
        upload = make_upload(ada)
        file = send_message(sender=ada, peer=bo.pk, attachments=[upload.pk]).record
        copies = forward_messages(
            user=bo, message_ids=[pictured.id, file.id], to=[cy.pk], client_message_id="f"
        ).sent
        before = age_files(tmp_path)
        let_pass(LATER)
        run_removals()
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
        attachments = copies[1].record.attachments
        assert attachments
        addresses: list[Any] = [
            copies[0].record.image,
            copies[0].record.thumbnail,
            attachments[0].url,
        ]
        assert [api_for(cy).get(each).status_code for each in addresses] == [200] * 3
        assert [api_for(ada).get(each).status_code for each in addresses] == [404] * 3

    def test_a_report_keeps_what_its_reporter_saw(
        self, pair: tuple[User, User], settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        ada, bo = pair
        gone = send_message(sender=ada, peer=bo.pk, text="Bad", image=picture(900, 450)).record
        report(user=bo, kind="message", about=gone.id, reason="spam")
        large = Message.objects.get(pk=gone.id).image
        for side in (500, 600):
            send_message(sender=ada, peer=bo.pk, image=picture(side, side))
        other = make_message(ada, make_user(), image=picture(800, 400))  # small, it looks the same
        age_files(tmp_path)
        let_pass(LATER)
        with CaptureQueriesContext(connection) as queries:
            run_removals()
        left = sorted(path.name for path in tmp_path.rglob("*.webp"))
        assert left == sorted([large, other.image, other.thumbnail])
        # Once for all of them, and no message is looked for but by an index.
        asked = [each["sql"] for each in queries.captured_queries]
        assert sum("evidence" in sql for sql in asked) == 1
        assert not any(re.search(r"thumbnail\W+= ", sql.partition("WHERE")[2]) for sql in asked)
        evidence = Report.objects.get().evidence
        assert "Bad" in evidence
        assert large in evidence

    def test_of_what_was_deleted_before_nothing_is_left_either(
        self, pair: tuple[User, User]
    ) -> None:
        ada, bo = pair
        gone = send_message(sender=ada, peer=bo.pk, text="Deleted").record
        delete_message(user=ada, message_id=gone.id)
        [tombstone] = history(bo, ada.pk, before=None, limit=1, include_deleted=True)
        assert (tombstone.deleted, tombstone.expires_at) == (True, None)
        assert Message.objects.get(pk=gone.id).text == "Deleted"
        let_pass(LATER)
        run_due()
        message = Message.objects.select_related("conversation").get(pk=gone.id)
        assert message.text == ""
        assert not restore(message=message)
        assert not remove(message=message)
        left = history(bo, ada.pk, before=None, limit=9, include_deleted=True)
        assert gone.id not in {each.id for each in left}

    def test_makes_up_for_the_time_the_site_was_down(self) -> None:
        ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
        for peer in (bo, cy):
            make_message(ada, peer, "Stays")
            let_disappear(user=ada, peer=peer.pk, seconds=DAY)
        for number in range(230):
            send_message(sender=ada, peer=bo.pk, text=f"{number}")
        send_message(sender=ada, peer=cy.pk, text="Gone")
        let_pass(timedelta(days=30))
        send_message(sender=ada, peer=bo.pk, text="Fresh")
        run_due()
        assert not Message.objects.filter(is_expiring=True).exclude(text="Fresh").exists()
        assert texts(bo, ada.pk) == ["Stays", "Fresh"]
        assert texts(cy, ada.pk) == ["Stays"]
        [job] = Job.objects.filter(kind="expire_messages")
        assert job.run_at == Message.objects.get(text="Fresh").expires_at


def _last(conversation: str) -> Message:
    return Message.objects.filter(conversation_id=conversation).latest("seq")
