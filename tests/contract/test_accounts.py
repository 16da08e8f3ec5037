"""Sign-up, log-in and log-out, each with all its answers."""

from http.cookies import Morsel
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.moderation import ban
from accounts.tokens import issue_token
from tests.contract.shapes import INVALID_TOKEN, assert_refused, assert_user
from tests.factories import PASSWORD, ApiFor, make_session, make_user

pytestmark = pytest.mark.django_db

GRACE = {"fullName": "Grace Hopper", "email": "grace@example.org", "password": "cobol-1959"}
WEEK = 7 * 24 * 60 * 60


def jwt_cookie(client: APIClient) -> "Morsel[Any]":
    return client.cookies["jwt"]


class TestSignUp:
    def test_answers_201_with_the_user_and_the_cookie(self) -> None:
        response = APIClient().post("/api/auth/signup", GRACE)
        assert response.status_code == 201
        assert_user(response.json())
        assert response.json()["fullName"] == "Grace Hopper"
        assert response.json()["email"] == "grace@example.org"
        cookie = response.cookies["jwt"]
        assert cookie.value.count(".") == 2
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Strict"
        assert cookie["max-age"] == WEEK
        assert cookie["path"] == "/"
        assert not cookie["secure"], "this site is served by plain http"

    def test_the_cookie_is_secure_when_the_site_is_served_by_https(self, settings: Any) -> None:
        settings.TOKEN_COOKIE_SECURE = True
        response = APIClient().post("/api/auth/signup", GRACE)
        assert response.cookies["jwt"]["secure"] is True

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"fullName": None}, "All fields are required"),
            ({"email": ""}, "All fields are required"),
            ({"password": ""}, "All fields are required"),
            ({"password": "12345"}, "Password must be at least 6 characters"),
            ({"email": "grace"}, "Invalid email format"),
            ({"email": "grace@localhost"}, "Invalid email format"),
            ({"email": "taken@example.org"}, "Email already exists"),
            ({"email": "TAKEN@Example.ORG"}, "Email already exists"),
        ],
    )
    def test_refuses_with_400(self, changes: dict[str, Any], message: str) -> None:
        make_user(email="taken@example.org")
        response = APIClient().post("/api/auth/signup", {**GRACE, **changes})
        assert_refused(response, 400, message)
        assert "jwt" not in response.cookies
        assert User.objects.count() == 1

    @pytest.mark.parametrize("missing", ["fullName", "email", "password"])
    def test_names_the_missing_field(self, missing: str) -> None:
        body = {name: value for name, value in GRACE.items() if name != missing}
        response = APIClient().post("/api/auth/signup", body)
        assert_refused(response, 400, "All fields are required")
        assert set(response.json()["errors"]) == {missing}


class TestLogIn:
    def test_answers_200_with_the_user_and_the_cookie(self) -> None:
        user = make_user(email="ada@example.org")
        client = APIClient()
        response = client.post(
            "/api/auth/login", {"email": "ada@example.org", "password": PASSWORD}
        )
        assert response.status_code == 200
        assert_user(response.json())
        assert response.json()["_id"] == user.pk
        assert jwt_cookie(client)["max-age"] == WEEK
        assert client.get("/api/auth/check").status_code == 200

    @pytest.mark.parametrize(
        "body",
        [
            {"email": "ada@example.org", "password": "wrong password"},
            {"email": "nobody@example.org", "password": PASSWORD},
            {"email": "ada@example.org"},
            {"password": PASSWORD},
            {},
        ],
    )
    def test_refuses_everything_wrong_alike(self, body: dict[str, str]) -> None:
        make_user(email="ada@example.org")
        response = APIClient().post("/api/auth/login", body)
        assert_refused(response, 400, "Invalid credentials")
        assert set(response.json()) == {"message"}
        assert "jwt" not in response.cookies

    def test_tells_the_banned_person_why(self) -> None:
        ban(user=make_user(email="ada@example.org"), reason="Spam.")
        body = {"email": "ada@example.org", "password": PASSWORD}
        response = APIClient().post("/api/auth/login", body)
        assert_refused(response, 403, "This account is suspended: Spam.")
        assert "jwt" not in response.cookies

    def test_tells_nobody_else_of_the_ban(self) -> None:
        ban(user=make_user(email="ada@example.org"), reason="Spam.")
        body = {"email": "ada@example.org", "password": "wrong password"}
        assert_refused(APIClient().post("/api/auth/login", body), 400, "Invalid credentials")


class TestLogOut:
    def test_ends_the_session_and_clears_the_cookie(self, api_for: ApiFor) -> None:
        client = api_for(make_user())
        token = jwt_cookie(client).value
        response = client.post("/api/auth/logout")
        assert response.status_code == 200
        assert response.json() == {"message": "User logged out successfully"}
        assert response.cookies["jwt"].value == ""
        assert response.cookies["jwt"]["max-age"] == 0
        client.cookies["jwt"] = token
        assert_refused(client.get("/api/auth/check"), 401, INVALID_TOKEN)

    def test_leaves_the_other_sessions_alone(self, api_for: ApiFor) -> None:
        user = make_user()
        phone, desk = api_for(user), api_for(user)
        phone.post("/api/auth/logout")
        assert desk.get("/api/auth/check").status_code == 200

    @pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c"])
    def test_is_always_200(self, token: str | None) -> None:
        client = APIClient()
        if token is not None:
            client.cookies["jwt"] = token
        for _again in range(2):
            response = client.post("/api/auth/logout")
            assert response.status_code == 200
            assert response.json() == {"message": "User logged out successfully"}

    def test_ends_the_session_of_a_bearer(self) -> None:
        token = issue_token(make_session(make_user()))
        client = APIClient(headers={"Authorization": f"Bearer {token}"})
        assert client.post("/api/auth/logout").status_code == 200
        assert_refused(client.get("/api/auth/check"), 401, INVALID_TOKEN)
