"""A message on the wire, byte for byte, wherever it is read from."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from chatsite.db import now
from chatsite.schema.components import components
from chatsite.wire import timestamp
from messaging.models import Message, blank_row
from messaging.queries import chats, sync
from messaging.queries import history as histories
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.sync import Cursor, changes_since
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.messages import delete_message
from messaging.shapes.record import COLUMNS, PLAIN, MessageRecord, record_of, record_of_row
from tests.factories import make_message, make_messages, make_pair

pytestmark = pytest.mark.django_db
ODD = 'שלום 👋🏽 \u2028 \\ " </script> %s {}\n\t\x01'
Read = Callable[[User, User], MessageRecord]


def from_history(me: User, peer: User) -> MessageRecord:
    return history(me, peer.pk, before=None, limit=5, include_deleted=True)[-1]


def from_chats(me: User, _peer: User) -> MessageRecord:
    [chat] = chats_of(me)
    assert chat.last_message
    return chat.last_message


def from_sync(me: User, _peer: User) -> MessageRecord:
    return changes_since(me, Cursor({}).encode()).messages[-1]


def from_model(_me: User, _peer: User) -> MessageRecord:
    return record_of(Message.objects.latest("seq"))


@pytest.fixture(params=[from_history, from_chats, from_sync, from_model])
def read(request: pytest.FixtureRequest) -> Read:
    found: Read = request.param
    return found


def add_picture(message: Message, **fields: object) -> None:
    names = {"image": "aaaa_secret.webp", "thumbnail": "bbbb_secret.webp"}
    sizes = {"image_width": 40, "image_height": 20}
    Message.objects.filter(pk=message.pk).update(**{**names, **sizes, **fields})


@pytest.mark.parametrize("text", ["Hello", ODD])
def test_a_text(read: Read, text: str) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, text, client_message_id="a-1")
    moment = timestamp(message.created_at)
    for me, peer in ((ada, bo), (bo, ada)):
        assert msgspec.json.encode(read(me, peer)).decode() == (
            f'{{"_id":"{message.pk}","senderId":"{ada.pk}","receiverId":"{bo.pk}",'
            f'"text":{msgspec.json.encode(text).decode()},"image":null,"deleted":false,'
            f'"createdAt":"{moment}","updatedAt":"{moment}","seq":1,"clientMessageId":"a-1",'
            '"imageWidth":null,"imageHeight":null,"thumbnail":null,'
            f'"conversationId":"{message.conversation_id}"}}'
        )


def test_a_picture_has_addresses_that_tell_no_secret(read: Read, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    ada, bo = make_pair()
    message = make_message(ada, bo, "look")
    add_picture(message, text="")
    record = read(bo, ada)
    folder = f"https://chat.example.org/media/messages/{message.pk}"
    assert (record.image, record.thumbnail) == (f"{folder}/aaaa", f"{folder}/bbbb")
    assert (record.image_width, record.image_height, record.text) == (40, 20, None)
    add_picture(message, thumbnail="")
    assert read(bo, ada).thumbnail == f"{folder}/aaaa?w=720"


def test_of_a_deleted_one_nothing_is_left_but_that_it_was(read: Read) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, "secret", client_message_id="a-1")
    add_picture(message)
    delete_message(user=ada, message_id=message.pk)
    stored, record = Message.objects.get(), read(bo, ada)
    assert msgspec.to_builtins(record) == {
        **dict.fromkeys(msgspec.to_builtins(record)),
        "_id": message.pk,
        "senderId": ada.pk,
        "receiverId": bo.pk,
        "deleted": True,
        "createdAt": timestamp(stored.created_at),
        "updatedAt": timestamp(stored.updated_at),
        "seq": 1,
        "clientMessageId": "a-1",
        "conversationId": message.conversation_id,
    }


def test_an_answer_tells_what_it_answers_until_it_is_deleted(read: Read) -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo)
    answer = make_message(bo, ada, reply_to=first.pk)
    assert read(ada, bo).reply_to == read(bo, ada).reply_to == first.pk
    delete_message(user=bo, message_id=answer.pk)
    assert read(ada, bo).reply_to is None


def test_an_edited_one_tells_when_until_it_is_deleted(read: Read) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    edit_message(user=ada, message_id=message.pk, text="Changed")
    edited_at = Message.objects.get().edited_at
    assert edited_at
    assert read(ada, bo).edited_at == read(bo, ada).edited_at == timestamp(edited_at)
    delete_message(user=ada, message_id=message.pk)
    assert read(ada, bo).edited_at is None


def test_a_copy_says_so_until_it_is_deleted(read: Read) -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo)
    assert "forwarded" not in msgspec.to_builtins(read(bo, ada))
    forward_messages(user=ada, message_ids=[first.pk], to=[bo.pk], client_message_id="f-1")
    copy = read(bo, ada)
    assert copy.id != first.pk
    assert copy.forwarded
    delete_message(user=ada, message_id=copy.id)
    assert not read(bo, ada).forwarded


@pytest.mark.parametrize("microsecond", [0, 1000, 120_000, 999_000])
def test_any_moment(read: Read, microsecond: int) -> None:
    ada, bo = make_pair()
    message, moment = make_message(ada, bo), now().replace(microsecond=microsecond)
    Message.objects.filter(pk=message.pk).update(created_at=moment)
    record = read(bo, ada)
    assert record.created_at == timestamp(moment)
    assert record.updated_at == timestamp(message.updated_at)


@pytest.mark.sql_only("MongoDB is asked for the conversation first")
def test_a_page_is_one_query_whatever_is_on_it(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ada, bo = make_pair()
    for message in make_messages(ada, bo, 6)[::2]:
        add_picture(message)
    with django_assert_num_queries(1):
        page = history(bo, ada.pk, before=None, limit=5)
    assert [bool(message.image) for message in page] == [False, True, False, True, False]


def test_what_most_messages_lack_is_blank() -> None:
    """The columns that a plain row ends before, whose fields then have their defaults."""
    assert [name for name in COLUMNS[PLAIN:] if blank_row()[name]] == []


@pytest.mark.parametrize("read", [from_history, from_chats, from_sync])
def test_a_plain_message_is_read_by_a_short_row(
    monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("others read whole rows")
    ada, bo = make_pair()
    make_message(ada, bo)
    lengths = []

    def noted(row: Sequence[Any], receiver_id: str) -> MessageRecord:
        lengths.append(len(row))
        return record_of_row(row, receiver_id)

    for module in (chats, histories, sync):
        monkeypatch.setattr(module, "record_of_row", noted)
    read(bo, ada)
    assert set(lengths) == {PLAIN}


def test_both_documents_describe_it_from_its_definition() -> None:
    schema = components([MessageRecord])["MessageRecord"]
    always = msgspec.to_builtins(record_of(make_message()))
    assert schema["required"] == list(always)
    assert set(schema["properties"]) - set(always) == {
        "replyTo",
        "editedAt",
        "mentions",
        "forwarded",
        "system",
        "reactions",
        "reacted",
        "pinnedAt",
        "attachments",
        "expiresAt",
        "listened",
        "viewOnce",
        "opened",
        "preview",
    }
