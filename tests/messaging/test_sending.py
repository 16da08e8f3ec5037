"""Sending: what is stored, and who hears of it."""

from datetime import timedelta

import msgspec
import pytest

from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.pictures import storage
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.recipients import user_group
from messaging.services.messages import delete_message, send_message
from messaging.shapes.record import record_of
from tests.factories import make_message, make_pair, make_user
from tests.pictures import opened, picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def test_both_hear_of_it_and_nobody_else(events: Events) -> None:
    ada, bo = make_pair()
    make_user("Stranger")
    message = make_message(ada, bo)
    assert events.recipients("newMessage") == sorted([user_group(ada.pk), user_group(bo.pk)])
    assert events.data("newMessage") == msgspec.to_builtins(record_of(message))
    assert len(events) == 2


def test_again_nobody_hears_of_it(events: Events) -> None:
    ada, bo = make_pair()
    first = send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
    events.clear()
    again = send_message(sender=ada, peer=bo.pk, text="Hi again", client_message_id="c-1")
    assert (again.record, again.created) == (first.record, False)
    assert not len(events)


def test_what_is_refused_is_neither_stored_nor_heard_of(events: Events) -> None:
    ada, bo = make_pair()
    with pytest.raises(DomainError):
        send_message(sender=ada, peer=bo.pk, image=b"no picture")
    with pytest.raises(DomainError):
        send_message(sender=ada, peer=bo.pk, text="x" * 10_001)
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()
    assert not len(events)


def test_the_same_client_id_is_free_for_other_people(events: Events) -> None:
    ada, bo = make_pair()
    assert send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1").created
    assert send_message(sender=bo, peer=ada.pk, text="Hi", client_message_id="c-1").created


def test_a_client_id_used_for_another_peer_is_409() -> None:
    ada, bo = make_pair()
    send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
    with pytest.raises(DomainError) as refused:
        send_message(sender=ada, peer=make_user().pk, text="Hi", client_message_id="c-1")
    assert refused.value.status == 409
    assert Message.objects.count() == 1


def test_a_client_id_stays_used_after_the_deletion(events: Events) -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo, client_message_id="c-1")
    delete_message(user=ada, message_id=first.pk)
    events.clear()
    again = send_message(sender=ada, peer=bo.pk, text="Hi", client_message_id="c-1")
    assert (again.record.id, again.record.deleted, again.created) == (first.pk, True, False)
    assert not len(events)


@pytest.mark.parametrize("client_id", ["", "a", "Z_9-", "x" * 64])
def test_client_ids_that_are_taken(client_id: str) -> None:
    assert make_message(client_message_id=client_id).client_message_id == client_id


@pytest.mark.parametrize("client_id", ["a b", "é", "x" * 65, "a\n", "$gt", "a.b", "\x00", "\ud800"])
def test_client_ids_that_are_refused(client_id: str) -> None:
    with pytest.raises(DomainError) as refused:
        make_message(client_message_id=client_id)
    assert list(refused.value.errors) == ["client_message_id"]


@pytest.mark.parametrize(
    "text",
    ["  two  spaces  ", "line\nbreak\r\n", "<script>alert(1)</script>", "'; DROP TABLE x; --"]
    + [
        '{"$where": "1"}',
        "%s %(x)s {0}",
        "مرحبا",
        "👩‍🚀",
        "\u202eabc",
        "a\x07b",
        "x" * 10_000,
        "😀" * 10_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_text_is_kept_as_it_is_written(text: str) -> None:
    assert Message.objects.get(pk=make_message(text=text).pk).text == text


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u2003\u00a0", "\u200b\ufeff", "\x00", "\u2800 \u3164"]
)
def test_text_that_shows_nothing_is_none(text: str) -> None:
    with pytest.raises(DomainError, match="Text or image is required"):
        make_message(text=text)


@pytest.mark.parametrize("text", ["x" * 10_001, "a\x00b", "a\ud800b"], ids=lambda t: repr(t[:5]))
def test_text_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        make_message(text=text)
    assert (refused.value.status, list(refused.value.errors)) == (400, ["text"])


def test_a_picture_may_go_with_blank_text() -> None:
    message = make_message(text="  ", image=picture(40, 20))
    assert (message.text, message.image_width, message.image_height) == ("", 40, 20)


def test_the_first_message_makes_one_conversation_for_both() -> None:
    ada, bo = make_pair()
    one, other = make_message(ada, bo), make_message(bo, ada)
    assert one.conversation_id == other.conversation_id
    assert (one.seq, other.seq) == (1, 2)
    members = Membership.objects.values_list("user_id", flat=True)
    assert sorted(members) == sorted([ada.pk, bo.pk])


def test_conversations_count_apart() -> None:
    ada, bo = make_pair()
    assert [make_message(ada, bo).seq, make_message(ada).seq, make_message(ada, bo).seq] == [
        1,
        1,
        2,
    ]


def test_a_picture_keeps_nothing_of_its_file() -> None:
    message = make_message(image=picture(form="JPEG", comment=b"secret words"))
    stored = storage.read(message.image, withdrawn=False)
    assert opened(stored).format == "WEBP"
    assert b"secret words" not in stored


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_message_and_marks_does_not_block_the_conversation() -> None:
    """As on a database without transactions."""
    ada, bo = make_pair()
    make_message(ada, bo)
    Conversation.objects.update(last_seq=0, last_message=None)
    assert make_message(bo, ada).seq == 2


def test_a_clock_that_is_behind_takes_no_change_back() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    later = now() + timedelta(seconds=4)
    Conversation.objects.update(changed_at=later)
    make_message(bo, ada)
    assert Conversation.objects.get().changed_at == later


def test_a_conversation_that_was_left_without_members_gets_them() -> None:
    ada, bo = make_pair()
    conversation = Conversation.objects.create(key=direct_key(ada.pk, bo.pk))
    Membership.objects.create(conversation=conversation, user=ada)
    make_message(ada, bo)
    members = Membership.objects.filter(conversation=conversation)
    assert set(members.values_list("user_id", flat=True)) == {ada.pk, bo.pk}
