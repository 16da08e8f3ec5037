"""Whom messages mention, as the wire has it."""

from typing import Any

import pytest

from messaging.models import Message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from tests.contract.shapes import assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db

TOO_MANY = [f"{number:024x}" for number in range(10_000)]


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_members_are_mentioned_and_nobody_else(api_for: ApiFor, events: Events, kind: str) -> None:
    ada, bo = make_pair()
    cy, stranger = make_user("Cy"), make_user("Eve")
    group = make_group(ada, bo, cy)
    remove_member(user=ada, group=group, person=cy.pk)
    client = api_for(ada)
    asked = {"text": "@Bo Diddley, @Cy?", "mentions": [bo.pk, cy.pk, stranger.pk, "0" * 24]}
    events.clear()
    sent = client.post(f"/api/messages/send/{group}", asked, format=kind)
    assert sent.status_code == 201
    assert_message(sent.json())
    assert sent.json()["mentions"] == [bo.pk]
    assert events.data("newMessage") == sent.json()
    assert api_for(bo).get(f"/api/messages/{group}").json()[-1] == sent.json()
    deleted = delete_message(user=ada, message_id=sent.json()["_id"])
    changes = api_for(bo).get("/api/messages/sync?since=").json()
    assert changes["messages"] == []
    assert deleted.deleted


def test_without_any_or_in_a_direct_chat_nothing_is_said_of_them(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    group, client = make_group(ada, bo), api_for(ada)
    asked: list[tuple[str, Any]] = [(group, []), (group, None), (group, ["0" * 24])]
    for peer, mentions in [*asked, (bo.pk, [bo.pk])]:
        sent = client.post(f"/api/messages/send/{peer}", {"text": "Hi", "mentions": mentions})
        assert sent.status_code == 201
        assert "mentions" not in sent.json()


@pytest.mark.parametrize(
    "mentions", [TOO_MANY, TOO_MANY[:51], ["x"], [1], [None], "x", {"a": 1}, ["0" * 24] * 2, [[]]]
)
def test_too_many_or_no_keys_are_400_and_nothing_changes(api_for: ApiFor, mentions: Any) -> None:
    ada, bo = make_pair()
    group, client = make_group(ada, bo), api_for(ada)
    key = send_message(sender=ada, peer=group, text="Hi").record.id
    asked = {"text": "Hello", "mentions": mentions}
    assert_refused(client.post(f"/api/messages/send/{group}", asked), 400)
    assert_refused(client.put(f"/api/messages/{key}", asked), 400)
    assert [each.text for each in Message.objects.filter(kind="text")] == ["Hi"]


def test_an_edit_changes_them_and_a_copy_has_none(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    cy = make_user("Cy")
    group, client = make_group(ada, bo, cy), api_for(ada)
    key = send_message(sender=ada, peer=group, text="@Bo", mentions=[bo.pk]).record.id
    path = f"/api/messages/{key}"
    assert client.put(path, {"text": "@Bo!"}).json()["mentions"] == [bo.pk]
    changed = client.put(path, {"text": "@Cy", "mentions": [cy.pk, "0" * 24]}).json()
    assert changed["mentions"] == [cy.pk]
    again = client.put(path, {"text": "@Cy", "mentions": [cy.pk]}).json()
    assert again["updatedAt"] == changed["updatedAt"]
    [copy] = forward_messages(user=ada, message_ids=[key], to=[group], client_message_id="f").sent
    assert copy.record.mentions is None
    assert "mentions" not in client.put(path, {"text": "Nobody", "mentions": []}).json()


def test_members_are_found_by_letters_of_their_names(api_for: ApiFor) -> None:
    ada = make_user("Ada Lovelace")
    names = ["Søren Friis", "ليلى حداد", "山田 太郎"]
    group = make_group(ada, *map(make_user, names))
    make_user("Soren Outside")

    def found(search: str) -> list[str]:
        query = {"search": search, "limit": "5"}
        answer = api_for(ada).get(f"/api/conversations/{group}/members", query)
        return [each["fullName"] for each in answer.json()]

    assert found("soren") == [names[0]]
    assert found("ليلى") == [names[1]]
    assert found("山田") == [names[2]]
    assert found("nobody") == []
    assert len(found("")) == 4
    stranger = api_for(make_user()).get(f"/api/conversations/{group}/members?search=soren")
    assert_refused(stranger, 404, "No such group.")
