"""What migrations do to what is there already."""

import re
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from chatsite.keys import new_key
from chatsite.pictures import storage
from messaging.models import Block, Conversation, Message, Reaction
from messaging.services.blocks import block
from tests.factories import make_message, make_messages, make_pair, make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db


def test_profile_pictures_get_a_folder_of_their_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    name = make_message(image=picture()).image  # as if it were on a profile, too
    make_user(picture=name)
    make_user(picture="0" * 64 + ".webp")  # whose file is missing
    move = import_module("messaging.migrations.0002_profile_pictures_apart").copy_to_own_folder
    for _ in range(2):
        move(apps, None)
        found = [Path(str(storage.find(kind, name))) for kind in ("messages", "profiles")]
        assert found[0] != found[1]
        assert found[0].read_bytes() == found[1].read_bytes()


def test_what_was_there_before_versions_gets_them() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    Message.objects.update(version=0)
    Conversation.objects.update(version=0)
    import_module("messaging.migrations.0005_versions").number(apps, None)
    assert sorted(Message.objects.values_list("seq", "version")) == [(1, 1), (2, 2), (3, 3)]
    assert Conversation.objects.get().version == 3
    assert make_message(ada, bo).version == 4


def test_reactions_that_leave_people_out_say_so() -> None:
    full, crowded = make_message().pk, make_message().pk
    for message, count in ((full, 20), (crowded, 21)):
        Reaction.objects.bulk_create(
            Reaction(message_id=message, user_id=new_key(), emoji="👍") for _ in range(count)
        )
    Message.objects.update(reactions="[the sum]")
    mark = import_module("messaging.migrations.0023_reactions_left_out").mark_left_out
    for _ in range(2):
        mark(apps, None)
        sums = dict(Message.objects.values_list("pk", "reactions"))
        assert sums == {full: "[the sum]", crowded: " [the sum]"}


# Made by Django for a field, or by the database for a constraint.
_NAMED_BY_ITSELF = re.compile(r"_[0-9a-f]{8}(_\w+)?$|^sqlite_autoindex_|_pkey$|_key$|^__|_uniq$")


def _strange_indexes() -> set[str]:
    """Those that no model names."""
    strange = set[str]()
    for meta in (model._meta for model in apps.get_models() if not model._meta.proxy):
        with connection.cursor() as cursor:
            stored = connection.introspection.get_constraints(cursor, meta.db_table)
        strange |= {name for name, each in stored.items() if each["index"]}
        strange -= {each.name for each in (*meta.indexes, *meta.constraints)}
    return {name for name in strange if not _NAMED_BY_ITSELF.search(name)}


@pytest.mark.sql_only("MongoDB has no others either, but names its own")
def test_no_index_is_there_that_no_model_has() -> None:
    assert _strange_indexes() == set()


@pytest.mark.sql_only("there, both are used")
def test_indexes_for_mongodb_that_sqlite_has_made_all_the_same_go() -> None:
    last = MigrationExecutor(connection).loader.graph.nodes["messaging", "0041_fewer_indexes"]
    [drop] = (each for each in last.operations if hasattr(each, "names"))
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX message_by_seq ON {table} (conversation_id, seq)")
        assert _strange_indexes() == {"message_by_seq"}
        editor = SimpleNamespace(execute=cursor.execute, quote_name=connection.ops.quote_name)
        for _ in range(2):
            drop.database_forwards("messaging", editor)
            assert _strange_indexes() == set()


def test_blocks_know_how_people_were_found() -> None:
    ada, bo = make_user("Ada", username="ada_l"), make_user("Bo")
    block(user=ada, person=bo.pk)
    Block.objects.update(blocker_username="", blocker_email="", blocked_email="")
    import_module("messaging.migrations.0037_faces_whole").fill(apps, None)
    found = Block.objects.get()
    assert (found.blocker_username, found.blocker_email) == ("ada_l", ada.email)
    assert (found.blocked_username, found.blocked_email) == ("", bo.email)


def test_a_block_of_somebody_who_is_not_there_stays_as_it_is() -> None:
    """As MongoDB may have it; no other database keeps such a row."""
    there, gone = make_user(username="there"), new_key()
    kept = SimpleNamespace(blocker_id=gone, blocked_id=there.pk, blocker_email="", save=Mock())
    models = {"User": User, "Block": SimpleNamespace(objects=Mock(all=lambda: [kept]))}
    other = SimpleNamespace(get_model=lambda _app, name: models[name])
    import_module("messaging.migrations.0037_faces_whole").fill(other, None)
    assert (kept.blocker_email, kept.blocked_username) == ("", "there")
    kept.save.assert_called_once_with()
