"""A group as the peer of a message: who may write, who is told, who sees what."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.locks import locking
from messaging import audience
from messaging.audience import user_group
from messaging.models import Conversation, Message, Posting, Role
from messaging.services.conversations import locked_conversations, mark_read
from messaging.services.drafts import Draft, new_draft
from messaging.services.messages import (
    Sent,
    delete_message,
    restore,
    send_message,
    send_messages,
    store_system_message,
)
from messaging.system_messages import Change, NamedPerson, SystemDetails
from tests.factories import make_group, make_message, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def changed(group: str, event: Change, by: User, person: User) -> None:
    """`by` has `person` come or go."""
    key = f"group:{group}"
    with locking(key):
        locked = locked_conversations([key])[key]
        if event in ("left", "removed"):
            locked.leave(person.pk)
        else:
            locked.join(person.pk)
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
        assert events.data("messagesRead") == {"readerId": bo.pk, "peerId": group, "seq": 2}

    def test_who_left_reads_up_to_their_end_and_tells_nobody(self, events: Events) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        say(ada, group)
        changed(group, "removed", ada, bo)
        say(ada, group)
        events.clear()
        assert mark_read(user=bo, peer=group, seq=99) == 3
        assert events.recipients("messagesRead") == [user_group(bo.pk)]

    def test_in_a_large_group_nobody_else_is_told_what_somebody_has_read(
        self, events: Events, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audience, "LIVE_MARKS", 2)
        ada, bo = make_pair()
        group = make_group(ada, bo, make_user("Cleo"))
        events.clear()
        assert mark_read(user=bo, peer=group, seq=1) == 1
        say(ada, group)
        say(bo, group)
        assert events.recipients("messagesRead") == [user_group(bo.pk)] * 2

    def test_a_group_that_somebody_never_was_in_has_no_marks_for_them(self) -> None:
        ada, bo = make_pair()
        with pytest.raises(DomainError) as refusal:
            mark_read(user=bo, peer=make_group(ada), seq=1)
        assert refusal.value.status == 404
