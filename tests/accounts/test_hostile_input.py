"""Whatever is put into a field: a clear 400, and nothing has changed."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.models import Session, User
from tests.contract.shapes import assert_refused
from tests.factories import PASSWORD, ApiFor, make_user

pytestmark = pytest.mark.django_db

NO_TEXT = [7, 1.5, True, False, [], ["x"], {}, {"$gt": ""}, {"$ne": None}, [{"$gt": ""}], 10**30]
BAD_TEXT = ["\x00", "a\x00b", "\ud800", "\udfff"]
GRACE = {"fullName": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}


def post(call: str, body: dict[str, Any]) -> HttpResponse:
    """As ASCII, so that surrogates get through."""
    client = APIClient()
    return client.post(f"/api/auth/{call}", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("value", [*NO_TEXT, *BAD_TEXT], ids=repr)
@pytest.mark.parametrize("field", ["fullName", "email", "password"])
def test_sign_up(field: str, value: Any) -> None:
    response: Any = post("signup", {**GRACE, field: value})
    assert_refused(response, 400)
    assert set(response.json()["errors"]) == {field}
    assert not User.objects.exists()


@pytest.mark.parametrize("value", [*NO_TEXT, *BAD_TEXT], ids=repr)
@pytest.mark.parametrize("field", ["email", "password"])
def test_log_in(field: str, value: Any) -> None:
    make_user(email="ada@example.org")
    body = {"email": "ada@example.org", "password": PASSWORD, field: value}
    assert_refused(post("login", body), 400)
    assert not Session.objects.exists()


@pytest.mark.parametrize("value", [*NO_TEXT, *BAD_TEXT], ids=repr)
@pytest.mark.parametrize("field", ["fullName", "profilePic"])
def test_update_profile(api_for: ApiFor, field: str, value: Any) -> None:
    client = api_for(make_user())
    before = User.objects.values().get()
    response = client.put(
        "/api/auth/update-profile", json.dumps({field: value}), content_type="application/json"
    )
    assert_refused(response, 400)
    assert set(response.json()["errors"]) == {field}
    assert User.objects.values().get() == before


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "owner", "is_staff": True},
        {"_id": "0" * 24, "id": "0" * 24, "pk": "0" * 24},
        {"createdAt": "1970-01-01T00:00:00.000Z", "created_at": None},
        {"__proto__": {"isStaff": True}, "constructor": 1, "self": 1, "user": 1},
        {"banned_at": None, "picture": "x", "password_hash": "x"},
    ],
)
def test_fields_that_nobody_asked_for_change_nothing(extra: dict[str, Any]) -> None:
    response = APIClient().post("/api/auth/signup", {**GRACE, **extra})
    assert response.status_code == 201
    user = User.objects.get()
    assert (user.role, user.picture) == ("", "")
    assert user.pk == response.json()["_id"] != "0" * 24


def test_the_last_of_two_equal_names_counts_for_every_rule() -> None:
    body = json.dumps({**GRACE, "again": "1"}).replace("again", "password")
    response = APIClient().post("/api/auth/signup", body, content_type="application/json")
    assert_refused(response, 400, "Password must be at least 6 characters")


def test_ten_megabytes_of_name_are_refused() -> None:
    assert_refused(APIClient().post("/api/auth/signup", {**GRACE, "fullName": "x" * 10**7}), 400)
