"""Somebody holds the rows of a conversation: only that conversation waits, and not for long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.sql import InsertQuery

from accounts.models import User
from chatsite import db, locks
from chatsite.errors import Busy, DomainError
from chatsite.fastpath.database_calls import DatabaseCall
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.services.batches import ChangeWrite, MarkWrite
from messaging.services.conversations import ReadMark
from messaging.services.messages import delete_message, restore, send_message
from messaging.services.reactions import ReactionChange
from tests.factories import make_pair
from tests.messaging.sends import Sender, acquainted, done, numbers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only there a row is locked"),
]
Pair = tuple[User, User]


@pytest.fixture
def vain(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """What was waited for in vain; nobody tries again until the test ends."""
    vain: list[Exception] = []
    locks._held.clear()  # of rows that earlier tests waited for
    was_held = db.was_held

    def noted(error: Exception) -> bool:
        held = was_held(error)
        if held:
            vain.append(error)
        return held

    monkeypatch.setattr(db, "was_held", noted)
    monkeypatch.setattr(locks, "PAUSE", 3600)
    yield vain
    locks._held.clear()


@pytest.fixture
def pairs() -> list[Pair]:
    people = acquainted(40)
    return list(zip(people[::2], people[1::2], strict=True))


def key(pair: Pair) -> str:
    return direct_key(pair[0].pk, pair[1].pk)


@contextmanager
def held(rows: Any) -> Iterator[None]:
    """By another connection."""
    other = connection.copy()
    sql, params = rows.values("pk").query.sql_with_params()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"{sql} FOR UPDATE", params)
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_two_conversations_do_not_hold_up_the_other_eighteen(
    sends: Sender, vain: list[Exception], pairs: list[Pair]
) -> None:
    locked, free, rounds = pairs[:2], pairs[2:], 6

    def round_of(number: int) -> list[Any]:
        """A send each, twice to the locked ones; what else writes to a conversation there alone."""
        calls = [sends(*pair, str(number), f"c-{number}") for pair in locked + free]
        calls += [sends(*pair[::-1], str(number), f"c-{number}") for pair in locked]
        if not number:
            return done(calls)
        calls += [sends.call(_read(pair), key(pair)) for pair in locked]
        calls += [_reaction(sends, pair, number) for pair in locked]
        return done(calls) + [_outcome(partial(_take_back, pair)) for pair in locked]

    with held(Conversation.objects.filter(key__in=map(key, locked))):
        for number in range(rounds):
            answers = round_of(number)
            sent, refused = answers[2:20], answers[:2] + answers[20:]
            assert [answer.seq for answer in sent] == [2 + number] * len(free)
            assert {(type(each), each.status, each.wait) for each in refused} == {(Busy, 503, 2)}
        assert len(vain) == len(locked)  # whoever comes then is told at once
    locks._held.update(dict.fromkeys(locks._held, 0))  # the pause is over
    for number in range(rounds):  # as clients do
        answers = round_of(number)
        assert not [answer for answer in answers if isinstance(answer, Exception)]
    for pair in free:
        assert numbers(*pair) == list(range(1, 2 + rounds))
    for pair in locked:
        assert numbers(*pair) == list(range(1, 2 + 2 * rounds))
    assert not locks._held


def _read(pair: Pair) -> MarkWrite:
    return MarkWrite(mark=ReadMark(pair[1].pk, pair[0].pk, 1), respond=str)


def _reaction(sends: Sender, pair: Pair, number: int) -> DatabaseCall:
    """To the last message, which is not the one that is deleted."""
    message = Message.objects.filter(conversation__key=key(pair)).latest("seq")
    change = ReactionChange(pair[1].pk, message.pk, "👍", added=bool(number % 2))
    return sends.call(ChangeWrite(change=change, respond=str), change.message_id)


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except DomainError as error:
        return error


def _take_back(pair: Pair) -> None:
    delete_message(user=pair[0], message_id=_first(pair).pk)


def _first(pair: Pair) -> Message:
    return Message.objects.get(conversation__key=key(pair), seq=1)


def test_a_membership_that_a_send_needs_does_not_hold_up_the_rest(
    sends: Sender, vain: list[Exception], pairs: list[Pair]
) -> None:
    locked, free = pairs[0], pairs[1:]
    membership = Membership.objects.get(conversation__key=key(locked), user=locked[0])
    with held(Membership.objects.filter(pk=membership.pk)):
        for number in range(3):
            refused, *sent = done([sends(*pair, "Hi", f"c-{number}") for pair in [locked, *free]])
            assert isinstance(refused, Busy)
            assert [answer.seq for answer in sent] == [2 + number] * len(free)
        assert len(vain) == 1  # after it had been in vain together with the others
    locks._held.update(dict.fromkeys(locks._held, 0))
    assert done([sends(*locked, "Hi", "c-1")])[0].seq == 2


def test_a_restore_is_busy_too(vain: list[Exception], pairs: list[Pair]) -> None:
    message = _first(pairs[0])
    _take_back(pairs[0])
    with held(Conversation.objects.filter(key=key(pairs[0]))), pytest.raises(Busy):
        restore(message=message)
    assert len(vain) == 1


def _insert_of(conversation: Conversation) -> tuple[str, Any]:
    query = InsertQuery(Conversation)
    query.insert_values(Conversation._meta.local_concrete_fields, [conversation])
    ((sql, params),) = query.get_compiler(connection=connection).as_sql()
    return sql, params


def test_the_first_message_to_somebody_does_not_wait_for_another_that_is_stuck(
    vain: list[Exception],
) -> None:
    ada, bo = make_pair()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(*_insert_of(Conversation(key=direct_key(ada.pk, bo.pk))))
            with pytest.raises(Busy):
                send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    locks._held.update(dict.fromkeys(locks._held, 0))
    sent = send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
    assert (sent.created, sent.record.seq) == (True, 1)
