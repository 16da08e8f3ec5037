"""Messages that are stored together."""

from dataclasses import replace

import msgspec
import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.fastpath.database_calls import DatabaseCall
from chatsite.fastpath.group_commit import run_together
from chatsite.keys import new_key
from chatsite.monitoring import metrics
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import SENDS, WRITES
from chatsite.wire import timestamp
from messaging.models import (
    Conversation,
    Membership,
    Message,
    MessageEdit,
    Reaction,
    direct_key,
)
from messaging.recipients import user_group
from messaging.services.batches import ChangeWrite, MarkWrite, SendWrite
from messaging.services.changes import MessageChange
from messaging.services.conversations import ReadMark, mark_read
from messaging.services.drafts import new_draft
from messaging.services.edits import new_edit
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, sent_among
from messaging.services.reactions import ReactionChange
from messaging.shapes.reactions import decoded_reactions
from messaging.shapes.record import MessageRecord, record_of
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.limits import SetLimits
from tests.messaging.sends import (
    TEXTS,
    FailsOnce,
    Sender,
    acquainted,
    done,
    mark_of,
    numbers,
    to_both,
    told,
)
from tests.recording import Events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's messages are stored each by itself"),
]


def test_messages_of_many_conversations_are_stored_together(sends: Sender, events: Events) -> None:
    people = acquainted(6)
    pairs = list(zip(people[::2], people[1::2], strict=True))
    events.clear()
    before = metrics.MESSAGES_SENT._value.get()

    answers = done([sends(one, other, f"from {one.pk}", "c-1") for one, other in pairs])

    assert sends.alone == []
    assert metrics.MESSAGES_SENT._value.get() == before + 3
    for (one, other), answer in zip(pairs, answers, strict=True):
        stored = Message.objects.get(text=f"from {one.pk}")
        assert answer == record_of(stored)
        assert numbers(one, other) == [1, 2]
        conversation = stored.conversation
        assert (conversation.last_seq, conversation.last_message_id) == (2, stored.pk)
        assert conversation.version == stored.version == 2
        assert conversation.changed_at == stored.created_at == stored.updated_at
        assert mark_of(one, other) == 2
        assert mark_of(other, one) == 0
    assert sorted(each.to for each in events) == sorted(f"user.{each.pk}" for each in people)
    assert {each.event for each in events} == {"newMessage"}
    for each in events:
        assert each.data in msgspec.to_builtins(answers)


def test_more_than_one_statement_looks_for(sends: Sender, events: Events) -> None:
    people = acquainted(2 * 70)
    events.clear()
    calls = [sends(*pair) for pair in zip(people[::2], people[1::2], strict=True)]
    calls += [sends(*pair) for pair in zip(people[1::2], people[::2], strict=True)]
    answers = done(calls)
    assert sends.alone == []
    assert sorted(answer.seq for answer in answers) == [2] * 70 + [3] * 70
    assert len(told(events)) == 4 * 70
    assert set(Conversation.objects.values_list("last_seq", flat=True)) == {3}


@pytest.mark.parametrize("text", [*TEXTS, "x" * 10_000, "a\x01", " a ", "null"])
def test_texts_are_stored_as_they_are(sends: Sender, events: Events, text: str) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    [answer] = done([sends(ada, bo, text)])
    assert sends.alone == []
    assert answer.text == Message.objects.get(seq=2).text == text
    assert events.data("newMessage") == msgspec.to_builtins(answer)
    assert answer.client_message_id is None


def test_first_messages_to_somebody_are_stored_with_the_others(
    sends: Sender, events: Events
) -> None:
    ada, bo = make_pair()
    cy, di = make_user("Cy"), make_user("Di")
    make_message(ada, bo)
    events.clear()
    calls = [sends(ada, cy, "first", "c-1"), sends(ada, bo, "second"), sends(di, ada, "hello")]
    answers = done([*calls, sends(cy, ada, "next"), sends(ada, cy, "again", "c-1")])
    assert sends.alone == []
    assert [answer.seq for answer in answers] == [1, 2, 1, 2, 1]
    assert answers[4] == answers[0]
    assert told(events) == sorted(
        [*to_both(ada, cy, 1, 2), *to_both(ada, bo, 2), *to_both(ada, di, 1)]
    )
    assert (mark_of(ada, cy), mark_of(cy, ada)) == (1, 2)
    assert (mark_of(ada, di), mark_of(di, ada)) == (0, 1)
    assert events.recipients("messagesRead") == sorted([f"user.{ada.pk}", f"user.{cy.pk}"])
    assert Conversation.objects.count() == 3
    for conversation in Conversation.objects.select_related("last_message"):
        assert conversation.memberships.count() == 2
        last = conversation.last_message
        assert last is not None
        assert (conversation.last_seq, conversation.version) == (last.seq, last.version)


