"""Whatever is put into a field, a query or an address: a clear refusal, and nothing has changed."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from messaging.models import Conversation, Membership, Message
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_messages, make_pair
from tests.pictures import data_uri

pytestmark = pytest.mark.django_db

OPERATORS: list[Any] = [{"$gt": ""}, {"$ne": None}, {"$where": "sleep(9)"}, [{"$regex": ".*"}]]
NO_TEXT: list[Any] = [7, 1.5, True, False, 10**30, [], ["x"], {}, {"a": {"b": [{}]}}, *OPERATORS]
BAD_TEXT = ["\x00", "a\x00b", "\ud800", "a\udfffb"]
QUERIES = ["$gt", "[$ne]=1", "' OR '1'='1", "1; DROP TABLE x", "1)--", '{"$gt": ""}', "%s", "\x00"]


@pytest.fixture
def talk(api_for: ApiFor) -> tuple[APIClient, str]:
    """A client of somebody who has been written to, and who wrote."""
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    return api_for(bo), ada.pk


def send(client: APIClient, method: str, url: str, body: Any) -> HttpResponse:
    """As ASCII, so that surrogates get through."""
    call = getattr(client, method)
    response: HttpResponse = call(url, json.dumps(body), content_type="application/json")
    return response


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Message, Conversation)] + [
        list(Membership.objects.order_by("pk").values())
    ]


@pytest.mark.parametrize("value", [*NO_TEXT, *BAD_TEXT], ids=repr)
@pytest.mark.parametrize("field", ["text", "image", "clientMessageId"])
def test_send(talk: tuple[APIClient, str], field: str, value: Any) -> None:
    client, peer = talk
    before = everything()
    body = {"text": "Hi", field: value}
    response = send(client, "post", f"/api/messages/send/{peer}", body)
    assert_refused(response, 400)
    assert set(response.json()["errors"]) == {field}  # type: ignore[attr-defined]
    assert everything() == before


@pytest.mark.parametrize(
    "value",
    [*NO_TEXT[1:4], *NO_TEXT[5:], *BAD_TEXT, "x", "1.5", "", None, -1, "9" * 5_000],
    ids=repr,
)
@pytest.mark.parametrize("noun", ["read", "delivered"])
def test_marks(talk: tuple[APIClient, str], value: Any, noun: str) -> None:
    client, peer = talk
    before = everything()
    assert_refused(send(client, "put", f"/api/messages/{noun}/{peer}", {"seq": value}), 400)
    assert everything() == before


@pytest.mark.parametrize(
    "key", ['{"$gt":""}', "' OR '1'='1", "%00", "$ne", "[object]", "x" * 3_000]
)
def test_keys(talk: tuple[APIClient, str], key: str) -> None:
    client, _peer = talk
    before = everything()
    assert_refused(client.get(f"/api/messages/{key}"), 404)
    assert_refused(client.delete(f"/api/messages/{key}"), 404)
    assert_refused(send(client, "post", f"/api/messages/send/{key}", {"text": "Hi"}), 404)
    for noun in ("read", "delivered"):
        assert_refused(send(client, "put", f"/api/messages/{noun}/{key}", {"seq": 1}), 404)
    assert everything() == before


@pytest.mark.parametrize("value", QUERIES, ids=repr)
@pytest.mark.parametrize(
    ("path", "name"),
    [("{peer}", "limit"), ("{peer}", "before"), ("sync", "since")]
    + [("contacts", "limit"), ("contacts", "cursor")],
)
def test_queries(talk: tuple[APIClient, str], path: str, name: str, value: str) -> None:
    client, peer = talk
    response = client.get(f"/api/messages/{path.format(peer=peer)}", {name: value})
    assert_refused(response, 400)
    assert set(response.json()["errors"]) == {name}


@pytest.mark.parametrize("value", QUERIES[:-1], ids=repr)
def test_a_search_is_nothing_but_words(talk: tuple[APIClient, str], value: str) -> None:
    response = talk[0].get("/api/messages/contacts", {"search": value})
    assert (response.status_code, response.json()) == (200, [])


@pytest.mark.parametrize(
    "query", ["limit[$gt]=1", "before[]=1", "__proto__=1", "user_id=1", "x=%ff"]
)
def test_queries_that_nobody_asked_for_are_not_heard(
    talk: tuple[APIClient, str], query: str
) -> None:
    client, peer = talk
    response = client.get(f"/api/messages/{peer}?{query}")
    assert [message["seq"] for message in response.json()] == [1, 2, 3]


def test_fields_that_nobody_asked_for_change_nothing(talk: tuple[APIClient, str]) -> None:
    client, peer = talk
    body = {
        "text": "Hi",
        "senderId": peer,
        "sender": peer,
        "receiverId": "0" * 24,
        "seq": 99,
        "_id": "0" * 24,
        "deleted": True,
        "createdAt": "1970-01-01T00:00:00.000Z",
        "origin": "x",
        "__proto__": {"deleted": True},
    }
    message = client.post(f"/api/messages/send/{peer}", body).json()
    assert message["senderId"] != peer
    assert message["receiverId"] == peer
    assert (message["seq"], message["deleted"]) == (4, False)
    assert message["_id"] != "0" * 24
    assert not message["createdAt"].startswith("1970")


@pytest.mark.parametrize("field", ["text", "image", "clientMessageId"])
def test_ten_megabytes_are_refused(talk: tuple[APIClient, str], field: str) -> None:
    client, peer = talk
    before = everything()
    value = data_uri(b"\x00" * 7 * 10**6) if field == "image" else "x" * 10**7
    assert_refused(send(client, "post", f"/api/messages/send/{peer}", {field: value}), 400)
    assert everything() == before


def test_markup_is_text_for_the_api(talk: tuple[APIClient, str]) -> None:
    client, peer = talk
    text = "<script>alert(1)</script> & <img src=x onerror=alert(1)>"
    response = client.post(f"/api/messages/send/{peer}", {"text": text})
    assert response.json()["text"] == text
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_markup_is_text_in_the_page(talk: tuple[APIClient, str]) -> None:
    client, peer = talk
    client.post(f"/api/messages/send/{peer}", {"text": "<script>alert(1)</script>"})
    page = client.get(f"/chat/{peer}", headers={"Accept": "text/html"}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
