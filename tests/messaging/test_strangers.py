"""A third person: whatever two people do, they see nothing of it and are told nothing."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from messaging.models import Message
from messaging.queries.sync import Cursor
from messaging.queries.visibility import find_message
from messaging.recipients import user_group
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.messages import delete_message, restore
from tests.factories import ApiFor, make_message, make_pair, make_user
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    return make_message(*make_pair(), "secret", image=picture())


def live_together(ada: User, bo: User) -> Message:
    """Everything that two people can do which others are told of."""
    message = make_message(ada, bo, "secret", image=picture())
    make_message(bo, ada, "answer")
    mark_delivered(user=ada, peer=bo.pk, seq=2)
    mark_read(user=ada, peer=bo.pk, seq=2)
    delete_message(user=ada, message_id=message.pk)
    message.refresh_from_db()
    restore(message=message)
    return message


def test_is_told_of_nothing(events: Events) -> None:
    (ada, bo), stranger = make_pair(), make_user("Stranger")
    live_together(ada, bo)
    assert {pushed.to for pushed in events} == {user_group(ada.pk), user_group(bo.pk)}
    assert user_group(stranger.pk) not in {pushed.to for pushed in events}
    assert {pushed.event for pushed in events} == {
        *("newMessage", "messagesDelivered", "messagesRead"),
        *("messageDeleted", "messageRestored"),
    }


def test_sees_no_message(message: Message) -> None:
    stranger = make_user("Stranger")
    assert find_message(stranger, message.pk) is None
    assert find_message(message.sender, message.pk) == message


@pytest.mark.parametrize("path", ["chats", "{ada}", "{bo}", "sync?since={since}"])
def test_is_answered_without_a_trace_of_it(api_for: ApiFor, path: str) -> None:
    ada, bo = make_pair()
    message = live_together(ada, bo)
    since = Cursor({}).encode()
    url = f"/api/messages/{path.format(ada=ada.pk, bo=bo.pk, since=since)}"
    answer = api_for(make_user("Stranger")).get(url)
    assert answer.status_code == 200
    assert b"secret" not in answer.content
    assert message.pk.encode() not in answer.content


def test_changes_nothing_of_it(api_for: ApiFor, message: Message) -> None:
    client = api_for(make_user("Stranger"))
    before: Any = Message.objects.values().get()
    assert client.delete(f"/api/messages/{message.pk}").status_code == 404
    client.put(f"/api/messages/read/{message.sender_id}", {"seq": 1})
    client.post(f"/api/messages/send/{message.sender_id}", {"text": "Hi"})
    assert Message.objects.values().get(pk=message.pk) == before


def test_cannot_take_over_a_client_id(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    make_message(ada, bo, "secret", client_message_id="c-1")
    client = api_for(make_user("Stranger"))
    response = client.post(
        f"/api/messages/send/{bo.pk}", {"text": "mine", "clientMessageId": "c-1"}
    )
    assert response.status_code == 201
    assert response.json()["text"] == "mine"


def test_is_not_told_whether_a_message_exists(api_for: ApiFor, message: Message) -> None:
    client = api_for(make_user("Stranger"))
    real = client.delete(f"/api/messages/{message.pk}")
    none = client.delete("/api/messages/" + "0" * 24)
    assert (real.status_code, real.content) == (none.status_code, none.content)


def test_a_visitor_sees_none_of_it(message: Message) -> None:
    for path in ("chats", "contacts", "sync", message.sender_id):
        assert APIClient().get(f"/api/messages/{path}").status_code == 401
