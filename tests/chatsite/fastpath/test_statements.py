"""A prepared statement does what its queryset does."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.db.models import F, Model, Q, QuerySet
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Session, User
from chatsite import db
from chatsite.db import now
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import (
    ROOM,
    Get,
    Insert,
    Select,
    SelectAmong,
    Update,
    can_prepare,
    run_batch,
)
from chatsite.wire import timestamp
from messaging.models import Conversation
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["packed", "prepared", "left out"], autouse=True)
def _each_way(request: pytest.FixtureRequest, settings: Settings) -> None:
    is_prepared, is_packed = request.param != "left out", request.param == "packed"
    settings.FAST = replace(settings.FAST, statements=is_prepared, packed=is_packed)


def test_select_finds_what_it_is_asked_for_each_time() -> None:
    by_name = Select(
        lambda name: User.objects.filter(full_name=name).values_list("pk", "role", "created_at")
    )
    ada, bo = make_user("Ada"), make_user("Bo", role="moderator")
    assert by_name.rows(name="Ada") == [(ada.pk, "", ada.created_at)]
    assert by_name.rows(name="Bo") == [(bo.pk, "moderator", bo.created_at)]
    assert by_name.rows(name="Cy") == []
    assert by_name.first(name="Cy") is None


@pytest.mark.parametrize("name", ["' OR 1=1 --", "100 %s %% ?", "שלום 👋🏽", ""])
def test_a_value_is_never_sql(name: str) -> None:
    by_name = Select(lambda name: User.objects.filter(full_name=name).values_list("full_name"))
    make_user("Ada")
    make_user(name)
    assert by_name.rows(name=name) == [(name,)]


def test_times_are_compared_and_read_as_they_are() -> None:
    since = Select(lambda at: Session.objects.filter(created_at__gt=at).values_list("created_at"))
    session = make_session(make_user())
    assert since.rows(at=session.created_at - timedelta(milliseconds=1)) == [(session.created_at,)]
    assert since.rows(at=session.created_at) == []


def test_none_is_read() -> None:
    ended = Select(lambda key: Session.objects.filter(pk=key).values_list("revoked_at"))
    assert ended.rows(key=make_session(make_user()).pk) == [(None,)]


@pytest.mark.sql_only("no statement of ours reads a joined column there; a server gave back 1")
def test_joined_columns_are_read() -> None:
    joined = Select(
        lambda key: Session.objects.filter(pk=key).values_list("user__full_name", "user__banned_at")
    )
    assert joined.rows(key=make_session(make_user("Ada")).pk) == [("Ada", None)]


def test_shapes_and_names_are_statements_of_their_own() -> None:
    def build(limit: int, *, role: Any, name: Any = None) -> QuerySet[User, Any]:
        people = User.objects.filter(role=role)
        if name is not None:
            people = people.filter(full_name=name)
        return people.order_by("full_name").values_list("full_name")[:limit]

    people = Select(build)
    for name in ("Ada", "Bo", "Cy"):
        make_user(name)
    assert people.rows(2, role="") == [("Ada",), ("Bo",)]
    assert people.rows(1, role="") == [("Ada",)]
    assert people.rows(2, role="", name="Cy") == [("Cy",)]
    assert people.rows(2, role="moderator") == []


TEXTS = [
    *("plain", "", "null", "line\nline\ttab", "100 %s %d %% %(name)s", "x" * 300),
    *(
        "".join(map(chr, [*range(1, 32), 127])),
        "quotes \" and \\ and ' and {}",
        "שלום 👋🏽 \u2028 \x85",
    ),
]


@pytest.mark.parametrize("text", TEXTS)
def test_many_rows_have_the_texts_that_are_stored(text: str) -> None:
    named = Select(
        lambda key: User.objects.filter(pk=key).values_list("ban_reason", "banned_at"), packed=True
    )
    key = make_user(ban_reason=text).pk
    assert [tuple(row) for row in named.rows(key=key)] == [(text, None)]


def test_many_rows_may_end_before_what_is_blank(settings: Settings) -> None:
    named = Select(
        lambda role: User.objects.filter(role=role).values_list(
            "full_name", "ban_reason", "silenced_until"
        ),
        packed=True,
        rare=2,
    )
    moment = now()
    make_user("Ada")
    make_user("Bo", ban_reason="spam")
    make_user("Cy", silenced_until=moment)
    found = {name: tuple(rest) for name, *rest in named.rows(role="")}
    is_short = settings.FAST.packed and connection.vendor == "sqlite"
    assert found["Ada"] == (() if is_short else ("", None))
    assert found["Bo"] == ("spam", None)
    reason, silenced_until = found["Cy"]
    assert (reason, timestamp(silenced_until)) == ("", timestamp(moment))


def test_many_rows_come_in_their_order_and_times_read_as_they_are(settings: Settings) -> None:
    def sessions(limit: int, *, user: Any) -> QuerySet[Session, Any]:
        of_user = Session.objects.filter(user_id=user).order_by("-user_agent")
        return of_user.values_list("user_agent", "created_at")[:limit]

    agents = Select(sessions, packed=True)
    ada, bo = make_user("Ada"), make_user("Bo")
    made = {agent: make_session(ada, user_agent=agent) for agent in ("2", "4", "1", "3")}
    Session.objects.filter(user_agent="4").update(created_at=now().replace(microsecond=0))
    made["4"].refresh_from_db()
    rows = agents.rows(3, user=ada.pk)
    read = [(agent, timestamp(moment)) for agent, moment in rows]
    assert read == [(agent, timestamp(made[agent].created_at)) for agent in ("4", "3", "2")]
    is_text = settings.FAST.packed and connection.vendor == "sqlite"
    assert {type(moment) for _agent, moment in rows} == {str if is_text else datetime}
    assert is_text or all(moment.tzinfo for _agent, moment in rows)
    assert agents.rows(3, user=bo.pk) == []


def test_get_finds_the_model() -> None:
    get = Get(lambda key: User.objects.filter(pk=key))
    ada = make_user("Ada")
    found = get.one(key=ada.pk)
    assert found == ada
    assert (found.created_at, found.role) == (ada.created_at, "")
    found.full_name = "Ada L."
    found.save()
    assert get.one(key=ada.pk).full_name == "Ada L."
    assert get.one(key="0" * 24) is None


def values(row: Model) -> Values:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_update_changes_what_it_finds() -> None:
    rename = Update(lambda key, name: (User.objects.filter(pk=key), {"full_name": name}))
    ada, bo = make_user("Ada"), make_user("Bo")
    run_batch((rename, [{"key": ada.pk, "name": "Ada L."}, {"key": "0" * 24, "name": "Nobody"}]))
    assert set(User.objects.values_list("full_name", flat=True)) == {"Ada L.", bo.full_name}


def test_update_may_go_by_what_is_stored() -> None:
    count = Update(
        lambda key: (Conversation.objects.filter(pk=key), {"last_seq": F("last_seq") + 1})
    )
    conversation = Conversation.objects.create(key="a")
    run_batch((count, [{"key": conversation.pk}] * 2))
    conversation.refresh_from_db()
    assert conversation.last_seq == 2


def test_insert_stores_every_field() -> None:
    rows = [Conversation(key=key, last_seq=7) for key in ("a", "b")]
    run_batch((Insert(Conversation), [values(row) for row in rows]))
    for row in rows:
        stored = Conversation.objects.get(key=row.key)
        assert (stored.pk, stored.last_seq) == (row.pk, 7)
        assert (stored.changed_at, stored.last_message_id) == (row.changed_at, None)


def test_what_there_is_nothing_of_is_not_run() -> None:
    run_batch((Insert(Conversation), []), (Update(lambda: 1 / 0), []))
    assert not Conversation.objects.exists()


def test_a_clash_is_djangos_error() -> None:
    insert = Insert(Conversation)
    run_batch((insert, [values(Conversation(key="a"))]))
    with pytest.raises(IntegrityError), db.atomic():
        run_batch((insert, [values(Conversation(key=key)) for key in "ba"]))
    assert Conversation.objects.count() == 1


@pytest.mark.sql_only("transactions that fail are SQL's")
def test_nothing_runs_in_a_transaction_that_failed() -> None:
    by_key = Select(lambda key: User.objects.filter(pk=key).values_list("pk"))
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            by_key.rows(key="a")


AMONG = SelectAmong(
    lambda keys, role: User.objects.filter(pk__in=keys, role=role).values_list("pk")
)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, ROOM, ROOM + 1, 2 * ROOM + 3])
def test_each_of_several_is_found_once(count: int) -> None:
    people = [make_user() for _ in range(count)]
    make_user("Not asked for")
    keys = [person.pk for person in people]
    found = AMONG.rows_among([*keys, *keys[::-1], "0" * 24], role="")
    assert sorted(found) == [(key,) for key in sorted(keys)]
    assert AMONG.rows_among(keys, role="moderator") == []


def test_several_may_come_from_anywhere_and_be_sql_like() -> None:
    names = SelectAmong(
        lambda names: User.objects.filter(full_name__in=names).values_list("full_name")
    )
    make_user("100 %s %% ?")
    make_user("Ada")
    asked = (name for name in ["' OR 1=1 --", "100 %s %% ?", "Ada", "Ada"])
    assert sorted(names.rows_among(asked)) == [("100 %s %% ?",), ("Ada",)]


def test_several_of_a_relation_are_looked_for_by_its_key() -> None:
    """Django makes texts of what `user_id__in` is given: that is refused, rather than not found."""
    wrong = SelectAmong(lambda users: Session.objects.filter(user_id__in=users).values_list("pk"))
    right = SelectAmong(lambda users: Session.objects.filter(user__pk__in=users).values_list("pk"))
    session = make_session(make_user())
    assert right.rows_among([session.user_id]) == [(session.pk,)]
    if can_prepare():
        with pytest.raises(TypeError):
            wrong.rows_among([session.user_id])


@pytest.mark.parametrize("room", [1, 2, 5, ROOM + 1])
def test_several_may_be_pairs(room: int) -> None:
    pairs = SelectAmong(
        lambda pairs: User.objects.filter(
            reduce(or_, (Q(pk=key, full_name=name) for key, name in pairs))
        ).values_list("pk"),
        width=2,
    )
    people = [make_user(f"Person {number}") for number in range(room)]
    wanted = [(person.pk, person.full_name) for person in people]
    assert sorted(pairs.rows_among(wanted)) == sorted((person.pk,) for person in people)
    assert pairs.rows_among([(people[0].pk, "somebody else"), ("0" * 24, "Person 0")]) == []


def test_several_are_updated_in_their_order() -> None:
    raised = Update(
        lambda key, before, seq: (
            Conversation.objects.filter(pk=key, last_seq=before),
            {"last_seq": seq},
        )
    )
    one, other = (Conversation.objects.create(key=key) for key in "ab")
    large = 2**40  # PostgreSQL is told of numbers by their size
    changes = [
        {"key": one.pk, "before": 0, "seq": 1},
        {"key": one.pk, "before": 1, "seq": 70_000},
        {"key": one.pk, "before": 1, "seq": 5},
        {"key": other.pk, "before": 0, "seq": large},
        {"key": "0" * 24, "before": 0, "seq": 5},
    ]
    run_batch((raised, changes))
    assert dict(Conversation.objects.values_list("key", "last_seq")) == {"a": 70_000, "b": large}


@pytest.mark.sql_only("it has no statements to be prepared")
def test_while_queries_are_written_down_the_same_is_stored_and_found() -> None:
    """By Django's own cursor, which knows no times with a zone on SQLite."""
    insert, moment = Insert(Conversation), now().replace(microsecond=0)
    found = Select(
        lambda at: Conversation.objects.filter(changed_at=at).values_list("key", "changed_at")
    )
    move = Update(lambda key, at: (Conversation.objects.filter(key=key), {"changed_at": at}))
    with CaptureQueriesContext(connection):
        rows = [Conversation(key=key, changed_at=moment + timedelta(days=1)) for key in "ab"]
        run_batch(
            (insert, [values(row) for row in rows]),
            (move, [{"key": k, "at": moment} for k in "ab"]),
        )
        assert sorted(found.rows(at=moment)) == [("a", moment), ("b", moment)]
    assert sorted(found.rows(at=moment)) == [("a", moment), ("b", moment)]
    assert Conversation.objects.filter(changed_at=moment).count() == 2


