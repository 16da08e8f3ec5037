"""Marks, and the unread counts that follow from them."""

from datetime import datetime

import pytest

from accounts.models import User
from chatsite.errors import NotFound
from messaging.models import LIVE_MARKS, Conversation, Membership
from messaging.queries.chats import UNREAD_WINDOW, Chat, chats_of
from messaging.queries.members import read_marks
from messaging.recipients import user_group
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def only_chat(user: User) -> Chat:
    [chat] = chats_of(user)
    return chat


def test_unread_is_what_came_after_the_mark() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 5)
    assert only_chat(bo).unread_count == 5
    mark_read(user=bo, peer=ada.pk, seq=3)
    assert only_chat(bo).unread_count == 2
    mark_read(user=bo, peer=ada.pk, seq=5)
    assert only_chat(bo).unread_count == 0


def test_deleted_ones_do_not_count() -> None:
    ada, bo = make_pair()
    _first, second, _third = make_messages(ada, bo, 3)
    delete_message(user=ada, message_id=second.pk)
    assert only_chat(bo).unread_count == 2


def test_what_i_send_is_read_by_me() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    assert only_chat(ada).unread_count == 0
    make_message(bo, ada, "an answer")
    assert only_chat(bo).unread_count == 0
    assert only_chat(ada).unread_count == 1


def test_what_was_deleted_is_not_unread() -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 5)
    delete_message(user=ada, message_id=messages[1].pk)
    delete_message(user=ada, message_id=messages[3].pk)
    assert (only_chat(bo).unread_count, only_chat(ada).unread_count) == (3, 0)
    mark_read(user=bo, peer=ada.pk, seq=3)
    assert only_chat(bo).unread_count == 1
    mark_read(user=bo, peer=ada.pk, seq=5)
    assert only_chat(bo).unread_count == 0


@pytest.mark.sql_only("MongoDB counts the messages themselves")
def test_unread_messages_are_counted_so_far_only() -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    Conversation.objects.update(last_seq=5 * UNREAD_WINDOW)
    assert only_chat(bo).unread_count == UNREAD_WINDOW


def test_each_chat_has_its_own_count() -> None:
    me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
    make_messages(ada, me, 2)
    make_messages(bo, me, 3)
    make_messages(ada, bo, 4)
    counts = {chat.peer.full_name: chat.unread_count for chat in chats_of(me)}
    assert counts == {"Ada": 2, "Bo": 3}


def test_both_marks_are_told() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    mark_read(user=bo, peer=ada.pk, seq=2)
    chat = only_chat(ada)
    assert (chat.last_seq, chat.last_read_seq, chat.peer_read_seq) == (3, 3, 2)
    assert read_marks(bo, ada.pk) == (2, (3, 3))


def test_both_sides_hear_of_a_mark_and_nobody_else(events: Events) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    events.clear()
    assert mark_read(user=bo, peer=ada.pk, seq=99) == 3
    assert events.recipients("messagesRead") == sorted([user_group(ada.pk), user_group(bo.pk)])
    assert events.data("messagesRead") == {
        "conversationId": Conversation.objects.get().pk,
        "readerId": bo.pk,
        "peerId": ada.pk,
        "seq": 3,
    }
    assert len(events) == 2


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_a_mark_that_does_not_move_is_not_told(events: Events, seq: int) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    mark_read(user=bo, peer=ada.pk, seq=3)
    events.clear()
    assert mark_read(user=bo, peer=ada.pk, seq=seq) == 3
    assert not len(events)


def test_a_stranger_moves_no_mark(events: Events) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    before = sorted(
        Membership.objects.values_list("user_id", "last_read_seq", "last_delivered_seq")
    )
    events.clear()
    assert mark_read(user=make_user(), peer=ada.pk, seq=3) == 0
    assert mark_delivered(user=make_user(), peer=ada.pk, seq=3) == 0
    assert (
        sorted(Membership.objects.values_list("user_id", "last_read_seq", "last_delivered_seq"))
        == before
    )
    assert not len(events)


