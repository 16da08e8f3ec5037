"""What is used of Django that it keeps private is still as it was."""

from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import JSONArray
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from chatsite.fastpath.prepared import (
    Parameter,
    connect_past_the_pool,
    driver_connection,
    names_of,
    prepare_insert,
    prepare_packed,
    prepare_select,
    prepare_update,
    run_all,
    was_broken,
)
from tests.adapters import leaning_on
from tests.factories import make_session, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sql_only("a prepared statement is SQL")]
leaning = partial(leaning_on, "Django", "chatsite/fastpath/prepared.py")
FIELDS = [field.attname for field in Session._meta.local_concrete_fields]


def values_of(session: Session) -> dict[str, Any]:
    return {name: getattr(session, name) for name in FIELDS}


def test_a_query_becomes_sql_that_takes_values() -> None:
    session = make_session(make_user())
    with leaning("how a query becomes SQL, or a column its value"):
        found = Session.objects.filter(pk=Parameter("key")).values_list("pk", "created_at")
        assert names_of(found) == ("pk", "created_at")
        rows = prepare_select(found).rows({"key": session.pk})
        assert rows == [(session.pk, session.created_at)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="others send many rows as quickly")
def test_many_rows_become_one_text() -> None:
    user = make_user("Ada")
    with leaning("how a query becomes SQL"):
        line = User.objects.filter(pk=Parameter("key")).values_list(JSONArray("pk", "full_name"))
        assert prepare_packed(line).rows({"key": user.pk}) == [(user.pk, "Ada")]


def test_changes_and_new_rows_become_sql_that_takes_values() -> None:
    user = make_user("Ada")
    first = make_session(user)
    row = values_of(first) | {first._meta.pk.attname: "f" * 24}
    with leaning("how a change or a new row becomes SQL"):
        renamed = prepare_update(
            User.objects.filter(pk=Parameter("key")), {"full_name": Parameter("name")}
        )
        added = prepare_insert(Session(**{name: Parameter(name) for name in FIELDS}))
        run_all([(renamed, [{"key": user.pk, "name": "Bo"}]), (added, [row])])
        assert User.objects.get(pk=user.pk).full_name == "Bo"
        assert Session.objects.filter(user=user).count() == 2


def test_a_statement_runs_as_django_s_own_would() -> None:
    session = make_session(make_user())
    by_key = prepare_select(Session.objects.filter(pk=Parameter("key")).values_list("pk"))
    added = prepare_insert(Session(**{name: Parameter(name) for name in FIELDS}))
    with leaning("the inside of its connection"):
        with CaptureQueriesContext(connection) as queries:
            by_key.rows({"key": session.pk})
        assert len(queries) == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            run_all([(added, [values_of(session)])])
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(TransactionManagementError):
                by_key.rows({"key": session.pk})


def test_a_connection_that_failed_is_tried() -> None:
    with leaning("how it notes that a connection failed"):
        assert driver_connection() is connection.connection is not None
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        assert connection.errors_occurred is True
        assert was_broken() is False
        assert connection.errors_occurred is False


@pytest.mark.skipif(connection.vendor != "postgresql", reason="no other has a pool")
def test_a_server_is_asked_past_the_pool() -> None:
    with leaning("how it connects"):
        connect_past_the_pool(10)
