"""What sites under test are filled with is what the product itself would have written."""

import pytest
from rest_framework.test import APIClient

from benchmarks import filling, seeding
from chatsite.security.credentials import COOKIE

pytestmark = pytest.mark.django_db


def client(token: str) -> APIClient:
    made = APIClient()
    made.cookies[COOKIE] = token
    return made


def test_everybody_is_signed_in() -> None:
    people = seeding.small(4)
    for person in people:
        assert client(person["token"]).get("/api/auth/check").json()["_id"] == person["id"]


def test_the_first_two_have_a_history_without_gaps() -> None:
    one, other, *_ = seeding.small(3)
    messages = client(one["token"]).get(f"/api/messages/{other['id']}").json()
    assert [message["seq"] for message in messages] == list(range(1, seeding.HISTORY + 1))
    assert {message["senderId"] for message in messages} == {one["id"], other["id"]}


def test_nobody_else_has_any() -> None:
    one, _, third = seeding.small(3)
    assert client(third["token"]).get(f"/api/messages/{one['id']}").json() == []
    assert client(third["token"]).get("/api/messages/chats").json() == []


def test_the_next_message_goes_on_from_there() -> None:
    one, other = seeding.small(2)
    response = client(one["token"]).post(f"/api/messages/send/{other['id']}", {"text": "Next"})
    assert (response.status_code, response.json()["seq"]) == (201, seeding.HISTORY + 1)


def test_the_busy_person_of_a_large_site_has_all_their_chats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "BUSY_CHATS", 4)
    [busy] = seeding.large(messages=40, conversations=8)
    chats = client(busy["token"]).get("/api/messages/chats").json()
    assert len(chats) == 4
    assert all(chat["lastMessage"]["seq"] == 5 for chat in chats)
