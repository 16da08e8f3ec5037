"""What can be read under /api/messages/: contacts, chats and the history of one chat."""

import pytest

from messaging.models import Message
from messaging.services.messages import delete_message
from tests.contract.shapes import NOT_KEYS, assert_chat, assert_message, assert_refused, assert_user
from tests.factories import ApiFor, make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db


class TestContacts:
    def test_are_everyone_but_me_by_name(self, api_for: ApiFor) -> None:
        me = make_user("Mia")
        for name in ("Zoe", "Ada", "Bo"):
            make_user(name)
        response = api_for(me).get("/api/messages/contacts")
        assert response.status_code == 200
        assert [user["fullName"] for user in response.json()] == ["Ada", "Bo", "Zoe"]
        for user in response.json():
            assert_user(user)

    def test_are_sorted_as_people_do(self, api_for: ApiFor) -> None:
        me = make_user("Mia")
        for name in ("Zoe", "ada", "Émile", "Bo", "Ärla"):
            make_user(name)
        response = api_for(me).get("/api/messages/contacts")
        names = [user["fullName"] for user in response.json()]
        assert names == ["ada", "Ärla", "Bo", "Émile", "Zoe"]

    @pytest.mark.parametrize("search", ["émi", "EMI", "ÉMILE", "emile.z"])
    def test_are_found_whatever_case_and_accents(self, api_for: ApiFor, search: str) -> None:
        make_user("Émile", email="emile.zola@example.org")
        make_user("Emma")
        response = api_for(make_user("Mia")).get("/api/messages/contacts", {"search": search})
        assert [user["fullName"] for user in response.json()] == ["Émile"]

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("soren", ["Søren Kjær"]),
            ("kjær SØR", ["Søren Kjær"]),
            ("lay had", ["Layla Haddad"]),
            ("had example", ["Layla Haddad"]),
            ("lay kj", []),
        ],
    )
    def test_are_found_by_several_beginnings(
        self, api_for: ApiFor, search: str, found: list[str]
    ) -> None:
        make_user("Søren Kjær")
        make_user("Layla Haddad", email="layla@example.org")
        response = api_for(make_user("Mia")).get("/api/messages/contacts", {"search": search})
        assert [user["fullName"] for user in response.json()] == found

    def test_are_kept_by_no_cache(self, api_for: ApiFor) -> None:
        response = api_for(make_user()).get("/api/messages/contacts")
        assert response["Cache-Control"] == "private, no-store"

    def test_come_in_pages_with_a_link_to_the_next(self, api_for: ApiFor) -> None:
        me = make_user("Mia")
        for name in ("Ada", "Bo", "Bo", "Zoe", "Zoe"):
            make_user(name)
        client, url, names = api_for(me), "/api/messages/contacts?limit=2", []
        for _page in range(3):
            response = client.get(url)
            names.append([user["fullName"] for user in response.json()])
            url = response.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert names == [["Ada", "Bo"], ["Bo", "Zoe"], ["Zoe"]]
        assert url == ""

    @pytest.mark.parametrize("search", ["lovel", "ADA", "ada@"])
    def test_are_found_by_a_part_of_name_or_address(self, api_for: ApiFor, search: str) -> None:
        make_user("Ada Lovelace", email="ada@example.org")
        client = api_for(make_user("Mia"))
        make_user("Bo Diddley")
        found = client.get("/api/messages/contacts", {"search": search}).json()
        assert [user["fullName"] for user in found] == ["Ada Lovelace"]

    @pytest.mark.parametrize("query", ["limit=", "limit=0", "limit=x", "limit=1001", "cursor=abc"])
    def test_refuse_a_bad_query(self, api_for: ApiFor, query: str) -> None:
        assert_refused(api_for(make_user()).get(f"/api/messages/contacts?{query}"), 400)


class TestChats:
    def test_are_those_i_have_messages_with_latest_first(self, api_for: ApiFor) -> None:
        me, ada, bo = make_user("Mia"), make_user("Ada"), make_user("Bo")
        make_user("Silent")
        make_message(me, ada, "first")
        make_message(bo, me, "second")
        response = api_for(me).get("/api/messages/chats")
        assert response.status_code == 200
        assert [chat["fullName"] for chat in response.json()] == ["Bo", "Ada"]
        for chat in response.json():
            assert_chat(chat)
        assert [chat["unreadCount"] for chat in response.json()] == [1, 0]
        assert [chat["online"] for chat in response.json()] == [False, False]
        assert response.json()[0]["lastMessage"]["text"] == "second"

    def test_show_the_tombstone_of_a_deleted_last_message(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo, "secret")
        delete_message(user=ada, message_id=message.pk)
        [chat] = api_for(bo).get("/api/messages/chats").json()
        assert_chat(chat)
        assert chat["lastMessage"]["deleted"] is True
        assert chat["lastMessage"]["text"] is None

    def test_are_none_at_first(self, api_for: ApiFor) -> None:
        assert api_for(make_user()).get("/api/messages/chats").json() == []


class TestHistory:
    def test_is_oldest_first_without_deleted_ones(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        _one, two, _three = make_messages(ada, bo, 3)
        delete_message(user=ada, message_id=two.pk)
        response = api_for(bo).get(f"/api/messages/{ada.pk}")
        assert response.status_code == 200
        assert [message["seq"] for message in response.json()] == [1, 3]
        for message in response.json():
            assert_message(message)
        assert "Link" not in response.headers

    def test_links_to_the_older_page(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 5)
        client = api_for(ada)
        response = client.get(f"/api/messages/{bo.pk}?limit=2")
        assert [message["seq"] for message in response.json()] == [4, 5]
        older = f"http://testserver/api/messages/{bo.pk}?before=4&limit=2"
        assert response.headers["Link"] == f'<{older}>; rel="prev"'
        assert [message["seq"] for message in client.get(older).json()] == [2, 3]

    def test_is_the_newest_thousand_when_nobody_asks_for_fewer(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        first = make_message(ada, bo)
        Message.objects.bulk_create(
            Message(conversation=first.conversation, sender=ada, seq=seq, text="x")
            for seq in range(2, 1_003)
        )
        response = api_for(bo).get(f"/api/messages/{ada.pk}")
        assert [message["seq"] for message in response.json()] == list(range(3, 1_003))
        assert f'/api/messages/{ada.pk}?before=3>; rel="prev"' in response.headers["Link"]

    @pytest.mark.parametrize(
        "query",
        [
            "limit=",
            "limit=0",
            "limit=-1",
            "limit=x",
            "limit=1001",
            "limit=%00",
            "before=",
            "before=0",
        ]
        + ["before=x", "before=-1", f"before={2**63}", f"before={'9' * 5000}", "before=1e3"],
    )
    def test_refuses_a_bad_limit_or_before(self, api_for: ApiFor, query: str) -> None:
        ada, bo = make_pair()
        assert_refused(api_for(ada).get(f"/api/messages/{bo.pk}?{query}"), 400)

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_with_nobody_is_404(self, api_for: ApiFor, key: str) -> None:
        assert_refused(api_for(make_user()).get(f"/api/messages/{key}"), 404)
