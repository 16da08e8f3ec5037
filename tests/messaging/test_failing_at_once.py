"""What fails while messages are stored together: none is lost, and none is there twice."""

from functools import partial
from importlib import import_module
from threading import Barrier
from typing import Any

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    connections,
)

from accounts.models import User
from accounts.tokens import Claims
from chatsite.errors import DomainError
from chatsite.fastpath.statements import run_batch
from chatsite.monitoring import metrics
from messaging.models import Conversation, Message
from messaging.services.batches import MarkWrite
from messaging.services.conversations import ReadMark, _store_members
from tests.concurrency import at_once
from tests.factories import make_message, make_pair, make_session, make_user
from tests.messaging.sends import (
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
STEPS = [
    "batches.live_claims",
    "batches.count_all",
    "messages.conversations_for",
    "messages._earlier_sends",
    "messages._SendBatch.outcome",
    "conversations.run_batch",
    "messages.store",
    "messages._SendBatch.publish",
    "messages.events.publish_all",
]


@pytest.mark.parametrize("error", [IntegrityError(), DatabaseError(), DataError()])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_whatever_the_database_says_each_is_stored_and_told_once(
    sends: Sender,
    events: Events,
    fails_once: FailsOnce,
    step: str,
    error: Exception,
    after: bool,
) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    fails_once(step, error, after=after)
    answers = done([sends(ada, bo, "one", "c-1"), sends(bo, ada, "two", "c-1")])
    assert [answer.seq for answer in answers] == [2, 3]
    assert sends.alone == ["one", "two"]
    assert numbers(ada, bo) == [1, 2, 3]
    assert told(events) == to_both(ada, bo, 2, 3)
    assert (mark_of(ada, bo), mark_of(bo, ada)) == (2, 3)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_fault_of_the_code_is_an_error_and_no_slower_way(
    sends: Sender,
    events: Events,
    fails_once: FailsOnce,
    caplog: pytest.LogCaptureFixture,
    step: str,
    after: bool,
) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    failed = metrics.BATCHES_FAILED._value.get()
    fails_once(step, KeyError("a field that nobody filled in"), after=after)
    answers = done([sends(ada, bo, "one", "c-1"), sends(bo, ada, "two", "c-1")])
    assert [str(answer) for answer in answers] == ["a batch of writes failed: KeyError"] * 2
    [record] = caplog.records
    assert "a field that nobody filled in" in caplog.text
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
    assert metrics.BATCHES_FAILED._value.get() == failed + 1
    assert (sends.alone, numbers(ada, bo), told(events)) == ([], [1], [])


def test_a_commit_of_which_nobody_knows_is_not_repeated(
    sends: Sender, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    here = connections["default"]
    commit, commits = here.commit, []

    def fail_once() -> None:
        commit()
        commits.append("")
        if len(commits) == 1:
            raise OperationalError("the line was cut")

    monkeypatch.setattr(here, "commit", fail_once)
    [unknown] = done([sends(ada, bo, "unknown", "c-1")])
    assert isinstance(unknown, OperationalError)
    assert sends.alone == []
    [again] = done([sends(ada, bo, "unknown", "c-1")])  # as clients do
    assert again.seq == 2
    assert numbers(ada, bo) == [1, 2]


def test_a_sender_who_was_deleted_meanwhile_fails_alone(sends: Sender, events: Events) -> None:
    ada, bo, cy, di = acquainted(4)
    User.objects.filter(pk=ada.pk).delete()
    events.clear()
    gone, sent = done([sends(ada, bo, "gone"), sends(cy, di)])
    assert gone.status == 404
    assert sent.seq == 2
    assert told(events) == to_both(cy, di, 2)


def test_workers_who_lock_the_same_conversations_do_not_wait_for_each_other(sends: Sender) -> None:
    people = acquainted(8)
    pairs = list(zip(people[::2], people[1::2], strict=True))

    def work(number: int) -> list[Any]:
        answers: list[Any] = []
        for _round in range(6):
            calls = []
            for one, other in pairs if number % 2 else pairs[::-1]:
                calls += [sends(one, other), sends(other, one)]
                mark = ReadMark(one.pk, other.pk, 10_000)
                calls.append(sends.call(MarkWrite(mark=mark, respond=str), mark.conversation))
            answers += done(calls)
        return answers

    for answers in at_once([partial(work, number) for number in range(3)]):
        assert not [each for each in answers if isinstance(each, Exception)]
    for one, other in pairs:
        assert numbers(one, other) == list(range(1, 2 + 3 * 6 * 2))


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_workers_that_begin_the_same_conversation_make_one(
    sends: Sender, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = make_pair()
    innocents = [make_pair(), make_pair()]
    gate = Barrier(2, timeout=30)
    waiting = iter([gate.wait, gate.wait])

    def begin_together(conversations: Any) -> None:
        next(waiting, lambda: 0)()  # when both have seen that there is none
        _store_members(conversations)

    monkeypatch.setattr("messaging.services.conversations._store_members", begin_together)
    one = [sends(ada, bo, "1", "c-1"), sends(*innocents[0])]
    other = [sends(bo, ada, "2", "c-2"), sends(*innocents[1])]
    answers = at_once([partial(done, one), partial(done, other)])

    assert sorted(batch[0].seq for batch in answers) == [1, 2]
    assert [batch[1].seq for batch in answers] == [1, 1]
    assert numbers(ada, bo) == [1, 2]
    assert Conversation.objects.count() == 3
    assert told(events) == sorted(
        [*to_both(ada, bo, 1, 2), *to_both(*innocents[0], 1), *to_both(*innocents[1], 1)]
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_one_who_makes_workers_wait_for_each_other_harms_nobody_else(
    sends: Sender, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Client ids of several receivers, crosswise: two transactions wait for each other's rows."""
    eve = make_user("Eve")
    peers = [make_user(f"Peer {number}") for number in range(4)]
    for peer in peers:
        make_message(eve, peer)
    innocents = [make_pair(), make_pair()]
    for pair in innocents:
        make_message(*pair)
    events.clear()
    gate = Barrier(2, timeout=30)

    def in_two_steps(insert: Any, *updates: Any) -> None:
        statement, rows = insert
        run_batch((statement, rows[:1]))
        if len(rows) > 1:
            gate.wait()
        run_batch((statement, rows[1:]), *updates)

    monkeypatch.setattr("messaging.services.conversations.run_batch", in_two_steps)
    one = [sends(eve, peers[0], "1", "c-1"), sends(eve, peers[1], "2", "c-2"), sends(*innocents[0])]
    other = [
        sends(eve, peers[2], "3", "c-2"),
        sends(eve, peers[3], "4", "c-1"),
        sends(*innocents[1]),
    ]
    answers = at_once([partial(done, one), partial(done, other)])

    assert [batch[2].seq for batch in answers] == [2, 2]
    crosswise = [each for batch in answers for each in batch[:2]]
    assert sorted(each.status for each in crosswise if isinstance(each, DomainError)) == [409, 409]
    assert Message.objects.filter(sender=eve, client_message_id__gt="").count() == 2
    assert len(told(events)) == 8


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="no line to SQLite can break")
@pytest.mark.parametrize(
    "step", ["batches.live_claims", "messages.conversations_for", "messages.store"]
)
def test_a_line_that_breaks_loses_nothing_and_doubles_nothing(
    sends: Sender, events: Events, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    events.clear()
    module, name = step.split(".")
    owner = import_module(f"messaging.services.{module}")
    does = getattr(owner, name)

    def cut(*args: Any) -> Any:
        monkeypatch.setattr(owner, name, does)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        other = connections["default"].copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        other.close()
        return does(*args)

    monkeypatch.setattr(owner, name, cut)
    session = make_session(ada)
    claims = Claims(session.pk, ada.pk)
    calls = [sends(ada, bo, "one", "c-1", claims=claims), sends(bo, ada, "two")]

    def work() -> list[Any]:
        connection.ensure_connection()  # as it is between two batches
        return done(calls)

    [answers] = at_once([work])
    assert [answer.seq for answer in answers] == [2, 3]
    assert told(events) == to_both(ada, bo, 2, 3)
    assert numbers(ada, bo) == [1, 2, 3]
