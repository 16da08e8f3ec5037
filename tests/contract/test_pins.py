"""Pinning, and what is pinned, each call with all its answers."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.services.moderation import ban
from messaging.models import Message
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from messaging.services.pins import pin
from tests import limits
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

NO_MESSAGE = "Message not found."
Change = Callable[[APIClient, str], Any]


def url(message: str) -> str:
    return f"/api/pins/{message}"


def pins_url(conversation: str) -> str:
    return f"/api/conversations/{conversation}/pins"


@pytest.fixture(params=["put", "delete"])
def change(request: pytest.FixtureRequest) -> Change:
    """Either of the two calls."""
    return lambda client, path: getattr(client, request.param)(path)


def test_without_a_token_everything_is_401(change: Change) -> None:
    message = make_message()
    assert_refused(change(APIClient(), url(message.pk)), 401, NO_TOKEN)
    assert_refused(APIClient().get(pins_url(message.conversation_id)), 401, NO_TOKEN)


def test_answers_200_with_the_message_and_again(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message, client = make_message(ada, bo), api_for(bo)
    first, again = (client.put(url(message.pk)) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert_message(first.json())
    assert first.json()["pinnedAt"] == first.json()["updatedAt"]
    for me in (ada, bo):
        assert api_for(me).get(pins_url(message.conversation_id)).json() == [first.json()]
    for _again in range(2):
        answer = api_for(ada).delete(url(message.pk))
        assert answer.status_code == 200
        assert "pinnedAt" not in answer.json()
    assert client.get(pins_url(message.conversation_id)).json() == []


@pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
def test_what_is_not_there_is_404(api_for: ApiFor, change: Change, key: str) -> None:
    assert change(api_for(make_user()), url(key)).status_code == 404
    assert api_for(make_user()).get(pins_url(key)).status_code == 404


def test_for_strangers_it_is_404(api_for: ApiFor, change: Change) -> None:
    message = make_message()
    pin(user=message.sender, message_id=message.pk)
    stranger = api_for(make_user())
    assert_refused(change(stranger, url(message.pk)), 404, NO_MESSAGE)
    assert_refused(stranger.get(pins_url(message.conversation_id)), 404, "No such group.")
    assert Message.objects.get().pinned_at


def test_where_only_admins_write_it_is_403_for_others(api_for: ApiFor, change: Change) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo, posting="admins")
    key = send_message(sender=ada, peer=group, text="Hello").record.id
    refused = change(api_for(bo), url(key))
    assert_refused(refused, 403, "Only admins may write in this group.")
    assert change(api_for(ada), url(key)).status_code == 200


def test_after_leaving_it_is_403_but_what_was_seen_stays(api_for: ApiFor, change: Change) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    key = send_message(sender=ada, peer=group, text="Hello").record.id
    pin(user=ada, message_id=key)
    remove_member(user=ada, group=group, person=bo.pk)
    assert_refused(change(api_for(bo), url(key)), 403, "You are no longer in this group.")
    assert [each["_id"] for each in api_for(bo).get(pins_url(group)).json()] == [key]


def test_deleted_it_is_409(api_for: ApiFor, change: Change) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    delete_message(user=ada, message_id=message.pk)
    assert_refused(change(api_for(bo), url(message.pk)), 409, "This message was deleted.")


def test_of_the_system_it_is_400(api_for: ApiFor, change: Change) -> None:
    ada, bo = make_pair()
    make_group(ada, bo)
    answer = change(api_for(bo), url(Message.objects.get().pk))
    assert_refused(answer, 400, "System messages cannot be pinned.")


def test_one_too_many_is_400(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    keys = [make_message(ada, bo).pk for _ in range(51)]
    client = api_for(bo)
    for key in keys[:50]:
        pin(user=bo, message_id=key)
    refused = client.put(url(keys[50]))
    expected = "At most 50 messages can be pinned here. Unpin one of them first."
    assert_refused(refused, 400, expected)


def test_by_the_banned_it_is_401(api_for: ApiFor, change: Change) -> None:
    ada, bo = make_pair()
    message, client = make_message(ada, bo), api_for(bo)
    ban(user=bo, reason="spam")
    assert_refused(change(client, url(message.pk)), 401)


def test_beyond_the_limit_of_changes_it_is_429(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    ada, bo = make_pair()
    message, client = make_message(ada, bo), api_for(bo)
    assert client.put(url(message.pk)).status_code == 200
    limits.assert_refused(client.delete(url(message.pk)))


@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_another_method_is_405(api_for: ApiFor, method: str) -> None:
    message = make_message()
    client = api_for(message.sender)
    assert_refused(getattr(client, method)(url(message.pk)), 405)
