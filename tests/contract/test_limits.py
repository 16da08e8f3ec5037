"""Limits of the API: whom they stop, with what answer, and whom they leave alone."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from messaging.models import Message
from tests import services
from tests.environment import settings_under
from tests.factories import ApiFor, make_pair, make_user
from tests.limits import REFUSAL, SetLimits, assert_refused
from tests.pictures import data_uri, picture

pytestmark = pytest.mark.django_db
SIGN_UP = {"fullName": "Ada", "password": "correct horse"}


def sign_up(client: APIClient, email: str) -> int:
    return int(client.post("/api/auth/signup", {**SIGN_UP, "email": email}).status_code)


def test_changes_are_limited_for_each_person(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(writes=2)
    ada, bob = make_pair()
    path = f"/api/messages/read/{bob.pk}"
    client = api_for(ada)
    for _ in range(2):
        assert client.put(path, {"seq": 0}).status_code == 200
    assert_refused(client.put(path, {"seq": 0}))
    assert_refused(api_for(ada).delete(f"/api/messages/{bob.pk}"))
    assert client.get("/api/auth/check").status_code == 200
    # From the same address.
    assert api_for(bob).put(f"/api/messages/read/{ada.pk}", {"seq": 0}).status_code == 200


def test_reading_is_limited_for_each_person(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(reads=2)
    ada, bob = make_pair()
    client = api_for(ada)
    assert client.get("/api/auth/check").status_code == 200
    assert client.options("/api/messages/chats").status_code == 200
    assert_refused(client.get("/api/messages/sync"))
    assert client.put("/api/auth/update-profile", {"fullName": "Ada"}).status_code == 200
    assert api_for(bob).get("/api/auth/check").status_code == 200


def test_sending_is_limited_whatever_way_it_takes(
    api_for: ApiFor, page_for: Callable[..., Client], set_limits: SetLimits
) -> None:
    set_limits(sends=2)
    ada, bob = make_pair()
    path = f"/api/messages/send/{bob.pk}"
    assert api_for(ada).post(path, {"text": "one"}).status_code == 201
    assert page_for(ada).post(f"/chat/{bob.pk}", {"text": "two"}).status_code == 302
    assert_refused(api_for(ada).post(path, {"text": "three"}))
    assert page_for(ada).post(f"/chat/{bob.pk}", {"text": "four"}).status_code == 429
    assert Message.objects.count() == 2
    assert api_for(bob).post(f"/api/messages/send/{ada.pk}", {"text": "hi"}).status_code == 201


def test_a_message_is_a_change_like_others(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    ada, bob = make_pair()
    client = api_for(ada)
    assert client.post(f"/api/messages/send/{bob.pk}", {"text": "one"}).status_code == 201
    assert_refused(client.post(f"/api/messages/send/{bob.pk}", {"text": "two"}))


def test_pictures_are_limited_wherever_they_go(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(uploads=1)
    ada, bob = make_pair()
    client, image = api_for(ada), data_uri(picture())
    path = f"/api/messages/send/{bob.pk}"
    assert client.post(path, {"image": image}).status_code == 201
    assert_refused(client.post(path, {"image": image}))
    assert_refused(client.put("/api/auth/update-profile", {"profilePic": image}))
    assert client.post(path, {"text": "words"}).status_code == 201
    assert client.put("/api/auth/update-profile", {"fullName": "Ada"}).status_code == 200


def test_new_accounts_are_limited_for_each_address(set_limits: SetLimits) -> None:
    set_limits(sign_ups_per_hour=2)
    here, there = APIClient(REMOTE_ADDR="192.0.2.1"), APIClient(REMOTE_ADDR="192.0.2.2")
    assert [sign_up(here, f"a{n}@example.org") for n in range(3)] == [201, 201, 429]
    assert sign_up(there, "b@example.org") == 201
    answer = here.post("/api/auth/signup", {**SIGN_UP, "email": "c@example.org"})
    assert_refused(answer, within=3600)


def test_the_addresses_of_a_household_are_one(set_limits: SetLimits) -> None:
    set_limits(sign_ups_per_hour=1)
    first, second, other = (
        APIClient(REMOTE_ADDR=address)
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:f::9", "2001:db8:1:3::1")
    )
    statuses = [sign_up(first, "a@x.org"), sign_up(second, "b@x.org"), sign_up(other, "c@x.org")]
    assert statuses == [201, 429, 201]


def test_whoever_is_not_signed_in_counts_by_address(set_limits: SetLimits) -> None:
    set_limits(writes=2)
    client = APIClient(REMOTE_ADDR="192.0.2.1")
    for _ in range(2):
        assert client.post("/api/auth/login", {}).status_code == 400
    assert_refused(client.post("/api/auth/login", {}))
    assert APIClient(REMOTE_ADDR="192.0.2.2").post("/api/auth/login", {}).status_code == 400


def test_signing_out_always_works(api_for: ApiFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    for _ in range(3):
        assert api_for(make_user()).post("/api/auth/logout").status_code == 200


def test_another_site_may_read_when_to_come_back(
    api_for: ApiFor, settings: Settings, set_limits: SetLimits
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    set_limits(reads=1)
    client = api_for(make_user())
    client.get("/api/auth/check")
    refused = client.get("/api/auth/check", headers={"Origin": "https://app.example.org"})
    assert refused.json() == REFUSAL
    assert "Retry-After" in refused["Access-Control-Expose-Headers"]


def test_the_page_without_script_keeps_what_was_written(
    page_for: Callable[..., Client], set_limits: SetLimits
) -> None:
    set_limits(sends=1)
    ada, bob = make_pair()
    client = page_for(ada)
    client.post(f"/chat/{bob.pk}", {"text": "one"})
    refused = client.post(f"/chat/{bob.pk}", {"text": "Words not to be lost"})
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    page = refused.content.decode()
    assert "That was a lot at once." in page
    assert "Words not to be lost" in page


@pytest.mark.django_db(transaction=True)
def test_without_redis_messages_pass(
    api_for: ApiFor, settings: Settings, set_limits: SetLimits
) -> None:
    set_limits(sends=3)
    ada, bob = make_pair()
    path = f"/api/messages/send/{bob.pk}"
    with services.redis() as redis:
        settings.CACHES = settings_under(REDIS_URL=redis.url)["CACHES"]
        statuses = [api_for(ada).post(path, {"text": "with"}).status_code for _ in range(4)]
        assert statuses == [201, 201, 201, 429]
        redis.stop()
        assert api_for(ada).post(path, {"text": "without"}).status_code == 201
        assert api_for(ada).get("/api/auth/check").status_code == 200
