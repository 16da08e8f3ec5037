"""How many of the unread messages mention somebody."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chatsite.db import now
from messaging.models import Message
from messaging.queries.chats import _mentioning, chats_of
from messaging.services.conversations import mark_read
from messaging.services.deletions import clear_chat, delete_messages
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, restore, send_message
from messaging.shapes.record import MessageRecord
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user

pytestmark = pytest.mark.django_db


def mention(sender: User, group: str, *people: User) -> str:
    keys = [person.pk for person in people]
    return send_message(sender=sender, peer=group, text="Look", mentions=keys).record.id


def count(user: User) -> int:
    """In the one chat that they have."""
    [chat] = chats_of(user)
    [same] = chats_of(user, among=[chat.peer.id])
    assert chat.unread_mentions == same.unread_mentions
    return chat.unread_mentions


class Group:
    def __init__(self) -> None:
        self.ada, self.bo = make_pair()
        self.cy = make_user("Cy")
        self.key = make_group(self.ada, self.bo, self.cy)


def test_count_for_whom_they_mention_until_these_have_read_them() -> None:
    group = Group()
    mention(group.ada, group.key, group.bo)
    send_message(sender=group.ada, peer=group.key, text="@Bo without a key")
    mention(group.cy, group.key, group.bo, group.ada)
    assert [count(each) for each in (group.ada, group.bo, group.cy)] == [1, 2, 0]
    mark_read(user=group.bo, peer=group.key, seq=2)
    assert count(group.bo) == 1
    mark_read(user=group.bo, peer=group.key, seq=4)
    assert count(group.bo) == 0


def test_of_oneself_counts_not_even_by_an_edit() -> None:
    group = Group()
    key = mention(group.bo, group.key, group.bo)
    edit_message(user=group.bo, message_id=key, text="Me", mentions=[group.bo.pk])
    assert count(group.bo) == 0


def test_are_edited_in_and_out() -> None:
    group = Group()
    key = send_message(sender=group.ada, peer=group.key, text="Look").record.id
    assert count(group.bo) == 0
    edit_message(user=group.ada, message_id=key, text="@Bo, look", mentions=[group.bo.pk])
    assert (count(group.bo), count(group.cy)) == (1, 0)
    edit_message(user=group.ada, message_id=key, text="@Cy, look", mentions=[group.cy.pk])
    assert (count(group.bo), count(group.cy)) == (0, 1)


def test_a_reply_mentions_whom_it_answers_whatever_it_says_later() -> None:
    group = Group()
    question = mention(group.bo, group.key)

    def answered(sender: User, *people: User) -> MessageRecord:
        keys = [person.pk for person in people]
        return send_message(
            sender=sender, peer=group.key, text="Yes", reply_to=question, mentions=keys
        ).record

    answer = answered(group.ada, group.cy)
    assert answer.mentions == [group.cy.pk, group.bo.pk]
    edited = edit_message(user=group.ada, message_id=answer.id, text="No", mentions=[])
    assert edited.mentions == [group.bo.pk]
    assert answered(group.cy, group.bo).mentions == [group.bo.pk]
    assert [count(each) for each in (group.ada, group.bo, group.cy)] == [0, 2, 0]
    assert answered(group.bo).mentions is None
    remove_member(user=group.ada, group=group.key, person=group.bo.pk)
    assert answered(group.cy).mentions is None


def test_edited_into_what_is_read_already_do_not_count() -> None:
    group = Group()
    key = send_message(sender=group.ada, peer=group.key, text="Look").record.id
    mark_read(user=group.bo, peer=group.key, seq=2)
    edit_message(user=group.ada, message_id=key, text="@Bo, look", mentions=[group.bo.pk])
    assert count(group.bo) == 0


def test_go_with_the_message_and_come_back_with_it() -> None:
    group = Group()
    key = mention(group.ada, group.key, group.bo)
    deleted = delete_message(user=group.ada, message_id=key)
    assert count(group.bo) == 0
    restore(message=deleted)
    assert count(group.bo) == 1


def test_deleted_for_oneself_do_not_count_for_who_did_it() -> None:
    group = Group()
    key = mention(group.ada, group.key, group.bo, group.cy)
    mention(group.ada, group.key, group.bo, group.cy)
    delete_messages(user=group.bo, message_ids=[key], whom="me")
    assert (count(group.bo), count(group.cy)) == (1, 2)
    clear_chat(user=group.bo, peer=group.key)
    assert (count(group.bo), count(group.cy)) == (0, 2)


def test_of_who_has_left_are_those_that_they_saw() -> None:
    group = Group()
    mention(group.ada, group.key, group.bo)
    remove_member(user=group.ada, group=group.key, person=group.bo.pk)
    mention(group.ada, group.key, group.bo, group.cy)
    assert (count(group.bo), count(group.cy)) == (1, 1)
    add_members(user=group.ada, group=group.key, people=[group.bo.pk])
    assert count(group.bo) == 0
    mention(group.ada, group.key, group.bo)
    assert count(group.bo) == 1


def test_are_neither_in_copies_nor_in_direct_chats() -> None:
    group = Group()
    key = mention(group.ada, group.key, group.bo)
    other = make_group(group.ada, group.bo)
    send_message(sender=group.ada, peer=group.bo.pk, text="Hi", mentions=[group.bo.pk])
    forward_messages(
        user=group.ada, message_ids=[key], to=[other, group.bo.pk], client_message_id="copy"
    )
    told = {chat.peer.id: chat.unread_mentions for chat in chats_of(group.bo)}
    assert told == {group.key: 1, other: 0, group.ada.pk: 0}


def test_stay_when_their_writer_is_gone() -> None:
    group = Group()
    mention(group.cy, group.key, group.bo)
    group.cy.delete()
    assert count(group.bo) == 1


def test_are_in_the_list_and_in_sync_and_left_out_where_there_are_none(api_for: ApiFor) -> None:
    group = Group()
    clients = [api_for(group.bo), api_for(group.cy)]
    cursors = [each.get("/api/messages/sync").json()["cursor"] for each in clients]
    mention(group.ada, group.key, group.bo)
    for client, cursor, told in zip(clients, cursors, [{"unreadMentions": 1}, {}], strict=True):
        listed = client.get("/api/messages/chats").json()
        changed = client.get("/api/messages/sync", {"since": cursor}).json()["chats"]
        for [chat] in (listed, changed):
            assert {name: chat[name] for name in chat if name == "unreadMentions"} == told
    stranger = api_for(make_user("Eve"))
    assert stranger.get("/api/messages/chats").json() == []


@pytest.mark.sql_only("MongoDB has other queries")
def test_are_asked_for_once_and_only_where_a_group_is_unread() -> None:
    group = Group()
    mark_read(user=group.bo, peer=group.key, seq=1)
    make_message(group.ada, group.bo)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            chats_of(group.bo)
        return len(queries)

    before = asked()
    for _group in range(5):
        mention(group.ada, make_group(group.ada, group.bo), group.bo)
    assert asked() == before + 1


@pytest.mark.sql_only("MongoDB explains its queries in other words")
def test_are_found_by_their_own_index() -> None:
    group = Group()
    mention(group.ada, group.key, group.bo)
    Message.objects.bulk_create(
        Message(conversation_id=group.key, sender=group.ada, seq=seq, text="x")
        for seq in range(10, 3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "mentioning_messages" in _mentioning(me=group.bo.pk, moment=now()).explain()
