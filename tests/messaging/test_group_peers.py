"""A group as the peer of a message: who may write, who is told, who sees what."""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import SelectAmong
from chatsite.locks import locking
from messaging import recipients
from messaging.models import Conversation, Membership, Message, Posting, Role, saved_key
from messaging.queries import members, sync
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import first_unread, history, history_page
from messaging.queries.members import NO_MARKS, read_marks
from messaging.queries.sync import Cursor, changes_since, sync_cursor
from messaging.queries.visibility import find_message
from messaging.recipients import user_group
from messaging.services.conversations import (
    DeliveredMark,
    ReadMark,
    locked_conversations,
    mark_delivered,
    mark_read,
    move_marks,
)
from messaging.services.drafts import Draft, new_draft
from messaging.services.messages import (
    Sent,
    delete_message,
    remove,
    restore,
    send_message,
    send_messages,
    store_system_message,
)
from messaging.shapes.record import MessageRecord, record_of
from messaging.shapes.system_messages import Change, NamedPerson, SystemDetails
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def changed(group: str, event: Change, by: User, person: User, *, sees_all: bool = False) -> None:
    """`by` has `person` come or go."""
    key = f"group:{group}"
    with locking(key):
        locked = locked_conversations([key])[key]
        if event in ("left", "removed"):
            locked.leave(person.pk)
        else:
            locked.join(person.pk, sees_all=sees_all)
        people = [NamedPerson(person.pk, person.full_name)]
        store_system_message(locked, SystemDetails(event, NamedPerson(by.pk, by.full_name), people))


def say(sender: User, group: str, **fields: Any) -> Sent:
    return send_message(sender=sender, peer=group, **{"text": "Hello", **fields})


def refused(sender: User, peer: str, **fields: Any) -> tuple[int, str]:
    with pytest.raises(DomainError) as refusal:
        say(sender, peer, **fields)
    return refusal.value.status, refusal.value.message


