"""Scheduled messages and reminders, each call with all its answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.moderation import ban
from chatsite.db import now
from chatsite.wire import timestamp
from messaging.models import Message, ScheduledMessage, saved_key
from messaging.services.groups import remove_member
from messaging.services.messages import delete_message
from tests import limits
from tests.contract.shapes import (
    KEY,
    NO_TOKEN,
    NOT_KEYS,
    TIME,
    assert_message,
    assert_refused,
)
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

NO_SCHEDULED = "No such scheduled message."
Ask = Callable[[APIClient, str], Any]


def soon(**ahead: float) -> str:
    return timestamp(now() + timedelta(**(ahead or {"hours": 1})))


def plan(client: APIClient, peer: str, **fields: Any) -> Any:
    body = {"text": "Later", "sendAt": soon(), **fields}
    return client.post(f"/api/messages/schedule/{peer}", body, format="json")


def url(key: str) -> str:
    return f"/api/scheduled/{key}"


OF_ONE: list[Ask] = [
    lambda client, key: client.patch(url(key), {"text": "x"}, format="json"),
    lambda client, key: client.delete(url(key)),
    lambda client, key: client.post(f"{url(key)}/send"),
]
one_call = pytest.mark.parametrize("ask", OF_ONE, ids=["change", "cancel", "send"])


class TestScheduled:
    def test_without_a_token_everything_is_401(self) -> None:
        client = APIClient()
        assert_refused(plan(client, "0" * 24), 401, NO_TOKEN)
        assert_refused(client.get("/api/scheduled"), 401, NO_TOKEN)
        for ask in OF_ONE:
            assert_refused(ask(client, "0" * 24), 401, NO_TOKEN)

    def test_answers_201_with_what_waits_and_lists_it(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        cy, client = make_user("Cy"), api_for(ada)
        at = soon()
        answer = plan(client, bo.pk, sendAt=at, clientMessageId="a")
        assert answer.status_code == 201
        first = answer.json()
        assert set(first) == {"_id", "peerId", "text", "sendAt", "createdAt"}
        assert (first["peerId"], first["text"], first["sendAt"]) == (bo.pk, "Later", at)
        assert KEY.fullmatch(first["_id"])
        assert TIME.fullmatch(first["createdAt"])
        again = plan(client, bo.pk, clientMessageId="a")
        assert (again.status_code, again.json()) == (200, first)
        earlier = plan(client, cy.pk, sendAt=soon(minutes=5)).json()
        waiting = plan(client, cy.pk, sendAt=None, whenOnline=True).json()
        assert waiting["sendAt"] is None
        assert client.get("/api/scheduled").json() == [earlier, first, waiting]
        assert api_for(bo).get("/api/scheduled").json() == []
        assert not Message.objects.exists()

    def test_is_changed_sent_and_cancelled(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client = api_for(ada)
        key = plan(client, bo.pk).json()["_id"]
        body = {"text": "Changed", "sendAt": soon(hours=2)}
        changed = client.patch(url(key), body, format="json")
        assert changed.status_code == 200
        assert (changed.json()["text"], changed.json()["sendAt"]) == ("Changed", body["sendAt"])
        sent = client.post(f"{url(key)}/send")
        assert sent.status_code == 200
        assert_message(sent.json())
        assert sent.json()["clientMessageId"] == f"scheduled:{key}"
        for ask in OF_ONE:
            assert_refused(ask(client, key), 404, NO_SCHEDULED)
        other = plan(client, bo.pk).json()["_id"]
        assert client.delete(url(other)).status_code == 200
        assert_refused(client.delete(url(other)), 404, NO_SCHEDULED)
        assert client.get("/api/scheduled").json() == []

    @one_call
    def test_of_others_it_is_404_and_stays(self, api_for: ApiFor, ask: Ask) -> None:
        ada, bo = make_pair()
        planned = plan(api_for(ada), bo.pk).json()
        for other in (bo, make_user("Eve")):
            assert_refused(ask(api_for(other), planned["_id"]), 404, NO_SCHEDULED)
        assert api_for(ada).get("/api/scheduled").json() == [planned]
        assert not Message.objects.exists()

    @one_call
    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_what_is_not_there_is_404(self, api_for: ApiFor, ask: Ask, key: str) -> None:
        assert ask(api_for(make_user()), key).status_code == 404

    def test_a_time_may_be_local_by_the_cookie_also_across_a_change_of_clocks(
        self, api_for: ApiFor
    ) -> None:
        ada, bo = make_pair()
        client = api_for(ada)
        client.cookies["tz"] = "Europe/Berlin"
        year = now().year + (now().month > 2)
        for local, hour in ((f"{year}-01-31T09:00", 8), (f"{year}-07-31T09:00", 7)):
            answer = plan(client, bo.pk, sendAt=local)
            expected = datetime.fromisoformat(local).replace(hour=hour, tzinfo=UTC)
            if expected <= now():
                continue
            assert answer.json()["sendAt"] == timestamp(expected)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"text": " "}, "Text or image is required."),
            ({"text": "x" * 10_001}, "The text is too long: at most 10,000 characters."),
            ({"sendAt": "2020-01-01T00:00:00Z"}, "Choose a time that is not past."),
            ({"sendAt": soon(days=400)}, "Choose a time within a year."),
            ({"sendAt": None}, "Say when to send it: at a time, or when they come online."),
            ({"whenOnline": True}, "Say when to send it: at a time, or when they come online."),
            ({"replyTo": "0" * 24}, "The message that this one answers is not there."),
            ({"mentions": ["x"]}, "Mentions are the keys of people, each once."),
            ({"clientMessageId": "scheduled:1"}, None),
            ({"sendAt": "tomorrow"}, None),
            ({"sendAt": 7}, None),
            ({"whenOnline": "perhaps"}, None),
        ],
    )
    def test_what_is_wrong_is_400(
        self, api_for: ApiFor, fields: dict[str, Any], sentence: str | None
    ) -> None:
        ada, bo = make_pair()
        assert_refused(plan(api_for(ada), bo.pk, **fields), 400, sentence)
        assert not ScheduledMessage.objects.exists()

    def test_to_whom_one_cannot_write_is_refused_at_once(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client, group = api_for(ada), make_group(bo, ada)
        remove_member(user=bo, group=group, person=ada.pk)
        assert_refused(plan(client, group), 403, "You are no longer in this group.")
        assert_refused(plan(client, make_group(bo)), 404, "No such group.")
        assert_refused(plan(client, saved_key(bo.pk)), 404, "No such group.")
        assert_refused(plan(client, "0" * 24), 404, "Receiver not found.")
        assert_refused(plan(client, ada.pk), 400, "Cannot send messages to yourself.")

    def test_a_reply_is_to_a_message_of_that_chat(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        elsewhere, unseen = make_message(ada), make_message(bo)
        for key in (elsewhere.pk, unseen.pk):
            assert_refused(plan(api_for(ada), bo.pk, replyTo=key), 400)
        here = make_message(bo, ada)
        assert plan(api_for(ada), bo.pk, replyTo=here.pk).json()["replyTo"] == here.pk

    def test_counts_as_a_message_and_a_change(self, api_for: ApiFor, set_limits: SetLimits) -> None:
        set_limits(sends=1)
        ada, bo = make_pair()
        assert plan(api_for(ada), bo.pk).status_code == 201
        limits.assert_refused(plan(api_for(ada), bo.pk))

    def test_another_method_is_405(self, api_for: ApiFor) -> None:
        client = api_for(make_user())
        assert_refused(client.post("/api/scheduled"), 405)
        assert_refused(client.get(url("0" * 24)), 405)
        assert_refused(client.get(f"{url('0' * 24)}/send"), 405)
        assert_refused(client.get(f"/api/messages/schedule/{'0' * 24}"), 405)


def remind(client: APIClient, message: str, **fields: Any) -> Any:
    body = {"remindAt": soon(), **fields}
    return client.put(f"/api/reminders/{message}", body, format="json")


class TestReminders:
    def test_without_a_token_everything_is_401(self) -> None:
        key, client = make_message().pk, APIClient()
        assert_refused(client.get("/api/reminders"), 401, NO_TOKEN)
        assert_refused(remind(client, key), 401, NO_TOKEN)
        assert_refused(client.delete(f"/api/reminders/{key}"), 401, NO_TOKEN)

    def test_is_set_listed_moved_and_cancelled(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(bo)
        at = soon()
        answer = remind(client, message.pk, remindAt=at)
        assert answer.status_code == 200
        reminder = answer.json()
        assert set(reminder) == {"messageId", "peerId", "remindAt", "isDue", "message"}
        assert (reminder["remindAt"], reminder["peerId"]) == (at, ada.pk)
        assert_message(reminder["message"])
        later = remind(client, message.pk, remindAt=soon(hours=2)).json()
        assert later["remindAt"] > at
        assert client.get("/api/reminders").json() == [later]
        assert api_for(ada).get("/api/reminders").json() == []
        for _again in range(2):
            assert client.delete(f"/api/reminders/{message.pk}").status_code == 200
        assert client.get("/api/reminders").json() == []

    def test_of_what_one_does_not_see_it_is_404(self, api_for: ApiFor) -> None:
        message, stranger = make_message(), make_user()
        for key in [*NOT_KEYS, "0" * 24, message.pk]:
            assert remind(api_for(stranger), key).status_code == 404
            answer = api_for(stranger).delete(f"/api/reminders/{key}")
            assert answer.status_code == (404 if key in NOT_KEYS else 200)
        gone = make_message()
        delete_message(user=gone.sender, message_id=gone.pk)
        assert_refused(remind(api_for(gone.sender), gone.pk), 409, "This message was deleted.")

    @pytest.mark.parametrize(
        "at", [None, "", "soon", 7, "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"]
    )
    def test_a_wrong_time_is_400(self, api_for: ApiFor, at: Any) -> None:
        message = make_message()
        assert_refused(remind(api_for(message.sender), message.pk, remindAt=at), 400)

    def test_by_the_banned_it_is_401_and_another_method_405(self, api_for: ApiFor) -> None:
        message = make_message()
        client = api_for(message.sender)
        assert_refused(client.get(f"/api/reminders/{message.pk}"), 405)
        assert_refused(client.post("/api/reminders"), 405)
        ban(user=User.objects.get(pk=message.sender_id), reason="spam")
        assert_refused(remind(client, message.pk), 401)