def test_what_is_refused_begins_no_conversation(sends: Sender, events: Events) -> None:
    ada, bo = make_pair()
    cy, di = make_user("Cy"), make_user("Di")
    make_message(ada, bo, client_message_id="c-1")
    events.clear()
    used, unknown, begun = done(
        [sends(ada, cy, "used", "c-1"), sends(ada, User(pk="0" * 24)), sends(ada, di)]
    )
    assert (used.status, unknown.status, begun.seq) == (409, 404, 1)
    assert told(events) == to_both(ada, di, 1)
    assert Conversation.objects.count() == 2
    assert not Membership.objects.filter(user=cy).exists()


def test_whom_nobody_knows_concerns_nobody_else(sends: Sender, events: Events) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    unknown, known = done([sends(ada, User(pk="0" * 24), "nobody"), sends(ada, bo)])
    assert isinstance(unknown, DomainError)
    assert unknown.status == 404
    assert known.seq == 2
    assert told(events) == to_both(ada, bo, 2)


def test_who_is_gone_gets_nothing_and_concerns_nobody_else(sends: Sender, events: Events) -> None:
    ada, bo, cy, dee = acquainted(4)
    events.clear()
    User.objects.filter(pk=bo.pk).delete()
    gone, stored = sends(ada, bo, "too late"), sends(cy, dee, "in time")
    run_together([gone, stored])
    assert isinstance(gone.error, DomainError)
    assert gone.error.status == 404
    assert stored.result.text == "in time"
    assert not Message.objects.filter(text="too late").exists()
    assert {each.data["text"] for each in events} == {"in time"}


def test_one_client_id_twice_is_one_message(sends: Sender, events: Events) -> None:
    ada, bo, cy, di = acquainted(4)
    events.clear()
    calls = [sends(ada, bo, "once", "c-1"), sends(cy, di, "c"), sends(ada, bo, "again", "c-1")]
    first, other, again = done(calls)
    assert first == again
    assert (first.text, first.seq, other.seq) == ("once", 2, 2)
    assert told(events) == sorted([*to_both(ada, bo, 2), *to_both(cy, di, 2)])
    assert numbers(ada, bo) == [1, 2]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="others read few rows whole")
def test_what_was_sent_before_is_found_by_the_index() -> None:
    """However many are asked for: else a batch takes the longer, the more messages there are."""
    pairs = [(new_key(), new_key()) for _ in range(3)]
    assert "SCAN" not in sent_among(pairs).explain()


def test_one_client_id_of_two_people_is_two_messages(sends: Sender) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    answers = done([sends(ada, bo, "a", "c-1"), sends(bo, ada, "b", "c-1"), sends(ada, bo)])
    assert sends.alone == []
    assert [answer.seq for answer in answers] == [2, 3, 4]


def test_what_was_sent_before_is_answered_and_told_nobody(sends: Sender, events: Events) -> None:
    ada, bo, cy, di = acquainted(4)
    before = make_message(ada, bo, "once", client_message_id="c-1")
    events.clear()
    again, other = done([sends(ada, bo, "again", "c-1"), sends(cy, di)])
    assert again == record_of(before)
    assert other.seq == 2
    assert told(events) == to_both(cy, di, 2)


@pytest.mark.parametrize("before", [True, False])
def test_one_client_id_for_two_receivers_is_refused(
    sends: Sender, events: Events, before: bool
) -> None:
    ada, bo = make_pair()
    cy, di = make_user("Cy"), make_user("Di")
    for peer in (bo, cy, di):
        make_message(ada, peer)
    if before:
        make_message(ada, bo, "once", client_message_id="c-1")
    events.clear()
    one, other, innocent = done(
        [sends(ada, bo, "once", "c-1"), sends(ada, cy, "twice", "c-1"), sends(ada, di, "x", "c-2")]
    )
    refused = [each for each in (one, other) if isinstance(each, DomainError)]
    assert [each.status for each in refused] == [409]
    assert innocent.seq == 2
    assert Message.objects.filter(client_message_id="c-1").count() == 1
    assert len(told(events)) == (2 if before else 4)


def test_who_is_over_the_limit_is_refused_and_counts_once(
    sends: Sender, set_limits: SetLimits, events: Events
) -> None:
    set_limits(sends=2)
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    answers = done([*(sends(ada, bo, f"{number}") for number in range(4)), sends(bo, ada)])
    assert [type(answer) for answer in answers] == [
        MessageRecord,
        MessageRecord,
        TooMany,
        TooMany,
        MessageRecord,
    ]
    assert numbers(ada, bo) == [1, 2, 3, 4]
    assert len(told(events)) == 6


