"""The browsable pages: for signed-in people who ask for HTML, JSON for everybody else."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_message, make_pair, make_user

pytestmark = pytest.mark.django_db

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
READS = ["auth/check", "messages/contacts", "messages/chats", "messages/sync", "messages/{peer}"]
WRITES = ["auth/signup", "auth/login", "auth/logout", "auth/update-profile"]
WRITES += ["messages/send/{peer}", "messages/read/{peer}", "messages/delivered/{peer}"]


@pytest.fixture
def talk(api_for: ApiFor) -> tuple[APIClient, str]:
    ada, bo = make_pair()
    make_message(ada, bo, "<script>alert(1)</script>")
    return api_for(ada), bo.pk


@pytest.mark.parametrize("path", READS + WRITES)
def test_every_endpoint_has_one(talk: tuple[APIClient, str], path: str) -> None:
    client, peer = talk
    response = client.get(f"/api/{path.format(peer=peer)}", headers={"Accept": BROWSER})
    assert response.status_code == (200 if path in READS else 405)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"<script>alert(1)" not in response.content


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("auth/signup", "fullName"),
        ("auth/update-profile", "profilePic"),
        ("messages/send/{peer}", "clientMessageId"),
        ("messages/read/{peer}", "seq"),
        ("messages/delivered/{peer}", "seq"),
    ],
)
def test_what_takes_a_body_has_a_form(talk: tuple[APIClient, str], path: str, field: str) -> None:
    client, peer = talk
    response = client.get(f"/api/{path.format(peer=peer)}", headers={"Accept": BROWSER})
    assert field in response.content.decode()
    assert "<form" in response.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "messages/send/{peer}", {"text": "Hi"}, 201),
        ("post", "messages/send/{peer}", {}, 400),
        ("put", "messages/read/{peer}", {"seq": 1}, 200),
        ("put", "auth/update-profile", {"fullName": "Ada King"}, 200),
        ("post", "auth/logout", {}, 200),
        ("delete", "messages/{peer}", {}, 404),
    ],
)
def test_their_forms_are_answered_with_one(
    talk: tuple[APIClient, str], method: str, path: str, body: dict[str, Any], status: int
) -> None:
    client, peer = talk
    url = f"/api/{path.format(peer=peer)}"
    response = getattr(client, method)(url, body, headers={"Accept": BROWSER})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "image/png", "nonsense", ";;"])
def test_others_get_json(talk: tuple[APIClient, str], accept: str) -> None:
    response = talk[0].get("/api/messages/chats", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"


def test_whoever_is_not_signed_in_gets_json() -> None:
    response = APIClient().get("/api/messages/chats", headers={"Accept": BROWSER})
    assert_refused(response, 401)


def test_whoever_has_a_dead_token_gets_json() -> None:
    client = APIClient()
    client.cookies["jwt"] = "a.b.c"
    response = client.get("/api/messages/chats", headers={"Accept": BROWSER})
    assert_refused(response, 401, "Unauthorized - Invalid token")


def test_a_query_chooses_no_other_format(api_for: ApiFor) -> None:
    response = api_for(make_user()).get("/api/messages/chats?format=api")
    assert response.headers["Content-Type"] == "application/json"
