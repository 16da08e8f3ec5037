"""Invitations and usernames over the API, by the rules of the pages."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Invitation, SitePolicy, User
from tests.contract.shapes import KEY, NO_TOKEN, NOT_KEYS, TIME, assert_refused, assert_user
from tests.factories import PASSWORD, ApiFor, make_message, make_user
from tests.letters import delivered, link_in

pytestmark = pytest.mark.django_db

INVITATIONS = "/api/auth/invitations"
USERNAME = "/api/auth/username"


@pytest.fixture
def ada() -> User:
    """Who may invite."""
    return make_user("Ada", role="admin")


def joins(link: str, email: str = "grace@example.org") -> Any:
    body = {"fullName": "Grace", "email": email, "password": PASSWORD}
    code = link.partition("?invitation=")[2]
    return APIClient().post("/api/auth/signup", {**body, "invitation": code}, format="json")


class TestInvitations:
    def test_one_is_made_listed_used_and_withdrawn(self, api_for: ApiFor, ada: User) -> None:
        SitePolicy.objects.create(sign_up="invitation")
        client, others = api_for(ada), api_for(make_user("Bo", role="admin"))
        made = client.post(INVITATIONS, {"uses": 5, "days": 30}, format="json")
        assert made.status_code == 201
        invitation = made.json()
        fields = {"_id", "link", "email", "uses", "used", "createdAt", "expiresAt"}
        assert set(invitation) == fields
        assert KEY.fullmatch(invitation["_id"])
        assert TIME.fullmatch(invitation["expiresAt"])
        assert (invitation["email"], invitation["uses"], invitation["used"]) == ("", 5, 0)
        assert client.get(INVITATIONS).json() == [invitation]
        assert others.get(INVITATIONS).json() == []
        assert joins(invitation["link"]).status_code == 201
        assert client.get(INVITATIONS).json() == [{**invitation, "used": 1}]
        one = f"{INVITATIONS}/{invitation['_id']}"
        assert_refused(others.delete(one), 404, "No such invitation.")
        assert joins(invitation["link"], "bo@example.org").status_code == 201
        assert client.delete(one).json() == {"message": "The invitation has been withdrawn."}
        assert_refused(client.delete(one), 404)
        assert client.get(INVITATIONS).json() == []
        assert joins(invitation["link"], "cy@example.org").status_code == 410

    def test_without_words_it_is_for_one_and_a_week(self, api_for: ApiFor, ada: User) -> None:
        assert api_for(ada).post(INVITATIONS, {}, format="json").json()["uses"] == 1
        made = Invitation.objects.get()
        assert (made.expires_at - made.created_at).days in (6, 7)

    @pytest.mark.django_db(transaction=True)
    def test_one_for_an_address_goes_there(self, api_for: ApiFor, ada: User) -> None:
        SitePolicy.objects.create(sign_up="invitation")
        body = {"email": "Grace@Example.org", "uses": 9}
        made = api_for(ada).post(INVITATIONS, body, format="json").json()
        assert (made["email"], made["uses"]) == ("grace@example.org", 1)
        [letter] = delivered()
        assert letter.to == ["grace@example.org"]
        assert link_in(letter) == made["link"]
        assert joins(made["link"], "bo@example.org").status_code == 400

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"uses": 0}, "uses"),
            ({"uses": 1001}, "uses"),
            ({"uses": "many"}, "uses"),
            ({"days": 0}, "days"),
            ({"days": 91}, "days"),
            ({"email": "grace"}, "email"),
            ({"email": 7}, "email"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, api_for: ApiFor, ada: User, body: dict[str, Any], field: str
    ) -> None:
        answer = api_for(ada).post(INVITATIONS, body, format="json")
        assert_refused(answer, 400)
        assert set(answer.json()["errors"]) == {field}
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize("members", [True, False])
    def test_members_make_some_where_they_may(self, api_for: ApiFor, members: bool) -> None:
        SitePolicy.objects.create(members_invite=members)
        answer = api_for(make_user()).post(INVITATIONS, {}, format="json")
        assert answer.status_code == (201 if members else 403)
        assert Invitation.objects.exists() is members
        assert_refused(APIClient().post(INVITATIONS, {}), 401, NO_TOKEN)

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_unknown_ones(self, api_for: ApiFor, ada: User, key: str) -> None:
        assert_refused(api_for(ada).delete(f"{INVITATIONS}/{key}"), 404)


class TestUsernames:
    def test_one_is_chosen_found_and_given_up(self, api_for: ApiFor) -> None:
        grace, bo = make_user("Grace"), make_user("Bo")
        client, other = api_for(grace), api_for(bo)
        mine = client.get(USERNAME).json()
        assert mine["username"] == ""
        assert mine["link"].endswith(f"/chat/{grace.pk}")
        chosen = client.put(USERNAME, {"username": "@Grace_H"}, format="json")
        assert chosen.status_code == 200
        assert chosen.json()["username"] == "grace_h"
        assert chosen.json()["link"].endswith("/u/grace_h")
        for name in ("grace_h", "GRACE_H", "@grace_h"):
            found = other.get(f"/api/usernames/{name}")
            assert_user(found.json())
            assert found.json()["_id"] == grace.pk
        assert_refused(other.put(USERNAME, {"username": "grace_h"}, format="json"), 400)
        assert other.get(USERNAME).json()["username"] == ""
        assert client.put(USERNAME, {"username": ""}, format="json").json()["username"] == ""
        assert_refused(other.get("/api/usernames/grace_h"), 404, "No such person.")

    @pytest.mark.parametrize("body", [{}, {"username": None}, {"username": "a b"}, {"username": 7}])
    def test_what_is_none_changes_nothing(self, api_for: ApiFor, body: dict[str, Any]) -> None:
        client = api_for(make_user(username="ada"))
        assert_refused(client.put(USERNAME, body, format="json"), 400)
        assert client.get(USERNAME).json()["username"] == "ada"

    @pytest.mark.parametrize("name", ["ad", "adb", "@", "a%00a", "%FF", "a b", "ä" * 40])
    def test_nobody_is_found_by_half_of_one(self, api_for: ApiFor, name: str) -> None:
        make_user(username="ada")
        assert_refused(api_for(make_user()).get(f"/api/usernames/{name}"), 404)

    @pytest.mark.django_db(transaction=True)
    def test_an_address_is_shown_as_everywhere(self, api_for: ApiFor) -> None:
        SitePolicy.objects.create(shows_addresses=False)
        grace, bo = make_user("Grace", username="grace"), make_user("Bo")
        assert api_for(bo).get("/api/usernames/grace").json()["email"] == ""
        make_message(grace, bo)
        assert api_for(bo).get("/api/usernames/grace").json()["email"] == grace.email
        for path in (USERNAME, "/api/usernames/grace", INVITATIONS):
            assert_refused(APIClient().get(path), 401, NO_TOKEN)