def test_what_is_done_again_counts_once(
    sends: Sender, set_limits: SetLimits, fails_once: FailsOnce
) -> None:
    set_limits(sends=2, writes=2)
    ada, bo = make_pair()
    make_message(ada, bo)
    limits = (WRITES, SENDS)
    calls = [
        sends(ada, bo, "one", "c-1", limits=limits),
        sends(ada, bo, "two", "c-1", limits=limits),
    ]
    fails_once("messages.store", IntegrityError())
    one, two = done(calls)
    assert sends.alone == ["one", "two"]
    assert one == two
    [refused] = done([sends(ada, bo, limits=limits)])
    assert isinstance(refused, TooMany)


def test_who_is_over_the_limit_is_refused_also_where_their_language_cannot_be_asked(
    sends: Sender, set_limits: SetLimits, fails_once: FailsOnce
) -> None:
    set_limits(sends=1)
    ada, bo = make_pair()
    make_message(ada, bo)
    fails_once("batches.chosen_by", IntegrityError())
    sent, refused, other = done([sends(ada, bo), sends(ada, bo), sends(bo, ada)])
    assert isinstance(refused, TooMany)
    assert numbers(ada, bo) == [1, sent.seq, other.seq]


def test_who_comes_too_late_sends_nothing(sends: Sender, set_limits: SetLimits) -> None:
    set_limits(sends=1)
    ada, bo = make_pair()
    make_message(ada, bo)
    late = sends(ada, bo, "late")
    late.arrived -= 60
    busy, sent = done([late, sends(ada, bo, "in time")])
    assert busy.status == 503
    assert sent.seq == 2  # who was late counts for nothing


def test_both_sides_write_at_once_and_have_read(sends: Sender, events: Events) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    mark_read(user=bo, peer=ada.pk, seq=1)
    events.clear()
    done([sends(ada, bo), sends(bo, ada), sends(ada, bo), sends(bo, ada)])
    assert sends.alone == []
    assert numbers(ada, bo) == [1, 2, 3, 4, 5]
    assert (mark_of(ada, bo), mark_of(bo, ada)) == (4, 5)
    reads = {
        (each.data["readerId"], each.data["seq"]) for each in events if "read" in str(each.data)
    }
    assert reads == {(ada.pk, 4), (bo.pk, 5)}
    assert events.recipients("messagesRead") == sorted([f"user.{ada.pk}", f"user.{bo.pk}"] * 2)


def test_marks_that_come_at_once_move_together(sends: Sender, events: Events) -> None:
    ada, bo, cy, di = acquainted(4)
    make_message(ada, bo)
    stranger = make_user("Eve")
    events.clear()
    marks = [
        ReadMark(bo.pk, ada.pk, 1),
        ReadMark(bo.pk, ada.pk, 99),
        ReadMark(di.pk, cy.pk, 1),
        ReadMark(stranger.pk, ada.pk, 1),
        ReadMark(ada.pk, "0" * 24, 1),
        ReadMark(ada.pk, "f" * 24, 1),
    ]
    answers = done(
        [sends.call(MarkWrite(mark=mark, respond=int), mark.conversation) for mark in marks]
    )
    assert answers[:4] == [1, 2, 1, 0]
    assert [each.status for each in answers[4:]] == [404, 404]
    assert (mark_of(bo, ada), mark_of(di, cy)) == (2, 1)
    told_of = [(each.data["readerId"], each.data["seq"]) for each in events]
    assert sorted(set(told_of)) == sorted({(bo.pk, 1), (bo.pk, 2), (di.pk, 1)})


