"""Searching, with all its answers."""

from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from accounts.services.moderation import ban
from chatsite.security.request_limits import searching
from messaging.models import Message
from messaging.services.messages import send_message
from tests.contract.shapes import NO_TOKEN, assert_message, assert_person, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_user
from tests.files import make_upload
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

URL = "/api/search"


@pytest.fixture
def plan() -> Message:
    return make_message(text="The Plan of the year")


def test_answers_with_what_is_found(api_for: ApiFor, plan: Message) -> None:
    ada, key = plan.sender, make_upload(plan.sender, name="year plan.pdf").pk
    make_user("Planner Pat")
    group = make_group(ada, make_user(), title="Planning")
    answer = api_for(ada).get(URL, {"q": "plan"})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"messages", "people", "groups", "files", "isBuilding"}
    [found] = body["messages"]
    assert set(found) == {"message", "context"}
    assert_message(found["message"])
    assert found["context"] == [
        {"text": "The ", "found": False},
        {"text": "Plan", "found": True},
        {"text": " of the year", "found": False},
    ]
    [person] = body["people"]
    assert_person(person)
    assert [(each["_id"], each["fullName"]) for each in body["groups"]] == [(group, "Planning")]
    assert body["isBuilding"] is False
    send_message(sender=ada, peer=plan.receiver_id, attachments=[key])
    first = api_for(ada).get(URL, {"q": "year", "limit": "1"})
    assert first.json()["files"] == first.json()["messages"]
    assert first.json()["messages"][0]["files"] == [
        {
            "id": key,
            "name": [{"text": "year", "found": True}, {"text": " plan.pdf", "found": False}],
        }
    ]
    address, _, rel = first["Link"].partition("; ")
    assert rel == 'rel="next"'
    second = api_for(ada).get(address.strip("<>"))
    assert [each["message"]["_id"] for each in second.json()["messages"]] == [plan.pk]
    assert "Link" not in second


def test_filters(api_for: ApiFor, plan: Message) -> None:
    client = api_for(plan.sender)
    for asked, count in (
        ({"q": "plan", "chat": plan.receiver_id}, 1),
        ({"q": "plan", "person": plan.receiver_id}, 0),
        ({"person": plan.sender_id}, 1),
        ({"q": "plan", "has": "link"}, 0),
        ({"chat": plan.receiver_id}, 0),
        ({"after": "2020-01-01", "before": "2100-01-01T00:00:00Z"}, 1),
        ({"q": "plan", "before": "2020-01-01"}, 0),
    ):
        assert len(client.get(URL, asked).json()["messages"]) == count, asked


def test_a_day_is_that_of_utc_unless_the_cookie_names_a_zone(
    api_for: ApiFor, plan: Message
) -> None:
    Message.objects.update(created_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    client = api_for(plan.sender)
    for zone, day in (("", "2026-01-31"), ("Europe/Berlin", "2026-02-01")):
        client.cookies["tz"] = zone
        for asked, count in (({"after": day}, 1), ({"before": day}, 0)):
            answer = client.get(URL, {"q": "plan", **asked})
            assert len(answer.json()["messages"]) == count, (zone, asked)
        assert_refused(client.get(URL, {"after": "0001-01-01"}), 400)
    assert client.get(URL, {"before": "2026-01-31T23:30:00Z"}).json()["messages"] == []


def test_nobody_else_finds_it(api_for: ApiFor, plan: Message) -> None:
    stranger = api_for(make_user())
    assert stranger.get(URL, {"q": "plan"}).json()["messages"] == []
    group = make_group(plan.sender, make_user())
    for asked in ({"chat": group}, {"chat": "x"}, {"person": "x"}):
        assert_refused(stranger.get(URL, {"q": "plan", **asked}), 404)


def test_without_a_session_it_is_401(api_for: ApiFor, plan: Message) -> None:
    assert_refused(APIClient().get(URL, {"q": "plan"}), 401, NO_TOKEN)
    client = api_for(plan.sender)
    ban(user=plan.sender, reason="spam")
    assert_refused(client.get(URL, {"q": "plan"}), 401)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_another_method_is_405(api_for: ApiFor, plan: Message, method: str) -> None:
    assert_refused(getattr(api_for(plan.sender), method)(URL), 405)


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        f"q={'a' * 201}",
        f"q={'a' * 10_000}",
        "q=a&limit=0",
        "q=a&limit=101",
        "q=a&has=everything",
        "q=a&order=worst",
        "q=a&before=yesterday",
        "q=a&after=2020-13-01",
        "q=a&after=0001-01-01",
        "q=a&before=9999-12-31",
        "q=a&before=1969-12-31T23:59:59Z",
        "q=a&before=9999-12-31T23:59:59-05:00",
        "q=a&cursor=x",
    ],
)
def test_bad_input_is_refused(api_for: ApiFor, query: str) -> None:
    assert_refused(api_for(make_user()).get(f"{URL}?{query}"), 400)


@pytest.mark.parametrize(
    "words",
    [
        'NEAR("plan" year) AND plan* OR NOT -plan ^plan plan:year {plan}',
        "plan:* & !year | (plan <-> year)' ||",
        '{"$where": "1"} $regex .* (?i)plan \\Q [^a] (((((a+)+)+)+)+)$',
        "%plan% _lan \\",
        '"',
        "from:x in: before:y",
        "\u202e\u0007\x1dab\x1f\n",
        "☃" * 200,
        "\ufffd",  # in place of what is no UTF-8
    ],
)
def test_operators_are_but_text(api_for: ApiFor, plan: Message, words: str) -> None:
    client = api_for(plan.sender)
    answer = client.get(URL, {"q": words})
    assert (answer.status_code, answer.json()["messages"]) == (200, [])
    send_message(sender=plan.sender, peer=plan.receiver_id, text=f"x {words}")
    assert len(client.get(URL, {"q": words}).json()["messages"]) == 1


def test_is_limited(api_for: ApiFor, plan: Message, set_limits: SetLimits) -> None:
    set_limits(searches=1)
    client = api_for(plan.sender)
    assert client.get(URL, {"q": "plan"}).status_code == 200
    refused = client.get(URL, {"q": "plan"})
    assert_refused(refused, 429)
    assert int(refused["Retry-After"]) > 0
    assert api_for(make_user()).get(URL, {"q": "plan"}).status_code == 200


def test_of_one_person_two_are_at_work_at_once(api_for: ApiFor, plan: Message) -> None:
    client = api_for(plan.sender)
    with searching(plan.sender_id), searching(plan.sender_id):
        refused = client.get(URL, {"q": "plan"})
        assert_refused(refused, 429)
        assert refused["Retry-After"] == "1"
        assert api_for(make_user()).get(URL, {"q": "plan"}).status_code == 200
    assert client.get(URL, {"q": "plan"}).status_code == 200