def delivery(user: User, peer: User) -> tuple[int, int]:
    """How far the other one has read and has got what was written, as `sync` and the page tell."""
    chat = only_chat(user)
    assert read_marks(user, peer.pk)[1] == (chat.peer_read_seq, chat.peer_delivered_seq)
    return chat.peer_read_seq, chat.peer_delivered_seq


def test_what_a_device_has_is_delivered_and_what_is_read_is_too(events: Events) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 4)
    assert delivery(ada, bo) == (0, 0)
    events.clear()
    assert mark_delivered(user=bo, peer=ada.pk, seq=2) == 2
    assert events.recipients("messagesDelivered") == sorted(map(user_group, [ada.pk, bo.pk]))
    assert events.data("messagesDelivered") == {
        "conversationId": Conversation.objects.get().pk,
        "personId": bo.pk,
        "peerId": ada.pk,
        "seq": 2,
    }
    assert delivery(ada, bo) == (0, 2)
    assert only_chat(bo).last_delivered_seq == 2
    assert mark_read(user=bo, peer=ada.pk, seq=3) == 3
    assert delivery(ada, bo) == (3, 3)
    assert only_chat(bo).last_delivered_seq == 3
    events.clear()
    assert mark_delivered(user=bo, peer=ada.pk, seq=3) == 3
    assert mark_delivered(user=bo, peer=ada.pk, seq=1) == 3
    assert not len(events)
    assert mark_delivered(user=bo, peer=ada.pk, seq=99) == 4
    assert delivery(ada, bo) == (3, 4)
    assert only_chat(bo).unread_count == 1


def test_a_large_group_keeps_nothing_of_what_devices_have(events: Events) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    send_message(sender=ada, peer=group, text="Hi")
    there = Conversation.objects.filter(pk=group)
    there.update(member_count=LIVE_MARKS + 1)
    version = there.get().version
    assert mark_delivered(user=bo, peer=group, seq=2) == 0
    with pytest.raises(NotFound):
        mark_delivered(user=make_user(), peer=group, seq=2)
    assert there.get().version == version
    assert not events.recipients("messagesDelivered")
    assert mark_read(user=bo, peer=group, seq=2) == 2


def test_times_are_those_of_reading_and_not_of_writing() -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 2)

    def times() -> tuple[datetime | None, datetime | None]:
        mine = Membership.objects.get(user=bo)
        return mine.delivered_at, mine.read_at

    assert times() == (None, None)
    mark_delivered(user=bo, peer=ada.pk, seq=2)
    delivered_at, read_at = times()
    assert (delivered_at is not None, read_at) == (True, None)
    mark_read(user=bo, peer=ada.pk, seq=2)
    read = times()
    assert (read[0], read[1] is not None) == (delivered_at, True)
    make_message(bo, ada)  # moves the mark, and reads nothing
    assert times() == read
    make_message(ada, bo)
    Membership.objects.update(read_at=None)
    make_message(bo, ada)  # answers, and so has read
    assert times()[1] is not None


def test_nothing_is_said_to_oneself(events: Events) -> None:
    ada = make_user()
    assert mark_read(user=ada, peer=ada.pk, seq=3) == 0
    assert not len(events)


def test_an_answer_reads_what_came_before_it_and_both_sides_hear_of_that(events: Events) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 2)
    events.clear()
    make_message(bo, ada, "All read")
    assert events.data("messagesRead") == {
        "conversationId": Conversation.objects.get().pk,
        "readerId": bo.pk,
        "peerId": ada.pk,
        "seq": 3,
    }
    assert sorted(events.recipients("messagesRead")) == sorted(map(user_group, (ada.pk, bo.pk)))


def test_an_answer_to_what_was_read_tells_of_no_mark(events: Events) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    mark_read(user=bo, peer=ada.pk, seq=1)
    events.clear()
    make_message(bo, ada)
    assert events.recipients("messagesRead") == []
