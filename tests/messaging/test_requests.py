"""First messages of strangers, where they wait as requests, and how many one may write to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import SitePolicy, User
from messaging.services.blocks import block, unblock
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.deletions import delete_messages, undo
from messaging.services.messages import send_message
from tests.factories import ApiFor, make_group, make_message, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> User:
    return make_user("Ada")


@pytest.fixture
def bo() -> User:
    return make_user("Bo")


@pytest.fixture
def requests_on() -> None:
    SitePolicy.objects.create(requests=True)


def chat_of(client: Any, peer: User) -> dict[str, Any]:
    chats = {each["_id"]: each for each in client.get("/api/messages/chats").json()}
    return dict(chats[peer.pk])


@pytest.mark.usefixtures("requests_on")
class TestRequests:
    def test_the_stranger_learns_nothing_until_it_is_accepted(
        self, api_for: ApiFor, ada: User, bo: User, events: Events
    ) -> None:
        hers, his = api_for(ada), api_for(bo)
        assert his.post(f"/api/messages/send/{ada.pk}", {"text": "Hi"}).status_code == 201
        # She hears of a request, and of nothing that could ring.
        assert events.recipients("newMessage") == [f"user.{bo.pk}"]
        assert events.recipients("chatChanged") == [f"user.{ada.pk}"]
        assert events.data("chatChanged") == {"request": True, "peerId": bo.pk}
        events.clear()
        assert chat_of(hers, bo)["request"] is True
        assert [each["text"] for each in hers.get(f"/api/messages/{bo.pk}").json()] == ["Hi"]
        for mark in (mark_read, mark_delivered):
            assert mark(user=ada, peer=bo.pk, seq=1) == 0
        assert len(events) == 0
        his_chat = chat_of(his, ada)
        assert "request" not in his_chat

        assert hers.put(f"/api/requests/{bo.pk}").json() == {"peerId": bo.pk}
        assert {each.to for each in events} == {f"user.{ada.pk}"}
        assert chat_of(his, ada) == his_chat
        assert mark_read(user=ada, peer=bo.pk, seq=1) == 1
        make_message(bo, ada, "Again")
        assert f"user.{ada.pk}" in events.recipients("newMessage")
        assert hers.put(f"/api/requests/{bo.pk}").json() == {"peerId": bo.pk}

    @pytest.mark.parametrize("by", ["answer", "reaction"])
    def test_who_answers_accepts(
        self, api_for: ApiFor, ada: User, bo: User, events: Events, by: str
    ) -> None:
        first = make_message(bo, ada)
        events.clear()
        if by == "answer":
            make_message(ada, bo)
        else:
            assert api_for(ada).put(f"/api/messages/{first.pk}/reactions/👍").status_code == 200
        assert events.recipients("chatChanged") == [f"user.{ada.pk}"]
        assert "request" not in chat_of(api_for(ada), bo)

    def test_deleted_it_comes_back_as_a_request(self, api_for: ApiFor, ada: User, bo: User) -> None:
        make_message(bo, ada, "One")
        client = api_for(ada)
        client.delete(f"/api/messages/chats/{bo.pk}")
        assert client.get("/api/messages/chats").json() == []
        make_message(bo, ada, "Two")
        assert chat_of(client, bo)["request"] is True

    def test_blocked_and_unblocked_it_still_is_one(
        self, api_for: ApiFor, ada: User, bo: User, events: Events
    ) -> None:
        make_message(bo, ada)
        block(user=ada, person=bo.pk)
        events.clear()
        make_message(bo, ada, "meanwhile")
        assert {each.to for each in events} == {f"user.{bo.pk}"}
        unblock(user=ada, person=bo.pk)
        assert chat_of(api_for(ada), bo)["request"] is True
        assert mark_read(user=ada, peer=bo.pk, seq=9) == 0

    @pytest.mark.parametrize("is_early", [True, False])
    def test_a_first_message_after_a_block_is_one(
        self, api_for: ApiFor, ada: User, bo: User, events: Events, is_early: bool
    ) -> None:
        """Be it written while she had blocked him or later."""
        block(user=ada, person=bo.pk)
        if is_early:
            make_message(bo, ada, "meanwhile")
        unblock(user=ada, person=bo.pk)
        events.clear()
        make_message(bo, ada, "Hi")
        assert events.recipients("newMessage") == [f"user.{bo.pk}"]
        client = api_for(ada)
        assert chat_of(client, bo)["request"] is True
        client.delete(f"/api/messages/chats/{bo.pk}")
        assert client.put(f"/api/requests/{bo.pk}").json() == {"peerId": bo.pk}
        make_message(bo, ada, "Again")
        assert f"user.{ada.pk}" in events.recipients("newMessage")

    def test_who_pins_accepts(self, api_for: ApiFor, ada: User, bo: User, events: Events) -> None:
        first = make_message(bo, ada)
        events.clear()
        assert api_for(ada).put(f"/api/pins/{first.pk}").status_code == 200
        assert events.recipients("chatChanged") == [f"user.{ada.pk}"]
        assert "request" not in chat_of(api_for(ada), bo)

    def test_taken_back_and_restored_it_brings_no_words(
        self, ada: User, bo: User, events: Events
    ) -> None:
        first = make_message(bo, ada)
        token = delete_messages(user=bo, message_ids=[first.pk])
        undo(user=bo, token=token)
        assert events.recipients("messageRestored") == [f"user.{bo.pk}"]

    def test_nobody_accepts_for_others(self, api_for: ApiFor, ada: User, bo: User) -> None:
        make_message(bo, ada)
        eve = make_user("Eve")
        for client, person in ((api_for(eve), bo), (api_for(eve), ada)):
            assert client.put(f"/api/requests/{person.pk}").status_code == 404
        assert api_for(bo).put(f"/api/requests/{ada.pk}").status_code == 200  # nothing happens
        assert chat_of(api_for(ada), bo)["request"] is True
        assert api_for(ada).put("/api/requests/me").status_code == 404


def test_who_shares_a_group_or_was_written_to_is_no_stranger(
    api_for: ApiFor, ada: User, bo: User
) -> None:
    eve = make_user("Eve")
    group = make_group(eve, ada, bo)
    SitePolicy.objects.create(requests=True)
    make_message(bo, ada)
    make_message(ada, eve)
    make_message(eve, ada)
    for peer in (bo, eve):
        assert "request" not in chat_of(api_for(ada), peer)
    api_for(eve).delete(f"/api/groups/{group}/members/{bo.pk}")
    make_message(bo, eve)  # who removed him
    assert chat_of(api_for(eve), bo)["request"] is True


@pytest.mark.parametrize("rule", ["requests", "strangers_per_day"])
def test_a_group_is_no_way_around_it(
    api_for: ApiFor, page_for: Callable[[User], Client], ada: User, bo: User, rule: str
) -> None:
    """Who can be added is who has accepted, or was counted as a stranger of the day."""
    SitePolicy.objects.create(**{rule: 1})
    his, page = api_for(bo), page_for(bo)
    banned = make_user("Zed", banned_at=ada.created_at)

    def is_candidate() -> bool:
        return ada.pk in page.get("/groups/candidates?q=ada").content.decode()

    def answers() -> list[Any]:
        return [
            his.post("/api/groups", {"name": "New", "people": [person.pk]}, format="json")
            for person in (ada, banned)
        ]

    refused, other = answers()
    assert refused.status_code == 400
    assert refused.content == other.content
    assert not is_candidate()
    make_message(bo, ada)
    if rule == "requests":
        assert answers()[0].content == other.content
        assert not is_candidate()
        api_for(ada).put(f"/api/requests/{bo.pk}")
    assert is_candidate()
    assert answers()[0].status_code == 201


def test_what_is_refused_is_no_stranger_of_the_day(api_for: ApiFor, ada: User, bo: User) -> None:
    SitePolicy.objects.create(strangers_per_day=1)
    client, cy = api_for(ada), make_user("Cy")
    answer = client.post(f"/api/messages/send/{cy.pk}", {"text": "Hi", "replyTo": "0" * 24})
    assert answer.status_code == 400
    assert client.post(f"/api/messages/send/{bo.pk}", {"text": "Hi"}).status_code == 201


def test_without_the_rule_nothing_waits(api_for: ApiFor, ada: User, bo: User) -> None:
    make_message(bo, ada)
    assert "request" not in chat_of(api_for(ada), bo)


def test_so_many_strangers_a_day(api_for: ApiFor, ada: User, bo: User) -> None:
    group = make_group(ada, bo)
    SitePolicy.objects.create(strangers_per_day=2)
    make_message(ada, bo)  # no stranger
    client = api_for(ada)
    met = [make_user(name) for name in ("Cy", "Di", "Eve")]
    answers = [client.post(f"/api/messages/send/{each.pk}", {"text": "Hi"}) for each in met]
    assert [answer.status_code for answer in answers] == [201, 201, 403]
    assert "tomorrow" in answers[-1].json()["message"]
    assert client.get(f"/api/messages/{met[-1].pk}").json() == []
    for peer in (met[0].pk, bo.pk, group):  # whom she knows by now
        assert client.post(f"/api/messages/send/{peer}", {"text": "Hi"}).status_code == 201
    send_message(sender=met[-1], peer=ada.pk, text="Hello")
    assert client.post(f"/api/messages/send/{met[-1].pk}", {"text": "Hi"}).status_code == 201
