"""Errors that any call may answer with: always JSON, always one sentence."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from messaging.api import views
from messaging.models import Message
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_pair, make_user

pytestmark = pytest.mark.django_db

CALLS = {
    "auth/signup": {"post"},
    "auth/login": {"post"},
    "auth/logout": {"post"},
    "auth/check": {"get"},
    "auth/update-profile": {"put"},
    "messages/contacts": {"get"},
    "messages/chats": {"get"},
    "messages/sync": {"get"},
    "messages/{peer}": {"get", "delete"},
    "messages/send/{peer}": {"post"},
    "messages/read/{peer}": {"put", "patch"},
    "messages/delivered/{peer}": {"put"},
}
WRONG_METHODS = [
    (method, path)
    for path, right in CALLS.items()
    for method in ("get", "post", "put", "patch", "delete")
    if method not in right and not (path.count("/") == 1 and "messages" in path)
] + [("post", "messages/chats"), ("put", "messages/sync"), ("patch", "messages/{peer}")]


def url_of(path: str) -> str:
    return "/api/" + path.format(peer=make_user().pk)


@pytest.mark.parametrize(("method", "path"), WRONG_METHODS)
def test_a_wrong_method_is_405(api_for: ApiFor, method: str, path: str) -> None:
    response = getattr(api_for(make_user()), method)(url_of(path))
    assert_refused(response, 405)
    assert response.headers["Allow"]


@pytest.mark.parametrize("path", CALLS)
def test_options_are_answered(api_for: ApiFor, path: str) -> None:
    assert api_for(make_user()).options(url_of(path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "auth", "auth/", "auth/check/", "auth/signup/", "messages/chats/"]
    + ["messages/send/a/b", "..%2f..%2fetc%2fpasswd", "%00", "docs/x"],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_an_unknown_path_is_404(api_for: ApiFor, path: str, accept: str) -> None:
    client = api_for(make_user())
    assert_refused(client.get(f"/api/{path}", headers={"Accept": accept}), 404)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'text': 'Hi'}",
        b'{"text": "Hi"',
        b'{"text": NaN}',
        b'{"text": Infinity}',
        b'{"text": "\xff"}',
        b'\xef\xbb\xbf{"text": "Hi"}',
        '{"text": "Hi"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"text": 1' + b"0" * 5_000 + b"}",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"true",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_body_that_is_no_json_object_is_400(api_for: ApiFor, body: bytes) -> None:
    ada, bo = make_pair()
    url = f"/api/messages/send/{bo.pk}"
    response = api_for(ada).post(url, body, content_type="application/json")
    assert_refused(response, 400)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]
)
def test_another_kind_of_body_is_415(api_for: ApiFor, kind: str) -> None:
    ada, bo = make_pair()
    response = api_for(ada).post(f"/api/messages/send/{bo.pk}", b"text=Hi", content_type=kind)
    assert_refused(response, 415)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_400(api_for: ApiFor, kind: str) -> None:
    ada, bo = make_pair()
    response = api_for(ada).post(f"/api/messages/send/{bo.pk}", b"garbage", content_type=kind)
    assert_refused(response, 400)


def test_a_form_of_too_many_fields_is_400(api_for: ApiFor) -> None:
    ada, bo = make_pair()
    form = {f"field{number}": "1" for number in range(1_500)}
    response = api_for(ada).post(f"/api/messages/send/{bo.pk}", form, format="multipart")
    assert_refused(response, 400)


def test_a_host_of_somebody_else_is_400(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    response = APIClient().get("/api/auth/check", headers={"Host": "evil.example.net"})
    assert_refused(response, 400)


def test_a_failure_of_ours_is_500_without_a_trace(
    api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the password of the database is hunter2")

    monkeypatch.setattr(views, "chats_of", fail)
    client = api_for(make_user())
    client.raise_request_exception = False
    for accept in ("*/*", "text/html"):
        response = client.get("/api/messages/chats", headers={"Accept": accept})
        assert_refused(response, 500)
        assert b"hunter2" not in response.content


def test_a_page_that_is_not_there_is_a_page() -> None:
    response = Client().get("/nothing-here")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
