"""What migrations do to what is there already."""

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import apps

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