class TestWriting:
    def test_a_message_goes_to_the_group(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        record = say(bo, group).record
        assert (record.sender_id, record.receiver_id, record.seq) == (bo.pk, group, 2)
        assert record.conversation_id == group
        assert say(ada, group).record.seq == 3

    def test_only_members_write(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada)
        assert refused(bo, group) == (404, "Receiver not found.")
        assert refused(bo, f"f{'0' * 23}") == (404, "Receiver not found.")
        assert not Conversation.objects.exclude(pk=group).exists()

    def test_who_has_left_writes_no_more_but_is_answered_again(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        first = say(bo, group, client_message_id="b-1")
        changed(group, "removed", ada, bo)
        assert refused(bo, group) == (403, "You are no longer in this group.")
        assert say(bo, group, client_message_id="b-1") == Sent(first.record, created=False)
        changed(group, "added", ada, bo)
        assert say(bo, group).created

    def test_in_some_only_admins_write(self) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo, cleo, posting=Posting.ADMINS)
        with locking(f"group:{group}"):
            [locked] = locked_conversations([f"group:{group}"]).values()
            locked.give_role(cleo.pk, Role.ADMIN.value)
            by = NamedPerson(ada.pk, ada.full_name)
            store_system_message(locked, SystemDetails("renamed", by, title="Cats"))
        assert refused(bo, group) == (403, "Only admins may write in this group.")
        assert say(ada, group).created
        assert say(cleo, group).created

    def test_a_batch_refuses_each_for_itself(self) -> None:
        ada, bo = make_pair()
        stranger = make_user("Stranger")
        group, gone = make_group(ada, bo), make_group(ada, bo)
        changed(gone, "left", bo, bo)

        def draft(sender: User, peer: str) -> Draft:
            return new_draft(sender_id=sender.pk, receiver_id=peer, text="Hello")

        outcomes = send_messages(
            [
                draft(bo, group),
                draft(bo, gone),
                draft(stranger, group),
                draft(bo, ada.pk),
                draft(bo, f"f{'0' * 23}"),
                draft(ada, gone),
            ]
        )
        statuses = [each.status if isinstance(each, DomainError) else 201 for each in outcomes]
        assert statuses == [201, 403, 404, 201, 404, 201]

    def test_a_client_cannot_send_what_the_system_says(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        [told] = Message.objects.all()
        assert told.kind == "system"
        with pytest.raises(DomainError) as refusal:
            delete_message(user=ada, message_id=told.pk)
        assert refusal.value.status == 403
        assert say(ada, group).record.system is None

    def test_the_members_are_counted(self) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo)
        changed(group, "added", ada, cleo)
        assert Conversation.objects.get(pk=group).member_count == 3
        changed(group, "left", bo, bo)
        assert Conversation.objects.get(pk=group).member_count == 2
        changed(group, "added", ada, bo)
        assert Conversation.objects.get(pk=group).member_count == 3

    @pytest.mark.sql_only("MongoDB has other queries")
    def test_what_a_send_asks_does_not_grow_with_the_group(self) -> None:
        ada, *people = (make_user(f"Person {number}") for number in range(20))
        small, large = make_group(ada, people[0]), make_group(ada, *people)
        asked = []
        for group in (small, large):
            with CaptureQueriesContext(connection) as queries:
                say(people[0], group)
            asked.append(len(queries))
        assert asked[0] == asked[1]

    def test_a_mark_reads_of_others_only_that_they_are_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo, *people = (make_user(f"Person {number}") for number in range(20))
        small, large = make_group(ada, bo), make_group(ada, bo, *people)
        read, rows_among = Counter[str](), SelectAmong.rows_among

        def counted(select: SelectAmong, *wanted: Any) -> list[Row]:
            rows = rows_among(select, *wanted)
            read[group] += sum(map(len, rows))
            return rows

        monkeypatch.setattr(SelectAmong, "rows_among", counted)
        for group in (small, large):
            assert mark_read(user=bo, peer=group, seq=1) == 1
        assert read[large] - read[small] == len(people) * len(("group", "person"))


class TestAnswers:
    def test_name_a_message_of_the_same_conversation(self) -> None:
        ada, bo = make_pair()
        first, elsewhere = make_message(ada, bo), make_message(ada)
        answer = send_message(sender=bo, peer=ada.pk, text="Yes", reply_to=first.pk)
        assert answer.record.reply_to == first.pk
        for key in (elsewhere.pk, first.conversation_id, "0" * 24, "nonsense"):
            assert refused(bo, ada.pk, reply_to=key) == (
                400,
                "The message that this one answers is not there.",
            )

    def test_not_a_deleted_one(self) -> None:
        ada, bo = make_pair()
        first = make_message(ada, bo)
        delete_message(user=ada, message_id=first.pk)
        assert refused(bo, ada.pk, reply_to=first.pk)[0] == 400

    def test_nor_one_from_before_somebody_came(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada)
        before = say(ada, group).record
        changed(group, "added", ada, bo)
        assert refused(bo, group, reply_to=before.id)[0] == 400
        after = say(ada, group, reply_to=before.id).record
        assert say(bo, group, reply_to=after.id).record.reply_to == after.id


class TestTelling:
    def test_all_members_and_nobody_else_hear_of_a_message(self, events: Events) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo, cleo)
        make_user("Stranger")
        changed(group, "left", cleo, cleo)
        events.clear()
        say(bo, group)
        assert events.recipients("newMessage") == sorted(map(user_group, [ada.pk, bo.pk]))

    def test_who_goes_and_who_comes_hear_the_message_that_says_so(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        everybody = sorted(map(user_group, [ada.pk, bo.pk]))
        for event in ("removed", "added"):
            events.clear()
            changed(group, event, ada, bo)
            assert events.recipients("newMessage") == everybody
            assert events.data("newMessage")["system"]["event"] == event

    def test_who_may_see_a_message_hears_that_it_is_deleted(self, events: Events) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo)
        first = say(ada, group).record
        changed(group, "removed", ada, bo)
        changed(group, "added", ada, cleo)
        last = say(ada, group).record
        for record, others in ((first, [bo]), (last, [cleo])):
            events.clear()
            delete_message(user=ada, message_id=record.id)
            told = sorted(user_group(each.pk) for each in [ada, *others])
            assert events.recipients("messageDeleted") == told
            assert events.data("messageDeleted")["receiverId"] == group
            events.clear()
            restore(message=Message.objects.get(pk=record.id))
            assert events.recipients("messageRestored") == told

    def test_members_hear_who_has_read(self, events: Events) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo, cleo)
        changed(group, "left", cleo, cleo)
        events.clear()
        assert mark_read(user=bo, peer=group, seq=99) == 2
        assert events.recipients("messagesRead") == sorted(map(user_group, [ada.pk, bo.pk]))
        assert events.data("messagesRead") == {
            "conversationId": group,
            "readerId": bo.pk,
            "peerId": group,
            "seq": 2,
        }

    def test_who_changes_a_group_has_not_read_what_was_said_in_it(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        assert read_marks(ada, group) == (1, NO_MARKS)
        say(bo, group)
        events.clear()
        changed(group, "added", ada, make_user("Cleo"))
        assert read_marks(ada, group)[0] == 1
        assert not events.recipients("messagesRead")
        say(ada, group)
        assert read_marks(ada, group)[0] == 4

    def test_who_left_reads_up_to_their_end_and_tells_nobody(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        say(ada, group)
        changed(group, "removed", ada, bo)
        say(ada, group)
        events.clear()
        assert mark_read(user=bo, peer=group, seq=99) == 3
        assert events.recipients("messagesRead") == [user_group(bo.pk)]

    def test_marks_that_move_at_once_are_told_to_those_who_are_there(self, events: Events) -> None:
        ada, bo = make_pair()
        cleo, eve, stranger = make_user("Cleo"), make_user("Eve"), make_user("Stranger")
        group = make_group(ada, bo, cleo, eve)
        changed(group, "left", eve, eve)
        say(ada, group)
        say(ada, saved_key(ada.pk))
        make_message(ada, bo)
        events.clear()
        moved = move_marks(
            [
                ReadMark(bo.pk, group, 3),
                DeliveredMark(cleo.pk, group, 2),
                ReadMark(eve.pk, group, 99),
                ReadMark(stranger.pk, group, 3),
                ReadMark(cleo.pk, group, 1),
                ReadMark(bo.pk, ada.pk, 1),
                ReadMark(ada.pk, saved_key(ada.pk), 1),
            ]
        )
        outcomes = [each.status if isinstance(each, DomainError) else each for each in moved]
        assert outcomes == [3, 2, 2, 404, 1, 1, 1]
        there = sorted(user_group(each.pk) for each in (ada, bo, cleo))
        assert events.recipients("messagesDelivered") == there
        of_group = [
            (each.data["readerId"], each.to)
            for each in events
            if each.event == "messagesRead" and each.data["peerId"] == group
        ]
        to_all = [(reader.pk, to) for reader in (bo, cleo) for to in there]
        assert sorted(of_group) == sorted([*to_all, (eve.pk, user_group(eve.pk))])
        rows = Membership.objects.filter(conversation=group)
        stored = rows.values_list("user_id", "last_read_seq", "last_delivered_seq", "until_seq")
        assert set(stored) == {
            (ada.pk, 3, None, None),
            (bo.pk, 3, None, None),
            (cleo.pk, 1, 2, None),
            (eve.pk, 2, None, 2),
        }

    def test_in_a_large_group_nobody_else_is_told_what_somebody_has_read(
        self, events: Events, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recipients, "LIVE_MARKS", 2)
        ada, bo = make_pair()
        group = make_group(ada, bo, make_user("Cleo"))
        events.clear()
        assert mark_read(user=bo, peer=group, seq=1) == 1
        say(ada, group)
        assert mark_delivered(user=bo, peer=group, seq=2) == 2
        say(bo, group)
        assert events.recipients("messagesRead") == [user_group(bo.pk)] * 2
        assert events.recipients("messagesDelivered") == [user_group(bo.pk)]

    def test_a_group_that_somebody_never_was_in_has_no_marks_for_them(self) -> None:
        ada, bo = make_pair()
        with pytest.raises(DomainError) as refusal:
            mark_read(user=bo, peer=make_group(ada), seq=1)
        assert refusal.value.status == 404


def seqs(user: User, group: str, **page: Any) -> list[int]:
    page = {"before": None, "limit": 50, **page}
    return [message.seq for message in history(user, group, **page)]


def synced(user: User, since: str = "") -> list[int]:
    """The numbers of the messages, page by page."""
    found, changes = [], changes_since(user, since or Cursor({}).encode())
    while True:
        found += [message.seq for message in changes.messages]
        if not changes.more:
            return found
        changes = changes_since(user, changes.cursor)


class Visit:
    """Bo comes after the first two messages of a group, sees 3 to 5, goes, and misses the rest."""

    def __init__(self, *, shows_history: bool = False) -> None:
        self.ada, self.bo = make_pair()
        self.group = make_group(self.ada)
        self.before = say(self.ada, self.group).record
        changed(self.group, "added", self.ada, self.bo, sees_all=shows_history)
        self.within = say(self.ada, self.group).record
        changed(self.group, "removed", self.ada, self.bo)
        self.later = say(self.ada, self.group).record

    def come_back(self, *, shows_history: bool = False) -> None:
        changed(self.group, "added", self.ada, self.bo, sees_all=shows_history)


class TestSeeing:
    def test_nothing_from_before_and_nothing_from_after(self) -> None:
        visit = Visit()
        assert seqs(visit.bo, visit.group) == [3, 4, 5]
        assert seqs(visit.ada, visit.group) == [1, 2, 3, 4, 5, 6]
        assert synced(visit.bo) == [3, 4, 5]
        assert find_message(visit.bo, visit.within.id)
        assert not find_message(visit.bo, visit.before.id)
        assert not find_message(visit.bo, visit.later.id)

    def test_what_was_before_where_the_group_shows_it(self) -> None:
        visit = Visit(shows_history=True)
        assert seqs(visit.bo, visit.group) == synced(visit.bo) == [1, 2, 3, 4, 5]
        assert find_message(visit.bo, visit.before.id)

    def test_both_stays_of_who_came_back_and_nothing_between(self) -> None:
        visit = Visit()
        visit.come_back()
        say(visit.bo, visit.group)
        assert seqs(visit.bo, visit.group) == synced(visit.bo) == [3, 4, 5, 7, 8]
        assert not find_message(visit.bo, visit.later.id)
        assert find_message(visit.bo, visit.within.id)

    def test_everything_once_for_who_came_back_to_see_it(self) -> None:
        visit = Visit()
        visit.come_back(shows_history=True)
        everything = [1, 2, 3, 4, 5, 6, 7]
        assert seqs(visit.bo, visit.group) == synced(visit.bo) == everything

    def test_pages_go_on_over_the_stays(self) -> None:
        visit = Visit()
        visit.come_back()
        pages = []
        page = history_page(visit.bo, visit.group, before=None, limit=2)
        while page.before:
            pages.append([message.seq for message in page.messages])
            page = history_page(visit.bo, visit.group, before=page.before, limit=2)
        assert [*pages, [message.seq for message in page.messages]] == [[5, 7], [3, 4]]

    def test_deleted_ones_only_where_they_are_asked_for(self) -> None:
        visit = Visit()
        delete_message(user=visit.ada, message_id=visit.within.id)
        assert seqs(visit.bo, visit.group) == [3, 5]
        assert seqs(visit.bo, visit.group, include_deleted=True) == [3, 4, 5]

    def test_a_stranger_sees_nothing(self) -> None:
        visit, stranger = Visit(), make_user("Stranger")
        assert seqs(stranger, visit.group) == synced(stranger) == []
        assert chats_of(stranger) == []
        assert not find_message(stranger, visit.within.id)
        with pytest.raises(NotFound, match="No such group"):
            history_page(stranger, visit.group, before=None, limit=9)

    def test_a_group_is_no_way_to_a_direct_chat(self) -> None:
        """Nor is the key of its conversation."""
        message = make_message(ada := make_user(), bo := make_user())
        for user in (ada, bo, make_user()):
            assert seqs(user, message.conversation_id) == []

    def test_a_deletion_is_told_to_who_saw_it_also_later(self) -> None:
        visit = Visit()
        since = sync_cursor(visit.bo)
        for record in (visit.before, visit.within, visit.later):
            delete_message(user=visit.ada, message_id=record.id)
        assert [(each.seq, each.deleted) for each in changes_since(visit.bo, since).messages] == [
            (4, True)
        ]

    def test_a_busy_group_is_told_page_by_page_to_who_came_late(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sync, "PAGE", 2)
        visit = Visit()
        visit.come_back()
        say(visit.bo, visit.group)
        make_message(visit.bo, visit.ada)
        assert sorted(synced(visit.bo)) == [1, 3, 4, 5, 7, 8]


class TestChatList:
    def chat(self, user: User, group: str) -> Chat:
        [chat] = [each for each in chats_of(user) if each.peer.id == group]
        [told] = [
            each for each in changes_since(user, Cursor({}).encode()).chats if each.peer.id == group
        ]
        assert (
            msgspec.structs.replace(told, peer_read_seq=0, peer_delivered_seq=0, hidden=()) == chat
        )
        return told

    def test_a_group_is_one_entry_by_its_name(self) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        direct = make_message(bo, ada)
        group = make_group(ada, bo, cleo, title="Cats")
        say(bo, group, text="Meow")
        assert [each.peer.full_name for each in chats_of(ada)] == ["Cats", "Bo Diddley"]
        make_message(bo, ada)
        assert [each.peer.full_name for each in chats_of(ada)] == ["Bo Diddley", "Cats"]
        chat = self.chat(ada, group)
        assert (chat.is_group, chat.member_count, chat.role, chat.can_post) == (
            True,
            3,
            "owner",
            True,
        )
        assert chat.last_message
        assert (chat.last_message.text, chat.last_message.receiver_id) == ("Meow", group)
        assert (chat.peer.email, chat.peer.profile_pic[:15]) == ("", "/media/avatars/")
        assert (chat.unread_count, chat.last_seq, chat.last_read_seq) == (1, 2, 1)
        [other] = [each for each in chats_of(ada) if not each.is_group]
        assert (other.peer.id, other.role, other.member_count) == (direct.sender_id, None, 2)

    def test_whoever_has_left_keeps_it_as_it_was(self) -> None:
        visit = Visit()
        chat = self.chat(visit.bo, visit.group)
        assert chat.last_message
        assert chat.last_message.system
        assert chat.last_message.system.event == "removed"
        assert (chat.last_seq, chat.last_read_seq, chat.unread_count) == (5, 2, 3)
        assert (chat.member_count, chat.role, chat.can_post, chat.peer_read_seq) == (
            0,
            None,
            False,
            0,
        )
        mark_read(user=visit.bo, peer=visit.group, seq=99)
        assert self.chat(visit.bo, visit.group).unread_count == 0

    def test_unread_is_what_they_see_and_is_not_deleted(self) -> None:
        visit = Visit()
        delete_message(user=visit.ada, message_id=visit.before.id)
        delete_message(user=visit.ada, message_id=visit.later.id)
        assert self.chat(visit.bo, visit.group).unread_count == 3
        delete_message(user=visit.ada, message_id=visit.within.id)
        assert self.chat(visit.bo, visit.group).unread_count == 2
        visit.come_back()
        assert self.chat(visit.bo, visit.group).unread_count == 1

    def test_where_only_admins_write_others_are_told_that_they_cannot(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo, posting=Posting.ADMINS)
        assert (self.chat(ada, group).can_post, self.chat(bo, group).can_post) == (True, False)

    def test_what_somebody_has_read_is_told_in_small_groups(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo, make_user("Cleo"))
        say(ada, group)
        mark_read(user=bo, peer=group, seq=1)
        mark_delivered(user=bo, peer=group, seq=2)
        chat = self.chat(ada, group)
        assert (chat.peer_read_seq, chat.peer_delivered_seq) == (1, 2)
        assert read_marks(ada, group) == (2, (1, 2))
        assert read_marks(bo, group) == (1, (2, 2))
        assert read_marks(make_user(), group) == (0, NO_MARKS)
        monkeypatch.setattr(members, "LIVE_MARKS", 2)
        chat = self.chat(ada, group)
        assert (chat.peer_read_seq, chat.peer_delivered_seq) == (0, 0)
        assert read_marks(ada, group) == (2, NO_MARKS)

    def test_the_first_unread_message_is_one_that_they_see(self) -> None:
        visit = Visit()
        assert first_unread(visit.bo, visit.group, read_seq=0) == 3
        assert first_unread(visit.bo, visit.group, read_seq=4) == 5
        assert first_unread(visit.bo, visit.group, read_seq=5) is None
        assert first_unread(visit.ada, visit.group, read_seq=0) is None
        visit.come_back()
        assert first_unread(visit.bo, visit.group, read_seq=5) == 7

    @pytest.mark.sql_only("MongoDB has other queries")
    def test_what_it_asks_grows_neither_with_groups_nor_with_their_members(self) -> None:
        people = [make_user(f"Person {number}") for number in range(8)]
        asked = []
        for _round in range(2):
            for count in (2, 8):
                make_group(*people[:count])
                changed(make_group(*people[:count]), "left", people[0], people[0])
            with CaptureQueriesContext(connection) as queries:
                chats_of(people[0])
            asked.append(len(queries))
        assert asked == [4, 4]


class TestPictures:
    def test_open_for_who_may_see_the_message(self, api_for: ApiFor) -> None:
        visit = Visit()
        stranger = make_user("Stranger")
        visit_says = {"text": "", "image": picture()}
        within = say(visit.ada, visit.group, **visit_says).record
        visit.come_back()
        seen = say(visit.ada, visit.group, **visit_says).record
        changed(visit.group, "removed", visit.ada, visit.bo)
        later = say(visit.ada, visit.group, **visit_says).record
        for record, people in ((within, "ada"), (seen, "ada bo"), (later, "ada")):
            for name, user in {"ada": visit.ada, "bo": visit.bo, "stranger": stranger}.items():
                assert record.image
                status = api_for(user).get(record.image).status_code
                assert status == (200 if name in people else 404)


Seen = dict[int, tuple[str | None, bool]]  # text and whether it is deleted, by seq


def view_of(messages: Iterable[MessageRecord]) -> Seen:
    return {each.seq: (each.text, each.deleted) for each in messages}


class Life:
    """Of a group, at random: who is there, and what each of them may see."""

    def __init__(self, events: Events, seed: int) -> None:
        self.chance, self.events = random.Random(seed), events
        self.owner, *self.others = (make_user(f"Person {number}") for number in range(4))
        self.people = {each.pk: each for each in [self.owner, *self.others]}
        self.group = make_group(self.owner)
        self.there = {self.owner.pk}
        self.may_see: dict[str, set[int]] = {key: set() for key in self.people}
        self.may_see[self.owner.pk] = {1}
        self.cursors = dict.fromkeys(self.people, Cursor({}).encode())
        self.synced: dict[str, dict[int, MessageRecord]] = {key: {} for key in self.people}

    @property
    def last(self) -> int:
        return Conversation.objects.get(pk=self.group).last_seq

    def goes_on(self) -> None:
        self.events.clear()
        before = self.last
        act = self.chance.choice([self.come_or_go, self.say, self.say, self.say, self.change])
        hearing = act() or self.there
        if self.last > before:
            for key in hearing:
                self.may_see[key].add(self.last)
            assert self.events.recipients("newMessage") == sorted(map(user_group, hearing))

    def come_or_go(self) -> set[str]:
        """Who hears of it: also whoever goes."""
        person = self.chance.choice(self.others)
        hearing = self.there | {person.pk}
        if person.pk in self.there:
            changed(self.group, "removed", self.owner, person)
            self.there.remove(person.pk)
            return hearing
        # What somebody sees only since they came back is history, and no change.
        shown = not self.may_see[person.pk] and self.chance.random() < 0.5
        if shown:
            self.may_see[person.pk] = set(range(1, self.last + 1))
        changed(self.group, "added", self.owner, person, sees_all=shown)
        self.there.add(person.pk)
        return hearing

    def say(self) -> None:
        person = self.people[self.chance.choice(sorted(self.there))]
        say(person, self.group, text=f"number {self.last}")

    def change(self) -> None:
        message = self.chance.choice(list(Message.objects.filter(conversation_id=self.group)))
        (restore if message.deleted else remove)(message=message)
        event = "messageDeleted" if message.deleted else "messageRestored"
        told = [user_group(key) for key, seen in self.may_see.items() if message.seq in seen]
        assert self.events.recipients(event) == sorted(told)

    def sync(self, key: str) -> None:
        changes = changes_since(self.people[key], self.cursors[key])
        self.cursors[key] = changes.cursor
        self.synced[key].update((message.seq, message) for message in changes.messages)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_each_sees_what_was_said_while_they_were_there(
    events: Events, seed: int
) -> None:
    """By every way: history, sync now and then, live events, the chat list, a message's key."""
    life = Life(events, seed)
    for _step in range(50):
        life.goes_on()
        for key in life.people:
            if life.chance.random() < 0.3:
                life.sync(key)
    stored = {each.seq: each for each in Message.objects.filter(conversation_id=life.group)}
    for key, person in life.people.items():
        life.sync(key)
        seen = life.may_see[key]
        truth = view_of(record_of(stored[seq], life.group) for seq in seen)
        page = history(person, life.group, before=None, limit=100, include_deleted=True)
        assert view_of(page) == view_of(life.synced[key].values()) == truth
        assert {seq for seq, each in stored.items() if find_message(person, each.pk)} == seen
        lasts = [chat.last_message.seq for chat in chats_of(person) if chat.last_message]
        assert lasts == [max(seen)] if seen else not lasts
