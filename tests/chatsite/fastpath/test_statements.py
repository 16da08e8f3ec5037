"""A prepared statement does what its queryset does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from pytest_django import Settings

from accounts.models import Session, User
from chatsite.db import now
from chatsite.fastpath.expressions import WireTimestamp
from chatsite.fastpath.statements import Get, Insert, Select, Update
from chatsite.wire import timestamp
from messaging.models import Conversation
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["prepared", "left out"], autouse=True)
def _either_way(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.FAST = replace(settings.FAST, statements=request.param == "prepared")


def test_select_finds_what_it_is_asked_for_each_time() -> None:
    by_name = Select(
        lambda name: User.objects.filter(full_name=name).values_list("pk", "is_staff", "created_at")
    )
    ada, bo = make_user("Ada"), make_user("Bo", is_staff=True)
    assert by_name.rows(name="Ada") == [(ada.pk, False, ada.created_at)]
    assert by_name.rows(name="Bo") == [(bo.pk, True, bo.created_at)]
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
    def build(limit: int, *, staff: Any, name: Any = None) -> QuerySet[User, Any]:
        people = User.objects.filter(is_staff=staff)
        if name is not None:
            people = people.filter(full_name=name)
        return people.order_by("full_name").values_list("full_name")[:limit]

    people = Select(build)
    for name in ("Ada", "Bo", "Cy"):
        make_user(name)
    assert people.rows(2, staff=False) == [("Ada",), ("Bo",)]
    assert people.rows(1, staff=False) == [("Ada",)]
    assert people.rows(2, staff=False, name="Cy") == [("Cy",)]
    assert people.rows(2, staff=True) == []


@pytest.mark.sql_only("MongoDB's rows are read from models")
def test_a_wire_timestamp_reads_as_python_writes_it() -> None:
    written = Select(
        lambda key: User.objects.filter(pk=key).values_list(WireTimestamp("created_at"))
    )
    for microsecond in (0, 1000, 10_000, 120_000, 999_000):
        moment = now().replace(microsecond=microsecond)
        user = make_user(created_at=moment)
        assert written.rows(key=user.pk) == [(timestamp(moment),)]


def test_get_finds_the_model() -> None:
    get = Get(lambda key: User.objects.filter(pk=key))
    ada = make_user("Ada")
    found = get.one(key=ada.pk)
    assert found == ada
    assert (found.created_at, found.is_staff) == (ada.created_at, False)
    found.full_name = "Ada L."
    found.save()
    assert get.one(key=ada.pk).full_name == "Ada L."
    assert get.one(key="0" * 24) is None


def test_update_changes_what_it_finds() -> None:
    rename = Update(lambda key, name: (User.objects.filter(pk=key), {"full_name": name}))
    ada, bo = make_user("Ada"), make_user("Bo")
    assert rename.run(key=ada.pk, name="Ada L.") == 1
    assert rename.run(key="0" * 24, name="Nobody") == 0
    assert set(User.objects.values_list("full_name", flat=True)) == {"Ada L.", bo.full_name}


def test_update_may_go_by_what_is_stored() -> None:
    count = Update(
        lambda key: (Conversation.objects.filter(pk=key), {"last_seq": F("last_seq") + 1})
    )
    conversation = Conversation.objects.create(key="a")
    count.run(key=conversation.pk)
    count.run(key=conversation.pk)
    conversation.refresh_from_db()
    assert conversation.last_seq == 2


def test_insert_stores_every_field() -> None:
    insert = Insert(Conversation)
    for key in ("a", "b"):
        conversation = Conversation(key=key, last_seq=7)
        insert.run(conversation)
        stored = Conversation.objects.get(key=key)
        assert (stored.pk, stored.last_seq) == (conversation.pk, 7)
        assert (stored.changed_at, stored.last_message_id) == (conversation.changed_at, None)
        conversation.last_seq = 8
        conversation.save()
        assert Conversation.objects.get(key=key).last_seq == 8


def test_a_clash_is_djangos_error() -> None:
    insert = Insert(Conversation)
    insert.run(Conversation(key="a"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert.run(Conversation(key="a"))


@pytest.mark.sql_only("transactions that fail are SQL's")
def test_nothing_runs_in_a_transaction_that_failed() -> None:
    by_key = Select(lambda key: User.objects.filter(pk=key).values_list("pk"))
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            by_key.rows(key="a")
