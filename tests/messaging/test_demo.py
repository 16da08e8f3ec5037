"""The demo: people to log in as, and conversations that keep every rule of real ones."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client
from pytest_django import Settings

from accounts.models import Session, User
from accounts.services.accounts import authenticate
from chatsite.db import now
from chatsite.pictures import storage
from messaging.demo.people import PEOPLE
from messaging.demo.script import scripts
from messaging.management.commands.demo import PASSWORD
from messaging.models import Conversation, Kind, Membership, Message, Reaction, Role, saved_key
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.pins import pins
from messaging.queries.reactions import reactions_of
from messaging.queries.search import SearchCriteria, search
from messaging.queries.visibility import find_conversation, find_group
from messaging.services.groups import change_group
from messaging.services.messages import send_message
from messaging.services.reactions import react
from messaging.shapes.reactions import decoded_reactions
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def demo(*arguments: str) -> str:
    output = StringIO()
    call_command("demo", *arguments, stdout=output)
    return output.getvalue()


def person(handle: str) -> User:
    return User.objects.get(email=f"{handle}@demo.example")


def everything() -> list[list[dict[str, Any]]]:
    models: list[type[Model]] = [User, Session, Conversation, Membership, Message, Reaction]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_everybody_can_log_in_as_printed() -> None:
    output = demo()
    assert PASSWORD in output
    for somebody in PEOPLE:
        assert somebody.email in output
        assert authenticate(email=somebody.email, password=PASSWORD).full_name == somebody.full_name


def test_second_run_changes_nothing() -> None:
    first = demo()
    before = everything()
    assert demo() == first
    assert everything() == before


def test_what_people_did_since_stays() -> None:
    demo()
    ada, nana = person("ada"), person("nana")
    send_message(sender=ada, peer=nana.pk, text="What a dahlia!")
    before = everything()
    demo()
    assert everything() == before


def test_conversations_count_without_gaps_in_the_order_of_time() -> None:
    demo()
    for conversation in Conversation.objects.all():
        messages = list(Message.objects.filter(conversation=conversation).order_by("seq"))
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        assert (conversation.last_seq, conversation.last_message) == (len(messages), messages[-1])
        assert messages == sorted(messages, key=lambda message: message.pk)
        assert messages == sorted(messages, key=lambda message: message.created_at)


def test_nothing_lies_in_the_future_or_long_ago() -> None:
    demo()
    moments = list(Message.objects.values_list("created_at", flat=True))
    assert max(moments) < now()
    assert min(moments) > now() - timedelta(days=30)
    assert min(moments) > max(User.objects.values_list("created_at", flat=True))


@pytest.mark.parametrize("hour", [0, 6, 23])
def test_order_holds_at_any_time_of_day(hour: int) -> None:
    moment = datetime.now().astimezone().replace(hour=hour, minute=1)
    for script in scripts(moment):
        times = [line.at for line in script.lines]
        assert times == sorted(times)
        assert times[-1] < moment


def test_writers_have_read_up_to_what_they_wrote() -> None:
    demo()
    for membership in Membership.objects.select_related("conversation"):
        own = Message.objects.filter(
            conversation=membership.conversation, sender=membership.user_id
        )
        last_own = own.order_by("-seq").values_list("seq", flat=True).first() or 0
        assert last_own <= membership.last_read_seq <= membership.conversation.last_seq


def test_chats_of_ada_are_lively() -> None:
    demo()
    chats = chats_of(person("ada"))
    assert [chat.peer.full_name.split()[0] for chat in chats][:4] == [
        "Mira",
        "Jonas",
        "Layla",
        "Nana",
    ]
    assert [chat.unread_count for chat in chats][:4] == [0, 2, 1, 0]
    assert chats[0].last_seq > 300
    assert 0 < chats[0].peer_read_seq < chats[0].last_seq


def test_one_of_the_conversations_is_a_group() -> None:
    demo()
    ada, stranger = person("ada"), person("nana")
    key = Conversation.objects.get(kind=Kind.GROUP).pk
    group, role = find_group(ada, key)
    assert (group.member_count, role) == (5, Role.MEMBER)
    assert find_group(person("jonas"), key)[1] == Role.OWNER
    assert key not in {saved_key(each.pk) for each in User.objects.all()}
    records = history(ada, key, before=None, limit=1000)
    assert [record.system is not None for record in records] == [True] + [False] * 11
    assert history(stranger, key, before=None, limit=1000) == []
    change_group(user=person("jonas"), group=key, title="Stew on Sunday")
    before = everything()
    demo()
    assert everything() == before


def test_people_answer_react_and_pin_as_they_would_by_hand() -> None:
    demo()
    ada, jonas = person("ada"), person("jonas")
    group = Conversation.objects.get(kind=Kind.GROUP).pk
    records = {each.text: each for each in history(ada, group, before=None, limit=1000)}
    soup = next(each for each in records.values() if each.pinned_at)
    assert soup.sender_id == jonas.pk
    assert [(each.emoji, each.count) for each in decoded_reactions(soup.reactions)] == [
        ("👍", 3),
        ("😂", 1),
    ]
    assert records["You can bring my drill."].reply_to == records["I can bring the speakers 🎶"].id
    # A click on a pill counts anew from the rows: those of the demo are all there.
    react(user=jonas, message_id=soup.id, emoji="👍")
    assert [each.count for each in reactions_of(ada, group, soup.seq)] == [4, 1]
    assert [record.id for record in pins(ada, group)] == [soup.id]


def test_pictures_can_be_looked_at_and_deleted_words_cannot() -> None:
    demo()
    ada, mira = person("ada"), person("mira")
    messages = history(ada, mira.pk, before=None, limit=1000, include_deleted=True)
    deleted = [message for message in messages if message.deleted]
    pictures = Message.objects.exclude(image="")
    assert pictures
    assert all(storage.find("messages", message.image) for message in pictures)
    assert deleted
    assert all(message.text is None for message in deleted)


def test_all_of_it_is_found_at_once() -> None:
    demo()
    ada = person("ada")
    for message in Message.objects.filter(deleted=False).exclude(text="").order_by("seq")[:5]:
        asked = SearchCriteria(words=f'"{message.text[:100]}"')
        found = search(User.objects.get(pk=message.sender_id), asked, limit=50)
        assert message.pk in [each.message.id for each in found.messages]
        assert not found.is_building
    demo()
    assert not search(ada, SearchCriteria(words="the"), limit=1).is_building


def test_one_of_them_is_an_admin_and_no_other() -> None:
    demo()
    staff = User.objects.exclude(role="")
    assert [somebody.email for somebody in staff] == ["robin@demo.example"]
    client = Client()
    client.post("/login", {"email": "robin@demo.example", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200


def test_other_people_get_no_messages() -> None:
    stranger = make_user()
    demo()
    assert chats_of(stranger) == []
    assert find_conversation(stranger.pk, person("ada").pk) is None


def test_production_is_left_alone(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        demo()
    assert not User.objects.exists()


def test_forced_in_production_it_makes_up_a_password(settings: Settings) -> None:
    settings.PRODUCTION = True
    output = demo("--force")
    assert PASSWORD not in output
    password = output.strip().rsplit(" ", 1)[-1]
    assert authenticate(email="robin@demo.example", password=password) == person("robin")
    assert not person("robin").check_password(PASSWORD)
    assert password not in demo("--force")