@pytest.mark.sql_only("transactions that fail are SQL's")
def test_a_transaction_that_failed_spoils_no_later_one() -> None:
    move = Update(lambda key, seq: (Conversation.objects.filter(key=key), {"last_seq": seq}))
    Conversation.objects.create(key="a")
    for _again in range(2):
        with pytest.raises(IntegrityError), transaction.atomic():
            run_batch((move, [{"key": "a", "seq": seq} for seq in (5, -1, 6)]))
        assert Conversation.objects.get(key="a").last_seq == 0
    run_batch((move, [{"key": "a", "seq": 5}, {"key": "b", "seq": 6}]))
    assert Conversation.objects.get().last_seq == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.sql_only("it has no connection that ends")
def test_a_new_connection_knows_no_statement_yet() -> None:
    move = Update(lambda key, seq: (Conversation.objects.filter(key=key), {"last_seq": seq}))
    Conversation.objects.create(key="a")
    for seq in range(1, 4):
        run_batch((move, [{"key": "a", "seq": seq}]))
        assert Conversation.objects.get().last_seq == seq
        connection.close()


def change_type(length: int) -> None:
    """By another connection, as a migration does while workers are there that began before it."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(f"ALTER TABLE messaging_conversation ALTER key TYPE varchar({length})")
    other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="no other keeps plans for us")
def test_a_column_that_got_another_type_is_read_all_the_same() -> None:
    by_key = Select(lambda key: Conversation.objects.filter(key=key).values_list("key", "last_seq"))
    Conversation.objects.create(key="a", last_seq=7)
    for length in (81, 80):
        assert by_key.rows(key="a") == [("a", 7)]
        change_type(length)
        assert by_key.rows(key="a") == [("a", 7)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="no other keeps plans for us")
def test_one_transaction_at_most_fails_for_it() -> None:
    by_key = Select(lambda key: Conversation.objects.filter(key=key).values_list("key"))
    Conversation.objects.create(key="a")
    for length in (81, 80):
        assert by_key.rows(key="a") == [("a",)]
        change_type(length)
        if can_prepare():
            with pytest.raises(NotSupportedError), transaction.atomic():
                by_key.rows(key="a")
        with transaction.atomic():
            assert by_key.rows(key="a") == [("a",)]
