"""Removing the preview of a link, with all answers."""

import pytest
from rest_framework.test import APIClient

from messaging.models import Message
from messaging.services.messages import delete_message
from messaging.shapes.link_previews import PreviewRecord, encoded_preview
from tests import limits
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, assert_message, assert_refused
from tests.factories import ApiFor, make_message, make_pair, make_user
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db


def url(message: str) -> str:
    return f"/api/previews/{message}"


@pytest.fixture
def message() -> Message:
    sent = make_message(*make_pair(), "https://example.org/")
    stored = encoded_preview(PreviewRecord("https://example.org/", "Example"))
    Message.objects.filter(pk=sent.pk).update(preview=stored)
    return sent


def test_without_a_token_is_401(message: Message) -> None:
    assert_refused(APIClient().delete(url(message.pk)), 401, NO_TOKEN)


def test_answers_200_with_the_message_and_again(message: Message, api_for: ApiFor) -> None:
    client = api_for(message.sender)
    [before] = client.get(f"/api/messages/{message.receiver_id}").json()
    assert_message(before)
    assert before["preview"] == {"url": "https://example.org/", "title": "Example"}
    first, again = (client.delete(url(message.pk)) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert_message(first.json())
    assert "preview" not in first.json()


def test_of_another_s_message_is_403(message: Message, api_for: ApiFor) -> None:
    [receiver] = message.conversation.memberships.exclude(user=message.sender)
    expected = "You can only remove the previews of your own messages."
    assert_refused(api_for(receiver.user).delete(url(message.pk)), 403, expected)


@pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
def test_of_no_message_is_404(api_for: ApiFor, key: str) -> None:
    assert api_for(make_user()).delete(url(key)).status_code == 404


def test_of_what_one_cannot_see_is_404(message: Message, api_for: ApiFor) -> None:
    assert_refused(api_for(make_user()).delete(url(message.pk)), 404, "Message not found.")


def test_of_a_deleted_message_is_409(message: Message, api_for: ApiFor) -> None:
    delete_message(user=message.sender, message_id=message.pk)
    answer = api_for(message.sender).delete(url(message.pk))
    assert_refused(answer, 409, "This message was deleted.")


@pytest.mark.parametrize("method", ["get", "put", "post", "patch"])
def test_other_methods_are_405(message: Message, api_for: ApiFor, method: str) -> None:
    answer = getattr(api_for(message.sender), method)(url(message.pk))
    assert_refused(answer, 405)


def test_counts_as_a_write(message: Message, api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    client = api_for(message.sender)
    assert client.delete(url(message.pk)).status_code == 200
    limits.assert_refused(client.delete(url(message.pk)))
