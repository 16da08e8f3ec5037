"""What a conversation shares, and groups in common, each call with all its answers."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.moderation import ban
from messaging.models import Message
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db


def shared_url(conversation: str, query: str = "kind=links") -> str:
    return f"/api/conversations/{conversation}/shared?{query}"


def groups_url(person: str) -> str:
    return f"/api/users/{person}/groups"


@pytest.fixture
def link() -> Message:
    return make_message(text="https://example.org")


def test_without_a_token_everything_is_401(link: Message) -> None:
    for url in (shared_url(link.conversation_id), groups_url(link.sender_id)):
        assert_refused(APIClient().get(url), 401, NO_TOKEN)


def test_for_the_banned_it_is_401(api_for: ApiFor, link: Message) -> None:
    client = api_for(link.sender)
    ban(user=link.sender, reason="spam")
    for url in (shared_url(link.conversation_id), groups_url(link.receiver_id)):
        assert_refused(client.get(url), 401)


@pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24, "f" * 24])
def test_what_is_not_there_is_404(api_for: ApiFor, key: str) -> None:
    for url in (shared_url(key), groups_url(key)):
        assert api_for(make_user()).get(url).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_another_method_is_405(api_for: ApiFor, link: Message, method: str) -> None:
    client = api_for(link.sender)
    for url in (shared_url(link.conversation_id), groups_url(link.receiver_id)):
        assert_refused(getattr(client, method)(url), 405)


class TestShared:
    def test_answers_with_messages_the_newest_first(self, api_for: ApiFor, link: Message) -> None:
        bo = User.objects.get(pk=link.receiver_id)
        picture_of = make_message(bo, link.sender, "", image=picture())
        for me in (link.sender, bo):
            for kind, message in (("links", link), ("pictures", picture_of)):
                answer = api_for(me).get(shared_url(link.conversation_id, f"kind={kind}"))
                assert answer.status_code == 200
                assert [each["_id"] for each in answer.json()] == [message.pk]
                assert_message(answer.json()[0])
                assert "Link" not in answer

    def test_the_next_page_is_by_the_link_header(self, api_for: ApiFor, link: Message) -> None:
        peer = link.receiver_id
        newer = send_message(sender=link.sender, peer=peer, text="www.example.org").record
        client = api_for(link.sender)
        first = client.get(shared_url(link.conversation_id, "kind=links&limit=1"))
        assert [each["_id"] for each in first.json()] == [newer.id]
        address, _, rel = first["Link"].partition("; ")
        assert rel == 'rel="next"'
        second = client.get(address.strip("<>"))
        assert [each["_id"] for each in second.json()] == [link.pk]
        assert "Link" not in second

    @pytest.mark.parametrize(
        "query",
        [
            *("", "kind=", "kind=videos", "kind=links&before=0", "kind=links&before=x"),
            *("kind=links&limit=0", "kind=links&limit=1001", f"kind=links&before={10**30}"),
        ],
    )
    def test_bad_queries_are_400(self, api_for: ApiFor, link: Message, query: str) -> None:
        assert_refused(api_for(link.sender).get(shared_url(link.conversation_id, query)), 400)

    def test_for_strangers_it_is_404(self, api_for: ApiFor, link: Message) -> None:
        refused = api_for(make_user()).get(shared_url(link.conversation_id))
        assert_refused(refused, 404, "No such group.")

    def test_after_leaving_what_was_seen_stays(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        seen = send_message(sender=ada, peer=group, text="https://example.org/1").record
        remove_member(user=ada, group=group, person=bo.pk)
        send_message(sender=ada, peer=group, text="https://example.org/2")
        answer = api_for(bo).get(shared_url(group)).json()
        assert [(each["_id"], each["receiverId"]) for each in answer] == [(seen.id, group)]


class TestGroupsInCommon:
    def test_answers_with_groups_as_i_see_them(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        make_group(bo, make_user("Cy"))
        for me, other, role in ((ada, bo, "owner"), (bo, ada, "member")):
            answer = api_for(me).get(groups_url(other.pk))
            assert answer.status_code == 200
            assert answer.json() == [api_for(me).get(f"/api/groups/{group}").json()]
            assert answer.json()[0]["role"] == role

    def test_the_next_page_is_by_the_link_header(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        for title in ("B", "A"):
            make_group(ada, bo, title=title)
        client = api_for(bo)
        first = client.get(f"{groups_url(ada.pk)}?limit=1")
        second = client.get(first["Link"].partition(";")[0].strip("<>"))
        assert [first.json()[0]["fullName"], second.json()[0]["fullName"]] == ["A", "B"]
        assert "Link" not in second

    def test_of_others_nobody_learns_anything(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_group(ada, bo)
        stranger = api_for(make_user())
        assert stranger.get(groups_url(ada.pk)).json() == []
        refused = api_for(ada).get(groups_url(ada.pk))
        assert_refused(refused, 404, "No such person.")

    def test_bad_cursors_are_400(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        assert_refused(api_for(ada).get(f"{groups_url(bo.pk)}?cursor=x"), 400)
