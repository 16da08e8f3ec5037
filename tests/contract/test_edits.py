"""Editing a message, with all its answers."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from messaging.models import Message, MessageEdit
from messaging.services.groups import change_group, remove_member
from messaging.services.messages import delete_message, send_message
from tests import limits
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, TIME, assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db


def url(message: str) -> str:
    return f"/api/messages/{message}"


def test_without_a_token_is_401() -> None:
    message = make_message()
    assert_refused(APIClient().put(url(message.pk), {"text": "x"}), 401, NO_TOKEN)


def test_answers_200_with_the_message_and_again(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message, client = make_message(ada, bo, "Helo"), api_for(ada)
    answers = [client.put(url(message.pk), {"text": "Hello"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    first, again = (answer.json() for answer in answers)
    assert first == again
    assert_message(first)
    assert first["text"] == "Hello"
    assert TIME.fullmatch(first["editedAt"])
    assert MessageEdit.objects.count() == 1


def test_is_in_history_chats_and_sync_of_both(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    cursor = api_for(bo).get("/api/messages/sync").json()["cursor"]
    answered = api_for(ada).put(url(message.pk), {"text": "Changed"}).json()
    for me, peer in ((ada, bo), (bo, ada)):
        client = api_for(me)
        [in_history] = client.get(url(peer.pk)).json()
        [chat] = client.get("/api/messages/chats").json()
        assert in_history == chat["lastMessage"] == answered
    changes = api_for(bo).get(f"/api/messages/sync?since={cursor}").json()
    assert changes["messages"] == [answered]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": None}, {"text": " \n"}])
def test_to_nothing_is_400(api_for: ApiFor, body: dict[str, object]) -> None:
    message = make_message()
    answer = api_for(message.sender).put(url(message.pk), body)
    assert_refused(answer, 400, "Text or image is required.")


@pytest.mark.parametrize("text", [7, ["x"], {"$ne": ""}, "x" * 10_001, "\0"])
def test_to_what_is_no_text_is_400(api_for: ApiFor, text: object) -> None:
    message = make_message()
    answer = api_for(message.sender).put(url(message.pk), {"text": text})
    assert_refused(answer, 400)
    assert set(answer.json()["errors"]) == {"text"}
    assert Message.objects.get().text == "Hello"


@pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
def test_of_nothing_is_404(api_for: ApiFor, key: str) -> None:
    assert api_for(make_user()).put(url(key), {"text": "x"}).status_code == 404


def test_of_what_others_wrote_is_403_and_of_strangers_404(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    answer = api_for(bo).put(url(message.pk), {"text": "x"})
    assert_refused(answer, 403, "You can only edit your own messages.")
    answer = api_for(make_user()).put(url(message.pk), {"text": "x"})
    assert_refused(answer, 404, "Message not found.")
    # A person's key is no message's.
    assert_refused(api_for(ada).put(url(bo.pk), {"text": "x"}), 404, "Message not found.")


def test_of_a_deleted_message_is_409(api_for: ApiFor) -> None:
    message = make_message()
    delete_message(user=message.sender, message_id=message.pk)
    answer = api_for(message.sender).put(url(message.pk), {"text": "x"})
    assert_refused(answer, 409, "This message was deleted.")


def test_too_late_and_where_there_are_none_is_403(api_for: ApiFor, settings: Settings) -> None:
    message = make_message()
    client = api_for(message.sender)
    settings.MESSAGE_EDIT_MINUTES = 0
    answer = client.put(url(message.pk), {"text": "x"})
    assert_refused(answer, 403, "Messages cannot be edited on this site.")
    settings.MESSAGE_EDIT_MINUTES = 15
    Message.objects.update(created_at="2026-01-01T00:00Z")
    answer = client.put(url(message.pk), {"text": "x"})
    assert_refused(answer, 403, "It is too late to edit this message.")


def test_in_a_group_where_one_may_not_write_is_403(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    key = send_message(sender=bo, peer=group, text="Helo").record.id
    change_group(user=ada, group=group, posting="admins")
    answer = api_for(bo).put(url(key), {"text": "Hello"})
    assert_refused(answer, 403, "Only admins may write in this group.")
    remove_member(user=ada, group=group, person=bo.pk)
    answer = api_for(bo).put(url(key), {"text": "Hello"})
    assert_refused(answer, 403, "You are no longer in this group.")
    system = Message.objects.get(seq=1).pk
    answer = api_for(ada).put(url(system), {"text": "x"})
    assert_refused(answer, 403, "You can only edit your own messages.")


def test_counts_as_a_message_sent(api_for: ApiFor, set_limits: SetLimits) -> None:
    message = make_message()
    set_limits(sends=1)
    client = api_for(message.sender)
    assert client.put(url(message.pk), {"text": "One"}).status_code == 200
    limits.assert_refused(client.put(url(message.pk), {"text": "Two"}))
