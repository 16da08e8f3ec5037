"""POST /api/messages/forward, as the wire has it."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.moderation import ban
from messaging.models import Message
from messaging.services.groups import change_group, remove_member
from messaging.services.messages import delete_message, send_message
from tests import limits
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_messages, make_pair, make_user
from tests.limits import SetLimits
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

URL = "/api/messages/forward"
NO_MESSAGE = "Message not found."


def body(messages: Any, to: Any, **fields: Any) -> dict[str, Any]:
    keys = [each.pk if isinstance(each, Message) else each for each in messages]
    peers = [each.pk if isinstance(each, User) else each for each in to]
    return {"messageIds": keys, "to": peers, "clientMessageId": "f-1", **fields}


def texts(client: APIClient, peer: str) -> list[str]:
    return [each["text"] for each in client.get(f"/api/messages/{peer}").json()]


def test_without_a_token_it_is_401() -> None:
    assert_refused(APIClient().post(URL, {}), 401, NO_TOKEN)


def test_copies_go_to_each_chat_in_the_order_that_was_asked_for(
    api_for: ApiFor, events: Events
) -> None:
    ada, bo = make_pair()
    cleo, dan = make_user("Cleo"), make_user("Dan")
    group = make_group(ada, dan)
    one, two = make_message(bo, ada, "one"), make_message(ada, bo, "two", image=picture())
    answer = make_message(bo, ada, "three", reply_to=one.pk)
    client = api_for(ada)
    events.clear()

    asked = body([answer, two], [cleo, group], text="Look:")
    answered = client.post(URL, asked)

    assert answered.status_code == 201
    sent, refused = answered.json()["sent"], answered.json()["refused"]
    assert refused == []
    assert [each["receiverId"] for each in sent] == [cleo.pk] * 3 + [group] * 3
    assert [each["text"] for each in sent] == ["Look:", "three", "two"] * 2
    assert [each.get("forwarded") for each in sent] == [None, True, True] * 2
    for copy in sent:
        assert_message(copy)
        assert (copy["senderId"], copy.get("replyTo")) == (ada.pk, None)
        assert one.conversation_id != copy["conversationId"]
    assert texts(api_for(cleo), ada.pk) == ["Look:", "three", "two"]
    assert texts(api_for(dan), group)[1:] == ["Look:", "three", "two"]
    told = [(each.to, each.data["_id"]) for each in events if each.event == "newMessage"]
    to_cleo, to_group = [each["_id"] for each in sent[:3]], [each["_id"] for each in sent[3:]]
    assert [key for to, key in told if to == f"user.{cleo.pk}"] == to_cleo
    assert [key for to, key in told if to == f"user.{dan.pk}"] == to_group
    assert [key for to, key in told if to == f"user.{ada.pk}"] == [*to_cleo, *to_group]
    assert len(told) == 12


def test_repeated_it_answers_200_and_sends_nothing(api_for: ApiFor, events: Events) -> None:
    ada, bo = make_pair()
    asked = body(make_messages(ada, bo, 2), [make_user(), make_user()], text="Look:")
    client = api_for(ada)
    first = client.post(URL, asked)
    events.clear()
    again = client.post(URL, asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(events) == 0
    # Who chose one more chat before trying again sends to that one alone.
    more = client.post(URL, {**asked, "to": [*asked["to"], bo.pk]})
    assert more.status_code == 201
    assert events.recipients("newMessage") == [
        f"user.{key}" for key in sorted([ada.pk] * 3 + [bo.pk] * 3)
    ]


def test_where_one_may_not_write_is_told_chat_by_chat(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    closed, left = make_group(bo, ada, title="Closed"), make_group(bo, ada, title="Left")
    change_group(user=bo, group=closed, posting="admins")
    remove_member(user=ada, group=left, person=ada.pk)
    strangers = make_group(bo, title="Strangers")
    to = [closed, bo, left, strangers, ada, "0" * 24, "x"]
    answered = api_for(ada).post(URL, body([message], to))
    assert answered.status_code == 201
    assert [each["receiverId"] for each in answered.json()["sent"]] == [bo.pk]
    refused = {each.pop("peerId"): each for each in answered.json()["refused"]}
    unknown = {"message": "Receiver not found.", "status": 404}
    assert refused == {
        closed: {"message": "Only admins may write in this group.", "status": 403},
        left: {"message": "You are no longer in this group.", "status": 403},
        ada.pk: {"message": "Cannot send messages to yourself.", "status": 400},
        strangers: unknown,
        "0" * 24: unknown,
        "x": unknown,
    }


def test_where_one_may_write_nowhere_the_first_refusal_is_the_answer(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message, closed = make_message(ada, bo), make_group(bo, ada)
    change_group(user=bo, group=closed, posting="admins")
    before = Message.objects.count()
    answered = api_for(ada).post(URL, body([message], [closed, "0" * 24]))
    assert_refused(answered, 403, "Only admins may write in this group.")
    assert Message.objects.count() == before


class TestWhatOneCannotSee:
    """Is 404, with nothing sent and nothing learnt: whether it is there, or was deleted."""

    def test_of_strangers(self, api_for: ApiFor) -> None:
        eve, theirs = make_user("Eve"), make_message(image=picture())
        mine = make_message(eve, make_user())
        before = Message.objects.count()
        delete_message(user=theirs.sender, message_id=theirs.pk)
        for keys in ([theirs], [mine, theirs], ["0" * 24], [mine, "0" * 24]):
            answered = api_for(eve).post(URL, body(keys, [make_user()]))
            assert_refused(answered, 404, NO_MESSAGE)
        assert Message.objects.count() == before

    def test_of_a_group_before_and_after_one_was_in_it(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        cleo = make_user("Cleo")
        group = make_group(ada, bo)
        early = send_message(sender=ada, peer=group, text="early").record.id
        client = api_for(ada)
        client.post(f"/api/groups/{group}/members", {"people": [cleo.pk]})
        seen = send_message(sender=ada, peer=group, text="seen").record.id
        remove_member(user=ada, group=group, person=cleo.pk)
        late = send_message(sender=ada, peer=group, text="late").record.id
        for key in (early, late):
            assert_refused(api_for(cleo).post(URL, body([key], [bo])), 404, NO_MESSAGE)
        assert api_for(cleo).post(URL, body([seen], [bo])).status_code == 201

    @pytest.mark.parametrize("key", NOT_KEYS)
    def test_what_is_no_key(self, api_for: ApiFor, key: str) -> None:
        ada, bo = make_pair()
        assert_refused(api_for(ada).post(URL, body([key], [bo])), 404, NO_MESSAGE)


def test_a_deleted_message_is_409_and_a_system_message_400(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    gone = make_message(ada, bo)
    delete_message(user=ada, message_id=gone.pk)
    group = make_group(ada, bo)
    told = Message.objects.get(conversation_id=group)
    before = Message.objects.count()
    client = api_for(ada)
    assert_refused(client.post(URL, body([gone], [bo])), 409, "This message was deleted.")
    refused = client.post(URL, body([told], [bo]))
    assert_refused(refused, 400, "System messages cannot be forwarded.")
    assert Message.objects.count() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"messageIds": []},
        {"messageIds": None},
        {"messageIds": "x"},
        {"messageIds": [1]},
        {"messageIds": ["same", "same"]},
        {"messageIds": [f"{number:024x}" for number in range(101)]},
        {"to": []},
        {"to": None},
        {"to": {"a": 1}},
        {"to": ["same", "same"]},
        {"to": [f"{number:024x}" for number in range(21)]},
        {"to": [f"{number:024x}" for number in range(20)], "messageIds": list("abcdef")},
        {"clientMessageId": None},
        {"clientMessageId": "a b"},
        {"clientMessageId": 7},
        {"text": 7},
        {"text": "x" * 10_001},
        {"text": "\0"},
    ],
)
def test_asked_wrongly_it_is_400(api_for: ApiFor, fields: dict[str, Any]) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    assert_refused(api_for(ada).post(URL, {**body([message], [bo]), **fields}), 400)
    assert Message.objects.count() == 1


def test_a_copy_keeps_the_words_of_the_original(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    client = api_for(ada)
    [copy] = client.post(URL, body([make_message(bo, ada, "theirs")], [bo])).json()["sent"]
    answered = client.put(f"/api/messages/{copy['_id']}", {"text": "mine"})
    assert_refused(answered, 403, "Forwarded messages cannot be edited.")
    assert texts(client, bo.pk) == ["theirs", "theirs"]


def test_a_blank_text_is_none(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    answered = api_for(ada).post(URL, body([make_message(ada, bo, "one")], [bo], text=" \n"))
    assert [each["text"] for each in answered.json()["sent"]] == ["one"]


def test_each_copy_counts_as_a_message(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(sends=4)
    ada, bo = make_pair()
    asked = body(make_messages(ada, bo, 2), [make_user(), make_user()])
    client = api_for(ada)
    assert client.post(URL, asked).status_code == 201
    limits.assert_refused(client.post(URL, {**asked, "clientMessageId": "f-2"}))
    limits.assert_refused(client.post(f"/api/messages/send/{bo.pk}", {"text": "Hello"}))
    assert Message.objects.count() == 6


def test_by_the_banned_it_is_401_and_to_them_it_is_sent(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    message, client = make_message(ada, bo), api_for(ada)
    ban(user=ada, reason="spam")
    assert_refused(client.post(URL, body([message], [bo])), 401)
    assert api_for(bo).post(URL, body([message], [ada])).status_code == 201


@pytest.mark.parametrize("method", ["put", "patch"])
def test_by_another_method_it_is_405(api_for: ApiFor, method: str) -> None:
    assert_refused(getattr(api_for(make_user()), method)(URL, {}), 405)
