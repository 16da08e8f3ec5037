"""What can be known of a site on MongoDB without one."""

import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError
from django_mongodb_backend import schema
from pymongo import IndexModel, errors

from chatsite.conf.databases import database
from chatsite.errors import is_away
from chatsite.mongodb_backend.base import DatabaseSchemaEditor, _plainly_partial, translating
from tests.adapters import leaning_on
from tests.environment import ROOT, hermetic
from tests.mongodb_server import mongodb
from tests.services import free_port

ADDRESS = "mongodb://one:1,two:2/talk"


def run(url: str, *command: str) -> str:
    """What a process of such a site prints."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=hermetic(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="chatsite.settings"),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


leaning = partial(leaning_on, "django-mongodb-backend", "chatsite/mongodb_backend/")


def test_the_backend_makes_indexes_by_themselves() -> None:
    """As a migration needs that was interrupted after it had made its collection."""
    with leaning("how it makes a model's indexes"):
        assert callable(DatabaseSchemaEditor._create_model_indexes)
        assert callable(schema.DatabaseSchemaEditor._remove_field_index)


def test_a_commit_of_which_nobody_knows_is_asked_for_again() -> None:
    code = """
import django
django.setup()
from django.db import connection
from pymongo.errors import AutoReconnect
from chatsite.db import on_commit
from chatsite.mongodb_backend import server

class Lost(AutoReconnect):
    def has_error_label(self, label):
        return label == server.UNKNOWN

class Session:
    tries = 0

    def commit_transaction(self):
        self.tries += 1
        if self.tries == 1:
            raise Lost

    def end_session(self):
        print("ended after", self.tries)

server.has_transactions = lambda: True
connection.session = Session()
with server.atomic():
    with server.atomic():
        on_commit(lambda: print("committed"))
    print(server.is_in_transaction())
print(server.is_in_transaction(), connection.session)
"""
    with leaning("how it commits"):
        printed = run("mongodb://127.0.0.1:1/chatsite", "-c", code).splitlines()
        assert printed == ["True", "ended after 2", "committed", "False None"]


def test_what_is_asked_is_logged_where_queries_are() -> None:
    code = """
import django
django.setup()
from django.db import connection
connection.force_debug_cursor = True
list(connection.get_collection("there").aggregate([]))
print(len(connection.queries))
"""
    with leaning("how it logs what is asked"), mongodb() as server:
        assert run(server.url, "-c", code) == "1"


class TestSettings:
    def test_two_to_ten_connections_are_kept(self) -> None:
        options = database(ADDRESS)["OPTIONS"]
        assert (options["minPoolSize"], options["maxPoolSize"]) == (2, 10)

    def test_what_is_acknowledged_is_held_by_most_servers(self) -> None:
        assert database(ADDRESS)["OPTIONS"]["w"] == "majority"

    @pytest.mark.parametrize("option", ["maxPoolSize=50", "maxpoolsize=50"])
    def test_the_address_goes_before(self, option: str) -> None:
        options = database(f"{ADDRESS}?{option}")["OPTIONS"]
        assert "maxPoolSize" not in options
        assert options["minPoolSize"] == 2

    @pytest.mark.parametrize(
        ("address", "name"), [(ADDRESS, "talk"), ("mongodb://one", "chatsite")]
    )
    def test_the_address_names_the_database(self, address: str, name: str) -> None:
        assert database(address)["NAME"] == name


def test_a_server_without_transactions_is_used_without() -> None:
    code = """
from chatsite.db import atomic, on_commit
from accounts.models import User
with atomic():
    list(User.objects.all())
    on_commit(lambda: print("at once"))
    print("within")
"""
    with mongodb() as server:
        assert run(server.url, "manage.py", "shell", "-v0", "-c", code) == "at once\nwithin"
        assert "aggregate" in server.commands


def test_every_query_can_be_said_in_its_language() -> None:
    """The others are writes of single rows, and what Django's own admin adds to these."""
    pipelines: list[Any] = run(
        "mongodb://127.0.0.1:1/chatsite", "-m", "tests.mongodb_queries"
    ).splitlines()
    assert len(pipelines) > 15


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (errors.ServerSelectionTimeoutError("no server"), OperationalError),
            (errors.AutoReconnect("the line was cut"), OperationalError),
            (errors.WaitQueueTimeoutError("no connection is free"), OperationalError),
            (errors.NotPrimaryError("another is the primary"), OperationalError),
            (errors.OperationFailure("out of disk space", 14031), OperationalError),
            (errors.BulkWriteError({"writeErrors": [{"code": 10107}]}), OperationalError),
            (errors.BulkWriteError({"writeErrors": [{"code": 11000}]}), IntegrityError),
            (errors.DuplicateKeyError("E11000", 11000), IntegrityError),
            (errors.BulkWriteError({"writeErrors": [{"code": 112}]}), DatabaseError),
            (errors.OperationFailure("conflict", 112), DatabaseError),
        ],
    )
    def test_mean_what_they_mean_on_sql(
        self, error: errors.PyMongoError, kind: type[Exception]
    ) -> None:
        with pytest.raises(DatabaseError) as raised, translating():
            raise error
        assert type(raised.value) is kind
        assert raised.value.__cause__ is error
        assert is_away(raised.value) == (kind is OperationalError)

    def test_a_server_that_is_away_is_one_whatever_is_asked_of_it(self) -> None:
        asked = """
import django
django.setup()
from accounts.models import User
from chatsite.errors import is_away

def asks():
    yield lambda: list(User.objects.all())
    yield lambda: User.objects.create(email="a@example.org")
    yield lambda: User.objects.bulk_create([User(email="a@example.org")])
    yield lambda: User.objects.update(email="a@example.org")
    yield lambda: User.objects.filter(pk="0" * 24).delete()
    yield lambda: User.objects.count()

for ask in asks():
    try:
        ask()
    except Exception as error:
        print(is_away(error))
"""
        away = f"mongodb://127.0.0.1:{free_port()}/chatsite?serverSelectionTimeoutMS=100"
        assert run(away, "-c", asked).split() == ["True"] * 6


def test_each_condition_of_a_partial_index_has_one_operator() -> None:
    """Other servers of the protocol refuse several for one field."""
    condition = {"id": {"$gt": "", "$type": "string"}, "sender": {"$type": "string"}}
    index = _plainly_partial(IndexModel("id", partialFilterExpression=condition))
    assert index.document["partialFilterExpression"] == {
        "$and": [{"id": {"$gt": ""}}, {"id": {"$type": "string"}}, {"sender": {"$type": "string"}}]
    }
    simple = {"deleted": {"$eq": True}}
    index = _plainly_partial(IndexModel("id", partialFilterExpression=simple))
    assert index.document["partialFilterExpression"] == simple


def test_a_migration_that_was_interrupted_is_taken_up_again() -> None:
    """Its collection is there, and its index is gone already."""
    taken_up = """
import django
django.setup()
from django.db import connection
from messaging.models import Conversation, Message
with connection.schema_editor() as editor:
    editor.create_model(Message)
    editor.remove_index(Message, Message._meta.indexes[0])
    editor._remove_field_index(Conversation, Conversation._meta.get_field("last_message"))
"""
    with mongodb() as server:
        server.collections.append("messaging_message")
        run(server.url, "-c", taken_up)
        assert "create" not in server.commands
        assert {"createIndexes", "dropIndexes"} <= set(server.commands)
