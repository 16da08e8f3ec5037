"""Reacting, and who reacted, each call with all its answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.moderation import ban
from messaging.models import Message, Reaction
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message, send_message
from messaging.services.reactions import react
from tests import limits
from tests.contract.shapes import NO_TOKEN, NOT_KEYS, assert_message, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

THUMB, HEART = "👍", "❤️"
NO_MESSAGE, NO_EMOJI = "Message not found.", "A reaction is one emoji."


def url(message: str, emoji: str = THUMB) -> str:
    return f"/api/messages/{message}/reactions/{quote(emoji, safe='')}"


def summary(emoji: str, *people: User) -> dict[str, Any]:
    return {"emoji": emoji, "count": len(people), "people": [person.pk for person in people]}


@pytest.fixture(params=["put", "delete"])
def change(request: pytest.FixtureRequest) -> Callable[[APIClient, str], Any]:
    """Either of the two calls."""
    return lambda client, path: getattr(client, request.param)(path)


Change = Callable[[APIClient, str], Any]


def test_without_a_token_everything_is_401(change: Change) -> None:
    message = make_message()
    assert_refused(change(APIClient(), url(message.pk)), 401, NO_TOKEN)
    reactions = f"/api/conversations/{message.conversation_id}/reactions?seq=1"
    assert_refused(APIClient().get(reactions), 401, NO_TOKEN)


class TestReacting:
    def test_answers_200_with_the_message_and_again(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        answers = [client.put(url(message.pk)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        first, again = (answer.json() for answer in answers)
        assert first == again
        assert_message(first)
        assert first["reactions"] == [summary(THUMB, bo)]
        assert "reacted" not in first

    def test_taken_back_answers_200_and_again(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        client.put(url(message.pk, HEART))
        client.put(url(message.pk))
        for _again in range(2):
            answer = client.delete(url(message.pk))
            assert answer.status_code == 200
            assert answer.json()["reactions"] == [summary(HEART, bo)]
        assert "reactions" not in client.delete(url(message.pk, HEART)).json()

    def test_is_in_history_chats_and_sync_of_both(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        cursor = api_for(ada).get("/api/messages/sync").json()["cursor"]
        answered = api_for(bo).put(url(message.pk)).json()
        for me, peer in ((ada, bo), (bo, ada)):
            client = api_for(me)
            [in_history] = client.get(f"/api/messages/{peer.pk}").json()
            [chat] = client.get("/api/messages/chats").json()
            assert in_history == chat["lastMessage"] == answered
        changes = api_for(ada).get(f"/api/messages/sync?since={cursor}").json()
        assert changes["messages"] == [answered]

    @pytest.mark.parametrize("emoji", ["a", "1", "👍👍", "👍 ", "🏽", "%", "#", "👍" * 100, "\x00"])
    def test_with_what_is_no_emoji_is_400(
        self, api_for: ApiFor, change: Change, emoji: str
    ) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        answer = change(api_for(bo), url(message.pk, emoji))
        assert_refused(answer, 400, NO_EMOJI)
        assert answer.json()["errors"] == {"emoji": [NO_EMOJI]}
        assert not Reaction.objects.exists()

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_to_nothing_is_404(self, api_for: ApiFor, change: Change, key: str) -> None:
        assert change(api_for(make_user()), url(key)).status_code == 404

    def test_to_what_strangers_wrote_is_404(self, api_for: ApiFor, change: Change) -> None:
        message = make_message()
        react(user=message.sender, message_id=message.pk, emoji=THUMB)
        assert_refused(change(api_for(make_user()), url(message.pk)), 404, NO_MESSAGE)
        assert Reaction.objects.count() == 1

    def test_to_a_deleted_message_is_409(self, api_for: ApiFor, change: Change) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        delete_message(user=ada, message_id=message.pk)
        assert_refused(change(api_for(bo), url(message.pk)), 409, "This message was deleted.")

    def test_to_a_system_message_is_400(self, api_for: ApiFor, change: Change) -> None:
        ada, bo = make_pair()
        make_group(ada, bo)
        answer = change(api_for(bo), url(Message.objects.get().pk))
        assert_refused(answer, 400, "Nobody can react to a system message.")

    def test_after_leaving_is_403_but_taking_back(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        key = send_message(sender=ada, peer=group, text="Hello").record.id
        client = api_for(bo)
        client.put(url(key))
        remove_member(user=ada, group=group, person=bo.pk)
        assert_refused(client.put(url(key, HEART)), 403, "You are no longer in this group.")
        assert "reactions" not in client.delete(url(key)).json()

    def test_by_the_banned_is_401(self, api_for: ApiFor, change: Change) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        ban(user=bo, reason="spam")
        assert_refused(change(client, url(message.pk)), 401)

    def test_with_too_many_is_400(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        for emoji in "😀😃😄😁😆😅🤣😂🙂🙃":
            assert client.put(url(message.pk, emoji)).status_code == 200
        refused = client.put(url(message.pk, HEART))
        assert_refused(refused, 400, "You can react to a message with at most 10 emoji.")

    def test_beyond_the_limit_of_changes_is_429(
        self, api_for: ApiFor, set_limits: SetLimits
    ) -> None:
        set_limits(writes=1)
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        assert client.put(url(message.pk)).status_code == 200
        limits.assert_refused(client.delete(url(message.pk)))
        assert Reaction.objects.count() == 1

    @pytest.mark.parametrize("method", ["get", "post", "patch"])
    def test_by_another_method_is_405(self, api_for: ApiFor, method: str) -> None:
        message = make_message()
        client = api_for(message.sender)
        assert_refused(getattr(client, method)(url(message.pk)), 405)


class TestWhoReacted:
    def test_comes_in_pages_the_first_one_first(self, api_for: ApiFor) -> None:
        olga, abe, mia = make_user("Olga"), make_user("Abe"), make_user("Mia")
        group = make_group(olga, abe, mia)
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        for person, emoji in ((mia, THUMB), (abe, HEART), (abe, THUMB)):
            react(user=person, message_id=key, emoji=emoji)
        client, path = api_for(olga), f"/api/conversations/{group}/reactions?seq=2"
        everybody = client.get(path)
        assert [(each["personId"], each["emoji"]) for each in everybody.json()] == [
            (mia.pk, THUMB),
            (abe.pk, HEART),
            (abe.pk, THUMB),
        ]
        assert all(
            set(each) == {"emoji", "personId", "fullName", "profilePic"}
            for each in everybody.json()
        )
        assert (everybody.json()[0]["fullName"], everybody.has_header("Link")) == ("Mia", False)
        first = client.get(f"{path}&limit=2")
        assert first.json() == everybody.json()[:2]
        rest = client.get(first["Link"].split(">")[0].removeprefix("<http://testserver"))
        assert rest.json() == everybody.json()[2:]
        hearts = client.get(f"{path}&emoji={quote(HEART)}").json()
        assert hearts == everybody.json()[1:2]

    def test_in_a_direct_chat(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        path = f"/api/conversations/{message.conversation_id}/reactions?seq=1"
        assert api_for(ada).get(path).json() == []
        react(user=bo, message_id=message.pk, emoji=THUMB)
        assert [each["personId"] for each in api_for(ada).get(path).json()] == [bo.pk]
        delete_message(user=ada, message_id=message.pk)
        assert api_for(ada).get(path).json() == []

    def test_is_for_those_in_the_conversation(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        path = f"/api/conversations/{group}/reactions"
        assert_refused(api_for(make_user()).get(f"{path}?seq=1"), 404, "No such group.")
        assert_refused(api_for(ada).get(f"{path}?seq=9"), 404, NO_MESSAGE)
        remove_member(user=ada, group=group, person=bo.pk)
        assert_refused(api_for(bo).get(f"{path}?seq=1"), 403, "You are no longer in this group.")

    @pytest.mark.parametrize(
        "query",
        ["", "seq=x", "seq=0", "seq=1&limit=0", "seq=1&limit=1001", "seq=1&cursor=x"]
        + ["seq=1&emoji=x", "seq=1&emoji=%00"],
    )
    def test_asked_wrongly_is_400(self, api_for: ApiFor, query: str) -> None:
        message = make_message()
        path = f"/api/conversations/{message.conversation_id}/reactions?{query}"
        assert_refused(api_for(message.sender).get(path), 400)
