"""Groups and who is in a conversation, each call with all its answers."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.db import now
from chatsite.pictures import storage
from messaging.models import Conversation, Membership, Message
from messaging.queries.receipts import receipts_page
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.groups import add_members, change_group, remove_member, set_role
from messaging.services.messages import send_message
from messaging.shapes.record import record_of
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, TIME, USER, assert_person, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_messages, make_pair, make_user
from tests.limits import SetLimits
from tests.pictures import data_uri, picture

pytestmark = pytest.mark.django_db

GROUP = {
    "_id",
    "isGroup",
    "fullName",
    "description",
    "profilePic",
    "posting",
    "showsHistory",
    "slowSeconds",
    "memberCount",
    "role",
    "createdAt",
}
MEMBER = USER | {"role", "joinedAt", "online"}
NO_GROUP = "No such group."
NO_LONGER_MEMBER = "You are no longer in this group."
ADMINS_ONLY = "Only admins of the group may do this."
OWNER_ONLY = "Only the owner of the group may do this."
NOT_GROUPS = [*NOT_KEYS, "0" * 24, "f" * 24]


def assert_group(group: dict[str, Any], **values: Any) -> None:
    assert set(group) == GROUP
    assert_person(group)
    assert group["isGroup"] is True
    assert {name: group[name] for name in values} == values


def texts(group: str) -> list[str]:
    """Of what was told of it, without the marks around names."""
    messages = Message.objects.filter(conversation=group).order_by("seq")
    marks = dict.fromkeys((0x2068, 0x2069))
    return [(record_of(each).text or "").translate(marks) for each in messages]


@pytest.fixture
def people() -> tuple[User, User, User]:
    """The owner, an admin and a member of a group; and whoever else."""
    return make_user("Olga"), make_user("Abe"), make_user("Mia")


@pytest.fixture
def group(people: tuple[User, User, User]) -> str:
    owner, admin, member = people
    key = make_group(owner, admin, member)
    set_role(user=owner, group=key, person=admin.pk, role="admin")
    return key


CALLS = [
    ("get", "groups/{group}", {}),
    ("patch", "groups/{group}", {"name": "X"}),
    ("post", "groups/{group}/members", {"people": ["0" * 24]}),
    ("delete", "groups/{group}/members/{person}", {}),
    ("patch", "groups/{group}/members/{person}", {"role": "admin"}),
    ("get", "conversations/{group}/members", {}),
    ("get", "conversations/{group}/receipts?seq=1", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), [("post", "groups", {}), *CALLS])
def test_without_a_token_everything_is_401(method: str, path: str, body: dict[str, Any]) -> None:
    url = f"/api/{path.format(group='f' * 24, person='0' * 24)}"
    assert_refused(getattr(APIClient(), method)(url, body), 401, NO_TOKEN)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
class TestWhoIsNotInTheGroup:
    def test_knows_nothing_of_it(
        self, api_for: ApiFor, group: str, method: str, path: str, body: dict[str, Any]
    ) -> None:
        stranger = make_user("Stranger")
        url = f"/api/{path.format(group=group, person=stranger.pk)}"
        assert_refused(getattr(api_for(stranger), method)(url, body), 404, NO_GROUP)

    @pytest.mark.parametrize("key", NOT_GROUPS)
    def test_nor_has_anybody_a_group_that_is_none(
        self, api_for: ApiFor, method: str, path: str, body: dict[str, Any], key: str
    ) -> None:
        me = make_user()
        url = f"/api/{path.format(group=key, person=me.pk)}"
        assert_refused(getattr(api_for(me), method)(url, body), 404, NO_GROUP)

    def test_any_longer_is_told_so(
        self,
        api_for: ApiFor,
        people: tuple[User, User, User],
        group: str,
        method: str,
        path: str,
        body: dict[str, Any],
    ) -> None:
        owner, admin, member = people
        remove_member(user=owner, group=group, person=member.pk)
        url = f"/api/{path.format(group=group, person=admin.pk)}"
        assert_refused(getattr(api_for(member), method)(url, body), 403, NO_LONGER_MEMBER)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("groups", ["get", "put", "patch", "delete"]),
        ("groups/{group}", ["post", "put", "delete"]),
        ("groups/{group}/members", ["get", "put", "patch", "delete"]),
        ("groups/{group}/members/{person}", ["get", "post", "put"]),
        ("conversations/{group}/members", ["post", "put", "patch", "delete"]),
        ("conversations/{group}/receipts", ["post", "put", "patch", "delete"]),
    ],
)
def test_other_methods_are_405(
    api_for: ApiFor, people: tuple[User, User, User], group: str, path: str, methods: list[str]
) -> None:
    client = api_for(people[0])
    url = f"/api/{path.format(group=group, person=people[1].pk)}"
    for method in methods:
        assert_refused(getattr(client, method)(url, {}), 405)


class TestCreate:
    def test_answers_201_with_the_group(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        body = {"name": "  Trip\n 2026 ", "people": [bo.pk], "description": "Where\nto?"}
        response = api_for(ada).post("/api/groups", body)
        assert response.status_code == 201
        assert_group(
            response.json(),
            fullName="Trip 2026",
            description="Where\nto?",
            posting="all",
            showsHistory=False,
            memberCount=2,
            role="owner",
        )
        key = response.json()["_id"]
        assert texts(key) == ["Ada Lovelace created the group “Trip 2026”"]
        assert_group(api_for(bo).get(f"/api/groups/{key}").json(), role="member", memberCount=2)

    @pytest.mark.parametrize("people", [{}, {"people": []}])
    def test_may_have_nobody_else_in_it(self, api_for: ApiFor, people: dict[str, Any]) -> None:
        response = api_for(make_user()).post("/api/groups", {"name": "Notes", **people})
        assert response.status_code == 201
        assert_group(response.json(), memberCount=1)

    def test_takes_its_rules(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        body = {"name": "News", "people": [bo.pk], "posting": "admins", "showsHistory": True}
        group = api_for(ada).post("/api/groups", body).json()
        assert_group(group, posting="admins", showsHistory=True)

    @pytest.mark.parametrize("absent", [None, ""])
    def test_takes_null_and_nothing_as_absent(self, api_for: ApiFor, absent: str | None) -> None:
        ada, bo = make_pair()
        body = {
            "name": "X",
            "people": [bo.pk],
            "description": absent,
            "picture": absent,
            "posting": None,
            "showsHistory": None,
        }
        response = api_for(ada).post("/api/groups", body)
        assert response.status_code == 201
        assert_group(response.json(), description="", posting="all", showsHistory=False)

    def test_takes_a_picture(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client = api_for(ada)
        body = {"name": "X", "people": [bo.pk], "picture": data_uri(picture())}
        group = client.post("/api/groups", body).json()
        assert group["profilePic"].startswith("/media/profiles/")
        assert client.get(group["profilePic"])["Content-Type"] == "image/webp"

    def test_takes_multipart(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        zoe = make_user("Zoe")
        body = {
            "name": "X",
            "people": [bo.pk, zoe.pk],
            "picture": SimpleUploadedFile("us.png", picture()),
            "showsHistory": "true",
        }
        response = api_for(ada).post("/api/groups", body, format="multipart")
        assert response.status_code == 201
        assert_group(response.json(), memberCount=3, showsHistory=True)
        assert response.json()["profilePic"].startswith("/media/profiles/")

    def test_a_form_that_says_nothing_of_history_shows_none(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        body = {"name": "X", "people": [bo.pk]}
        group = api_for(ada).post("/api/groups", body, format="multipart").json()
        assert_group(group, showsHistory=False)

    def test_repeated_with_its_client_group_id_answers_200_with_the_first_group(
        self, api_for: ApiFor
    ) -> None:
        ada, bo = make_pair()
        body = {"name": "Trip", "people": [bo.pk], "clientGroupId": "x-1"}
        first = api_for(ada).post("/api/groups", body)
        again = {"name": "Other", "picture": data_uri(picture()), "clientGroupId": "x-1"}
        for repeated in (body, again):
            response = api_for(ada).post("/api/groups", repeated)
            assert response.status_code == 200
            assert response.json() == first.json()
        assert texts(first.json()["_id"]) == ["Ada Lovelace created the group “Trip”"]
        assert Conversation.objects.count() == 1

    def test_of_another_person_or_id_or_none_is_another_group(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        for user, client_id in ((ada, "x"), (bo, "x"), (ada, "y"), (ada, ""), (ada, None)):
            body = {"name": "Trip", "clientGroupId": client_id}
            assert api_for(user).post("/api/groups", body).status_code == 201
        assert Conversation.objects.count() == 5

    def test_repeated_by_who_has_left_is_403(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        body = {"name": "Trip", "people": [bo.pk], "clientGroupId": "x"}
        key = api_for(ada).post("/api/groups", body).json()["_id"]
        remove_member(user=ada, group=key, person=ada.pk)
        assert_refused(api_for(ada).post("/api/groups", body), 403, NO_LONGER_MEMBER)

    @pytest.mark.parametrize("length", [1, 100])
    def test_names_have_up_to_a_hundred_characters(self, api_for: ApiFor, length: int) -> None:
        ada, bo = make_pair()
        body = {"name": "🏔" * length, "people": [bo.pk], "description": "🏔" * 500}
        assert api_for(ada).post("/api/groups", body).status_code == 201

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": " \n\u200b"}, "name"),
            ({"name": None}, "name"),
            ({"name": 7}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": "x" + " " * 1000}, "name"),
            ({"name": "a\x00b"}, "name"),
            ({"description": "x" * 501}, "description"),
            ({"description": "a\x00b"}, "description"),
            ({"description": ["x"]}, "description"),
            ({"people": None}, "people"),
            ({"people": "0" * 24}, "people"),
            ({"people": {"0": "0" * 24}}, "people"),
            ({"people": [7]}, "people"),
            ({"people": [None]}, "people"),
            ({"people": ["0" * 24]}, "people"),
            ({"people": ["abc"]}, "people"),
            ({"people": ["f" * 24]}, "people"),
            ({"people": [f"{number:024x}" for number in range(1000)]}, "people"),
            ({"posting": "nobody"}, "posting"),
            ({"posting": ["all"]}, "posting"),
            ({"showsHistory": "yes"}, "showsHistory"),
            ({"showsHistory": 1}, "showsHistory"),
            ({"clientGroupId": "a b"}, "clientGroupId"),
            ({"clientGroupId": "x" * 65}, "clientGroupId"),
            ({"clientGroupId": 7}, "clientGroupId"),
            ({"picture": "https://example.org/a.png"}, "picture"),
            ({"picture": "data:image/png;base64,AAAA"}, "picture"),
        ],
    )
    def test_refuses_with_400(self, api_for: ApiFor, body: dict[str, Any], field: str) -> None:
        ada, bo = make_pair()
        response = api_for(ada).post("/api/groups", {"name": "X", "people": [bo.pk], **body})
        assert_refused(response, 400)
        assert set(response.json()["errors"]) == {field}
        assert not Conversation.objects.exists()

    @pytest.mark.parametrize("field", ["name", "description"])
    def test_refuses_half_a_character(self, api_for: ApiFor, field: str) -> None:
        ada, bo = make_pair()
        body = json.dumps({"name": "X", "people": [bo.pk], field: "a\ud800b"})
        response = api_for(ada).post("/api/groups", body, content_type="application/json")
        assert_refused(response, 400)
        assert not Conversation.objects.exists()

    def test_refuses_people_who_cannot_be_in_it(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        banned = make_user("Banned", banned_at=now())
        for people in ([ada.pk, bo.pk], [bo.pk, bo.pk], [bo.pk, banned.pk], [bo.pk, "0" * 24]):
            response = api_for(ada).post("/api/groups", {"name": "X", "people": people})
            assert_refused(response, 400)
            assert set(response.json()["errors"]) == {"people"}
        assert not Conversation.objects.exists()

    def test_stores_no_picture_for_a_group_that_cannot_be(
        self, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stored: list[object] = []
        monkeypatch.setattr(storage, "save", lambda *saved: stored.append(saved))
        body = {"name": "X", "people": ["0" * 24], "picture": data_uri(picture())}
        assert_refused(api_for(make_user()).post("/api/groups", body), 400)
        assert not stored

    def test_counts_as_a_write(self, api_for: ApiFor, set_limits: SetLimits) -> None:
        ada, bo = make_pair()
        set_limits(writes=1)
        client, body = api_for(ada), {"name": "X", "people": [bo.pk]}
        assert client.post("/api/groups", body).status_code == 201
        assert_refused(client.post("/api/groups", body), 429)


class TestChange:
    def test_changes_what_is_given(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        _owner, admin, member = people
        body = {
            "name": "Trip",
            "description": "Where to?",
            "posting": "admins",
            "showsHistory": True,
            "picture": data_uri(picture()),
        }
        response = api_for(admin).patch(f"/api/groups/{group}", body)
        assert response.status_code == 200
        assert_group(
            response.json(),
            fullName="Trip",
            description="Where to?",
            posting="admins",
            showsHistory=True,
            role="admin",
        )
        seen = api_for(member).get(f"/api/groups/{group}").json()
        assert seen == {**response.json(), "role": "member"}
        assert texts(group)[2:] == [
            "Abe changed the name of the group to “Trip”",
            "Abe changed the description of the group",
            "Abe changed the picture of the group",
            "Abe let only admins write in the group",
            "Abe let new members see earlier messages",
        ]

    def test_changes_the_picture_by_a_form(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        body = {"picture": SimpleUploadedFile("us.png", picture())}
        changed = api_for(people[0]).patch(f"/api/groups/{group}", body, format="multipart")
        assert changed.status_code == 200
        assert changed.json()["profilePic"].startswith("/media/profiles/")
        assert texts(group)[2:] == ["Olga changed the picture of the group"]

    @pytest.mark.parametrize("way", ["json", "multipart"])
    def test_removes_the_picture(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, way: str
    ) -> None:
        client = api_for(people[0])
        url = f"/api/groups/{group}"
        before = client.get(url).json()
        client.patch(url, {"picture": data_uri(picture())})
        for _ in range(2):
            changed = client.patch(url, {"picture": ""}, format=way)
            assert changed.status_code == 200
            assert changed.json() == before
        assert texts(group)[3:] == ["Olga removed the picture of the group"]

    def test_keeps_the_picture_for_null_and_refuses_an_empty_file(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        client = api_for(people[0])
        url = f"/api/groups/{group}"
        changed = client.patch(url, {"picture": data_uri(picture())}).json()
        assert client.patch(url, {"picture": None}).json() == changed
        empty = {"picture": SimpleUploadedFile("us.png", b"")}
        assert_refused(client.patch(url, empty, format="multipart"), 400)
        assert client.get(url).json() == changed

    @pytest.mark.parametrize("body", [{}, {"name": "Friends"}, {"posting": "all", "name": None}])
    def test_tells_nothing_where_nothing_changes(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, body: dict[str, Any]
    ) -> None:
        assert api_for(people[0]).patch(f"/api/groups/{group}", body).status_code == 200
        assert len(texts(group)) == 2

    def test_empties_the_description(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        client = api_for(people[0])
        client.patch(f"/api/groups/{group}", {"description": "Old"})
        assert (
            client.patch(f"/api/groups/{group}", {"description": " "}).json()["description"] == ""
        )

    def test_by_a_member_is_403(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        for body in ({"name": "Mine"}, {"picture": data_uri(picture())}, {"picture": ""}):
            response = api_for(people[2]).patch(f"/api/groups/{group}", body)
            assert_refused(response, 403, ADMINS_ONLY)
        assert len(texts(group)) == 2

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"description": "x" * 501}, "description"),
            ({"posting": "nobody"}, "posting"),
            ({"showsHistory": "true"}, "showsHistory"),
            ({"picture": 7}, "picture"),
        ],
    )
    def test_refuses_with_400_and_changes_nothing(
        self,
        api_for: ApiFor,
        people: tuple[User, User, User],
        group: str,
        body: dict[str, Any],
        field: str,
    ) -> None:
        client = api_for(people[0])
        before = client.get(f"/api/groups/{group}").json()
        response = client.patch(f"/api/groups/{group}", {"name": "New", **body})
        assert_refused(response, 400)
        assert set(response.json()["errors"]) == {field}
        assert client.get(f"/api/groups/{group}").json() == before


class TestAdd:
    def test_adds_people_and_says_who(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        zoe, yan = make_user("Zoe"), make_user("Yan")
        url = f"/api/groups/{group}/members"
        response = api_for(people[1]).post(url, {"people": [zoe.pk, yan.pk]})
        assert response.status_code == 200
        assert_group(response.json(), memberCount=5, role="admin")
        assert texts(group)[2:] == ["Abe added Zoe, Yan"]
        assert api_for(zoe).get(f"/api/groups/{group}").status_code == 200

    def test_of_many_names_the_first(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        many = [make_user(f"P{number}") for number in range(12)]
        url = f"/api/groups/{group}/members"
        api_for(people[0]).post(url, {"people": [person.pk for person in many]})
        assert texts(group)[2:] == [
            "Olga added P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 and 2 others"
        ]

    def test_of_who_is_in_it_changes_nothing(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, admin, member = people
        url, body = f"/api/groups/{group}/members", {"people": [admin.pk, member.pk]}
        assert_group(api_for(owner).post(url, body).json(), memberCount=3)
        assert len(texts(group)) == 2
        zoe = make_user("Zoe")
        api_for(owner).post(url, {"people": [admin.pk, zoe.pk]})
        assert texts(group)[2:] == ["Olga added Zoe"]
        assert api_for(admin).get(f"/api/groups/{group}").json()["role"] == "admin"

    def test_by_a_member_is_403(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        body = {"people": [make_user("Zoe").pk]}
        response = api_for(people[2]).post(f"/api/groups/{group}/members", body)
        assert_refused(response, 403, ADMINS_ONLY)

    def test_of_nobody_changes_nothing(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        client, url = api_for(people[0]), f"/api/groups/{group}/members"
        assert_group(client.post(url, {"people": []}).json(), memberCount=3)
        assert_refused(client.post(url, {}), 400)
        assert len(texts(group)) == 2

    def test_all_or_nobody(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, zoe = people[0], make_user("Zoe")
        banned = make_user("Banned", banned_at=now())
        wrong = [[zoe.pk, "0" * 24], [zoe.pk, banned.pk], [zoe.pk, owner.pk], [zoe.pk] * 2]
        for keys in wrong:
            response = api_for(owner).post(f"/api/groups/{group}/members", {"people": keys})
            assert_refused(response, 400)
            assert set(response.json()["errors"]) == {"people"}
        assert_refused(api_for(zoe).get(f"/api/groups/{group}"), 404)

    def test_up_to_a_thousand(
        self,
        api_for: ApiFor,
        people: tuple[User, User, User],
        group: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("messaging.services.groups.MEMBERS", 4)
        client, url = api_for(people[0]), f"/api/groups/{group}/members"
        keys = [make_user(name).pk for name in ("Zoe", "Yan")]
        assert_refused(client.post(url, {"people": keys}), 400)
        assert client.post(url, {"people": keys[:1]}).status_code == 200
        assert_refused(client.post(url, {"people": keys[1:]}), 400)
        again = client.post(url, {"people": [keys[0], people[1].pk]})
        assert_group(again.json(), memberCount=4)


class TestRemove:
    def test_ends_what_they_may_see_with_being_told(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        _owner, admin, member = people
        url = f"/api/groups/{group}/members/{member.pk}"
        for _again in range(2):
            response = api_for(admin).delete(url)
            assert response.status_code == 200
            assert response.json() == {"success": True, "message": "Removed"}
        assert texts(group)[2:] == ["Abe removed Mia"]
        assert_group(api_for(admin).get(f"/api/groups/{group}").json(), memberCount=2)

    def test_of_oneself_is_leaving(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        member = people[2]
        url = f"/api/groups/{group}/members/{member.pk}"
        for _again in range(2):
            response = api_for(member).delete(url)
            assert response.json() == {"success": True, "message": "You have left the group"}
        assert texts(group)[2:] == ["Mia left"]

    def test_of_admins_is_the_owners(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, admin, member = people
        set_role(user=owner, group=group, person=member.pk, role="admin")
        for other in (owner, member):
            response = api_for(admin).delete(f"/api/groups/{group}/members/{other.pk}")
            assert_refused(response, 403, OWNER_ONLY)
        assert api_for(owner).delete(f"/api/groups/{group}/members/{admin.pk}").status_code == 200

    def test_by_a_member_is_403(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        response = api_for(people[2]).delete(f"/api/groups/{group}/members/{people[1].pk}")
        assert_refused(response, 403, ADMINS_ONLY)

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_of_who_was_never_in_it_is_404(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, key: str
    ) -> None:
        response = api_for(people[0]).delete(f"/api/groups/{group}/members/{key}")
        assert_refused(response, 404, "This person is not in the group.")


class TestRole:
    def test_owner_makes_and_unmakes_admins(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, _admin, member = people
        client, url = api_for(owner), f"/api/groups/{group}/members/{member.pk}"
        for role in ("admin", "admin", "member", "member"):
            assert_group(client.patch(url, {"role": role}).json(), role="owner")
            assert api_for(member).get(f"/api/groups/{group}").json()["role"] == role
        assert texts(group)[2:] == ["Olga made Mia an admin", "Olga removed Mia as an admin"]

    def test_owner_hands_over_and_is_an_admin_then(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, _admin, member = people
        url = f"/api/groups/{group}/members/{member.pk}"
        response = api_for(owner).patch(url, {"role": "owner"})
        assert_group(response.json(), role="admin")
        assert api_for(member).get(f"/api/groups/{group}").json()["role"] == "owner"
        assert texts(group)[2:] == ["Olga made Mia the owner of the group"]
        assert_refused(api_for(owner).patch(url, {"role": "owner"}), 403, OWNER_ONLY)

    @pytest.mark.parametrize("role", ["admin", "member"])
    def test_owner_cannot_just_stop(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, role: str
    ) -> None:
        url = f"/api/groups/{group}/members/{people[0].pk}"
        response = api_for(people[0]).patch(url, {"role": role})
        assert_refused(response, 409, "Make somebody else the owner first.")

    def test_by_others_is_403(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        _owner, admin, member = people
        for somebody in (admin, member):
            url = f"/api/groups/{group}/members/{somebody.pk}"
            response = api_for(somebody).patch(url, {"role": "owner"})
            assert_refused(response, 403, OWNER_ONLY)

    @pytest.mark.parametrize("body", [{}, {"role": None}, {"role": "boss"}, {"role": ["admin"]}])
    def test_refuses_what_is_no_role(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, body: dict[str, Any]
    ) -> None:
        url = f"/api/groups/{group}/members/{people[2].pk}"
        response = api_for(people[0]).patch(url, body)
        assert_refused(response, 400)
        assert set(response.json()["errors"]) == {"role"}

    def test_of_who_is_not_in_it_is_404(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, _admin, member = people
        remove_member(user=owner, group=group, person=member.pk)
        for key in (member.pk, make_user("Zoe").pk, "abc"):
            response = api_for(owner).patch(f"/api/groups/{group}/members/{key}", {"role": "admin"})
            assert_refused(response, 404, "This person is not in the group.")


class TestMembers:
    def test_are_told_by_name_with_their_roles(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        response = api_for(people[2]).get(f"/api/conversations/{group}/members")
        assert response.status_code == 200
        for member in response.json():
            assert set(member) == MEMBER
            assert_person(member)
            assert TIME.fullmatch(member["joinedAt"])
            assert member["online"] is False
        assert [(each["fullName"], each["role"]) for each in response.json()] == [
            ("Abe", "admin"),
            ("Mia", "member"),
            ("Olga", "owner"),
        ]

    def test_come_in_pages_with_a_link_to_the_next(self, api_for: ApiFor) -> None:
        me, *others = [make_user(name) for name in ("Mia", "Bo", "Bo", "Zoe", "Zoe")]
        client, url = api_for(me), f"/api/conversations/{make_group(me, *others)}/members?limit=2"
        names = []
        for _page in range(3):
            response = client.get(url)
            names.append([person["fullName"] for person in response.json()])
            url = response.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert names == [["Bo", "Bo"], ["Mia", "Zoe"], ["Zoe"]]
        assert url == ""

    def test_are_those_who_are_in_it_now(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, admin, _member = people
        remove_member(user=owner, group=group, person=admin.pk)
        answer = api_for(owner).get(f"/api/conversations/{group}/members").json()
        assert [person["fullName"] for person in answer] == ["Mia", "Olga"]

    def test_of_a_direct_chat_are_the_two(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        key = make_message(ada, bo).conversation_id
        answer = api_for(ada).get(f"/api/conversations/{key}/members").json()
        assert [(each["_id"], each["role"]) for each in answer] == [
            (ada.pk, "member"),
            (bo.pk, "member"),
        ]
        assert_refused(api_for(make_user()).get(f"/api/conversations/{key}/members"), 404)

    @pytest.mark.parametrize("query", ["limit=", "limit=0", "limit=x", "limit=1001", "cursor=abc"])
    def test_refuse_a_bad_query(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, query: str
    ) -> None:
        url = f"/api/conversations/{group}/members?{query}"
        assert_refused(api_for(people[0]).get(url), 400)


class TestReceipts:
    def test_are_of_those_it_was_sent_to_but_for_its_writer(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, admin, member = people
        seq = send_message(sender=owner, peer=group, text="Hello").record.seq
        client, url = api_for(member), f"/api/conversations/{group}/receipts?seq={seq}"
        assert [each["state"] for each in client.get(url).json()] == ["sent", "sent"]
        mark_read(user=admin, peer=group, seq=seq)
        mark_delivered(user=member, peer=group, seq=seq)
        abe, mia = client.get(url).json()
        assert set(abe) == USER | {"state", "readAt", "deliveredBefore"}
        assert (abe["fullName"], abe["state"]) == ("Abe", "read")
        assert abe["readAt"] == abe["deliveredBefore"]
        assert set(mia) == USER | {"state", "deliveredAt"}
        assert (mia["fullName"], mia["state"]) == ("Mia", "delivered")
        for state, names in (("read", ["Abe"]), ("delivered", ["Mia"]), ("sent", [])):
            answer = client.get(f"{url}&state={state}").json()
            assert [each["fullName"] for each in answer] == names

    def test_are_exact_only_for_what_a_mark_moved_to(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        first, second = make_messages(ada, bo, 2)
        mark_read(user=bo, peer=ada.pk, seq=2)
        make_message(bo, ada)  # which moves the mark, and reads nothing
        url = f"/api/conversations/{first.conversation_id}/receipts?seq="
        [older] = api_for(ada).get(f"{url}{first.seq}").json()
        [newer] = api_for(ada).get(f"{url}{second.seq}").json()
        assert ("readAt" in older, "readAt" in newer) == (False, True)
        assert older["readBefore"] == newer["readAt"]
        make_message(ada, bo)
        make_message(bo, ada)
        [passed] = api_for(ada).get(f"{url}{second.seq}").json()
        assert "readAt" not in passed

    def test_are_paged(self, api_for: ApiFor, people: tuple[User, User, User], group: str) -> None:
        owner = people[0]
        seq = send_message(sender=owner, peer=group, text="Hello").record.seq
        url = f"/api/conversations/{group}/receipts?seq={seq}&state=sent&limit=1"
        first = api_for(owner).get(url)
        following = re.fullmatch('<(.*)>; rel="next"', first["Link"])
        assert following
        second = api_for(owner).get(following[1])
        assert "Link" not in second
        names = [each["fullName"] for page in (first, second) for each in page.json()]
        assert names == ["Abe", "Mia"]

    def test_of_many_take_the_same_few_queries(
        self, django_assert_num_queries: Any, people: tuple[User, User, User], group: str
    ) -> None:
        owner = people[0]
        seq = send_message(sender=owner, peer=group, text="Hello").record.seq
        for others in ([], [make_user(f"Person {number}") for number in range(30)]):
            for person in others:
                Membership.objects.create(
                    user=person, conversation_id=group, joined_at=owner.created_at
                )
            with django_assert_num_queries(5):
                receipts_page(owner, group, seq=seq, limit=50)

    def test_are_not_of_those_who_came_later(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, zoe = people[0], make_user("Zoe")
        change_group(user=owner, group=group, shows_history=True)
        seq = send_message(sender=owner, peer=group, text="Hello").record.seq
        add_members(user=owner, group=group, people=[zoe.pk])
        mark_read(user=zoe, peer=group, seq=seq + 1)
        url = f"/api/conversations/{group}/receipts?state=read&seq="
        client = api_for(owner)
        assert client.get(f"{url}{seq}").json() == []
        seq = send_message(sender=owner, peer=group, text="Hello Zoe").record.seq
        mark_read(user=zoe, peer=group, seq=seq)
        answer = client.get(f"{url}{seq}").json()
        assert [each["fullName"] for each in answer] == ["Zoe"]

    def test_of_a_direct_chat_are_of_the_other(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        Membership.objects.update(joined_at=now())  # of before there were groups
        url = f"/api/conversations/{message.conversation_id}/receipts?seq=1"
        [receipt] = api_for(ada).get(url).json()
        assert (receipt["_id"], receipt["state"]) == (bo.pk, "sent")
        mark_read(user=bo, peer=ada.pk, seq=1)
        [receipt] = api_for(ada).get(url).json()
        assert (receipt["_id"], receipt["state"]) == (bo.pk, "read")
        assert_refused(api_for(make_user()).get(url), 404)

    def test_of_a_message_that_is_not_there_or_not_to_be_seen_are_404(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str
    ) -> None:
        owner, zoe = people[0], make_user("Zoe")
        add_members(user=owner, group=group, people=[zoe.pk])
        for somebody, seq in ((owner, 99), (zoe, 1)):
            url = f"/api/conversations/{group}/receipts?seq={seq}"
            assert_refused(api_for(somebody).get(url), 404, "Message not found.")

    @pytest.mark.parametrize(
        "query", ["", "seq=", "seq=0", "seq=x", f"seq={2**63}", "seq=1&limit=0", "seq=1&state=seen"]
    )
    def test_refuse_a_bad_query(
        self, api_for: ApiFor, people: tuple[User, User, User], group: str, query: str
    ) -> None:
        url = f"/api/conversations/{group}/receipts?{query}"
        assert_refused(api_for(people[0]).get(url), 400)
