"""The calls for those who are signed in: who am I, and change me."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.tokens import issue_token
from tests.contract.shapes import INVALID_TOKEN, NO_TOKEN, assert_refused, assert_user
from tests.factories import ApiFor, make_session, make_user
from tests.pictures import data_uri, picture

pytestmark = pytest.mark.django_db


class TestCheck:
    def test_answers_with_the_user(self, api_for: ApiFor) -> None:
        user = make_user()
        response = api_for(user).get("/api/auth/check")
        assert response.status_code == 200
        assert_user(response.json())
        assert response.json()["_id"] == user.pk

    def test_takes_a_bearer_header(self) -> None:
        token = issue_token(make_session(make_user()))
        client = APIClient(headers={"Authorization": f"Bearer {token}"})
        assert client.get("/api/auth/check").status_code == 200

    def test_refuses_without_a_token(self) -> None:
        response = APIClient().get("/api/auth/check")
        assert_refused(response, 401, NO_TOKEN)
        assert response.headers["WWW-Authenticate"] == "Bearer"

    def test_refuses_a_bad_token(self) -> None:
        client = APIClient()
        client.cookies["jwt"] = "a.b.c"
        assert_refused(client.get("/api/auth/check"), 401, INVALID_TOKEN)


class TestUpdateProfile:
    def test_takes_a_picture(self, api_for: ApiFor) -> None:
        client = api_for(make_user("Ada Lovelace"))
        before = client.get("/api/auth/check").json()
        response = client.put("/api/auth/update-profile", {"profilePic": data_uri(picture())})
        assert response.status_code == 200
        assert_user(response.json())
        assert response.json()["profilePic"] != before["profilePic"]
        assert response.json()["fullName"] == "Ada Lovelace"
        shown = APIClient().get(response.json()["profilePic"])
        assert shown.status_code == 200
        assert shown.headers["Content-Type"] == "image/webp"

    def test_takes_a_name(self, api_for: ApiFor) -> None:
        response = api_for(make_user()).put("/api/auth/update-profile", {"fullName": "Ada King"})
        assert response.status_code == 200
        assert response.json()["fullName"] == "Ada King"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "profilePic"),
            ({"profilePic": ""}, "profilePic"),
            ({"profilePic": None}, "profilePic"),
            ({"profilePic": "https://example.org/me.png"}, "profilePic"),
            ({"profilePic": "data:image/png;base64,AAAA"}, "profilePic"),
            ({"profilePic": "data:image/png;base64,%%%"}, "profilePic"),
            ({"profilePic": 7}, "profilePic"),
            ({"fullName": " "}, "fullName"),
            ({"fullName": "x" * 101}, "fullName"),
        ],
    )
    def test_refuses_with_the_reason(
        self, api_for: ApiFor, body: dict[str, Any], field: str
    ) -> None:
        client = api_for(make_user())
        before = client.get("/api/auth/check").json()
        response = client.put("/api/auth/update-profile", body)
        assert_refused(response, 400)
        assert set(response.json()["errors"]) == {field}
        assert client.get("/api/auth/check").json() == before

    def test_refuses_a_picture_that_is_too_large(self, api_for: ApiFor, settings: Any) -> None:
        settings.IMAGE_MAX_BYTES = 50
        response = api_for(make_user()).put(
            "/api/auth/update-profile", {"profilePic": data_uri(picture())}
        )
        assert_refused(response, 400)

    def test_refuses_without_a_token(self) -> None:
        assert_refused(APIClient().put("/api/auth/update-profile", {}), 401, NO_TOKEN)