@pytest.mark.parametrize("error", [None, IntegrityError()])
def test_changes_that_come_at_once_are_each_made_or_refused(
    sends: Sender,
    events: Events,
    fails_once: FailsOnce,
    set_limits: SetLimits,
    error: Exception | None,
) -> None:
    set_limits(writes=2)
    ada, bo, cy, di = acquainted(4)
    eve = make_user("Eve")
    gone, message = make_message(ada, bo), make_message(ada, bo)
    delete_message(user=ada, message_id=gone.pk)
    other = Message.objects.get(conversation__key=direct_key(cy.pk, di.pk))
    changes: list[tuple[MessageChange, int]] = [
        (ReactionChange(bo.pk, message.pk, "👍", added=True), 0),
        (ReactionChange(bo.pk, message.pk, "👍", added=True), 0),
        (new_edit(ada.pk, message.pk, text="Edited"), 0),
        (new_edit(di.pk, other.pk, text="Not mine"), 403),
        (ReactionChange(eve.pk, message.pk, "👍", added=True), 404),
        (ReactionChange(eve.pk, "0" * 24, "👍", added=True), 404),
        (ReactionChange(ada.pk, gone.pk, "👍", added=True), 409),
        (ReactionChange(cy.pk, other.pk, "👍", added=True), 0),
        (ReactionChange(bo.pk, message.pk, "👎", added=False), 429),  # the third of his
    ]
    events.clear()
    if error:
        fails_once("changes.store", error)
    answers = done(
        [
            sends.call(ChangeWrite(change=each, respond=str, limits=(WRITES,)), each.message_id)
            for each, _status in changes
        ]
    )
    assert [getattr(each, "status", 0) for each in answers] == [status for _, status in changes]
    told_of = sorted((each.event, each.to) for each in events)
    assert told_of == sorted(
        [
            *(("reactionChanged", user_group(person.pk)) for person in (ada, bo, cy, di)),
            *(("messageEdited", user_group(person.pk)) for person in (ada, bo)),
        ]
    )
    message.refresh_from_db()
    conversation = Conversation.objects.get(pk=message.conversation_id)
    assert (message.text, message.version) == ("Edited", conversation.version)
    assert message.updated_at == conversation.changed_at
    assert [each.people for each in decoded_reactions(message.reactions)] == [[bo.pk]]
    assert Reaction.objects.count() == 2
    assert MessageEdit.objects.count() == 1


def test_groups_and_direct_chats_at_once(sends: Sender, events: Events) -> None:
    ada, bo, cy = acquainted(3 + 1)[:3]
    eve = make_user("Eve")
    one, other = make_group(ada, bo, cy, eve), make_group(bo, ada)
    remove_member(user=ada, group=one, person=eve.pk)
    events.clear()

    def send(writer: User, peer: str) -> DatabaseCall:
        draft = new_draft(sender_id=writer.pk, receiver_id=peer, text="Hi")
        return sends.call(
            SendWrite(draft=draft, respond=lambda sent: sent.record), draft.conversation
        )

    calls = [(ada, one), (bo, one), (eve, one), (bo, other), (cy, other), (ada, bo.pk)]
    with CaptureQueriesContext(connection) as asked:
        answers = done([send(writer, peer) for writer, peer in calls])
    assert [getattr(each, "status", 0) for each in answers] == [0, 0, 403, 0, 404, 0]
    members = [each["sql"] for each in asked if '"last_read_seq", ' in each["sql"]]
    assert len(members) == 2  # of direct chats everybody's rows, of groups those of who writes
    assert [each.seq for each in answers if isinstance(each, MessageRecord)] == [3, 4, 2, 2]
    groups = [each for each in told(events) if each[1] in (3, 4)]
    assert groups == sorted((user_group(each.pk), seq) for each in (ada, bo, cy) for seq in (3, 4))
    marks = Membership.objects.filter(conversation=one).values_list("user", "last_read_seq")
    assert dict(marks) == {ada.pk: 3, bo.pk: 4, cy.pk: 0, eve.pk: 0}


def test_who_had_read_tells_nobody_again(sends: Sender, events: Events) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    done([sends(ada, bo), sends(ada, bo)])
    assert mark_of(ada, bo) == 3
    assert events.recipients("messagesRead") == []


def test_a_mark_beyond_what_is_sent_stays(sends: Sender) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 2)
    Membership.objects.filter(user=ada).update(last_read_seq=50)
    done([sends(ada, bo)])
    assert mark_of(ada, bo) == 50


def test_the_time_of_a_change_never_goes_back(sends: Sender) -> None:
    ada, bo = make_pair()
    later = make_message(ada, bo).created_at.replace(year=2999)
    Conversation.objects.update(changed_at=later)
    [answer] = done([sends(ada, bo)])
    assert Conversation.objects.get().changed_at == later
    assert answer.created_at == answer.updated_at == timestamp(later)
    assert Message.objects.get(seq=2).created_at == later


def test_without_statements_made_once_the_outcome_is_the_same(
    sends: Sender, events: Events, settings: Settings
) -> None:
    """As on MongoDB."""
    settings.FAST = replace(settings.FAST, statements=False)
    ada, bo = make_pair()
    cy = make_user("Cy")
    make_message(ada, bo)
    events.clear()
    calls = [sends(ada, bo, "one", "c-1"), sends(bo, ada, "two"), sends(ada, cy, "three", "c-3")]
    one, two, three, again = done([*calls, sends(ada, bo, "again", "c-1")])
    assert sends.alone == []
    assert (one.seq, two.seq, three.seq, again) == (2, 3, 1, one)
    assert record_of(Message.objects.get(seq=3)) == two
    assert (mark_of(ada, bo), mark_of(bo, ada), mark_of(ada, cy)) == (2, 3, 1)
    assert told(events) == sorted([*to_both(ada, bo, 2, 3), *to_both(ada, cy, 1)])
