"""GET /api/messages/sync, with all its answers."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message
from tests.contract.shapes import CHANGED_CHAT, assert_chat, assert_message, assert_refused
from tests.factories import ApiFor, make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db

URL = "/api/messages/sync"


def sync(client: APIClient, since: str = "") -> dict[str, Any]:
    response = client.get(URL, {"since": since} if since else {})
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    assert set(answer) == {"messages", "chats", "cursor", "more"}
    return answer


def test_without_since_there_is_just_a_cursor(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    answer = sync(api_for(bo))
    assert answer["cursor"]
    assert (answer["messages"], answer["chats"], answer["more"]) == ([], [], False)


def test_tells_of_new_messages_and_their_chat(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    client = api_for(bo)
    cursor = sync(client)["cursor"]
    make_message(ada, bo, "Hello")
    answer = sync(client, cursor)
    [message], [chat] = answer["messages"], answer["chats"]
    assert_message(message)
    assert_chat(chat, CHANGED_CHAT)
    assert (message["text"], chat["_id"], answer["more"]) == ("Hello", ada.pk, False)
    assert (chat["lastSeq"], chat["lastReadSeq"], chat["peerReadSeq"]) == (1, 0, 1)
    assert (chat["unreadCount"], chat["lastMessage"]) == (1, message)


def test_tells_of_deleted_ones_as_tombstones(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message, client = make_message(ada, bo, "secret"), api_for(bo)
    cursor = sync(client)["cursor"]
    delete_message(user=ada, message_id=message.pk)
    [tombstone] = sync(client, cursor)["messages"]
    assert_message(tombstone)
    assert (tombstone["_id"], tombstone["deleted"]) == (message.pk, True)
    assert tombstone["text"] is tombstone["image"] is None


def test_tells_of_marks(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    client = api_for(ada)
    cursor = sync(client)["cursor"]
    mark_read(user=bo, peer=ada.pk, seq=2)
    [chat] = sync(client, cursor)["chats"]
    assert (chat["lastReadSeq"], chat["peerReadSeq"]) == (3, 2)


def test_tells_strangers_nothing(api_for: ApiFor) -> None:
    client = api_for(make_user())
    cursor = sync(client)["cursor"]
    make_message()
    answer = sync(client, cursor)
    assert (answer["messages"], answer["chats"]) == ([], [])


@pytest.mark.parametrize(
    "cursor", ["abc", "%00", "%20", "é", "MA==x", "bm90LWEtbnVtYmVy", "MS5ub3Qta2V5", "A" * 201]
)
def test_refuses_a_cursor_that_is_none(api_for: ApiFor, cursor: str) -> None:
    response = api_for(make_user()).get(f"{URL}?since={cursor}")
    assert_refused(response, 400)
    assert set(response.json()["errors"]) == {"since"}
