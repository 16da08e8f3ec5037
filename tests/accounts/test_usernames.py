"""@usernames: one for each, found exactly, and an address to write to."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from accounts.models import SitePolicy, User
from accounts.services.accounts import update_profile
from chatsite.errors import DomainError
from tests.concurrency import at_once
from tests.factories import ApiFor, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]


def choose(user: User, username: str) -> str | None:
    """The sentence of a refusal."""
    try:
        update_profile(user=user, username=username)
    except DomainError as error:
        return error.message
    return None


@pytest.mark.parametrize(
    ("typed", "stored"), [("Ada", "ada"), (" @Ada_9 ", "ada_9"), ("a" * 32, "a" * 32), ("", "")]
)
def test_is_stored_in_one_way(typed: str, stored: str) -> None:
    ada = make_user()
    assert choose(ada, typed) is None
    ada.refresh_from_db()
    assert ada.username == stored


@pytest.mark.parametrize(
    "typed", ["ab", "9ab", "a b c", "ädä", "a" * 33, "a-b-c", "ada\n"[:-1] + "\u202e"]
)
def test_what_is_none(typed: str) -> None:
    ada = make_user()
    assert choose(ada, typed)
    ada.refresh_from_db()
    assert ada.username == ""


def test_of_two_at_once_one_has_it() -> None:
    people = [make_user() for _ in range(4)]
    refused = at_once([partial(choose, person, "ada") for person in people])
    assert refused.count(None) == 1
    assert User.objects.filter(username="ada").count() == 1
    assert choose(make_user(), "ADA") == "Somebody else has this username."


@pytest.mark.parametrize("is_open", [True, False])
def test_finds_exactly_whoever_has_it(api_for: ApiFor, page_for: PageFor, is_open: bool) -> None:
    SitePolicy.objects.create(lists_everybody=is_open)
    ada, bo = make_user("Ada"), make_user("Bo")
    update_profile(user=bo, username="groover")
    client, page = api_for(ada), page_for(ada)
    for words in ("groover", "@Groover"):
        found = client.get("/api/messages/contacts", {"search": words}).json()
        assert [each["_id"] for each in found] == [bo.pk]
    assert client.get("/api/messages/contacts?search=groov").json() == []
    assert page.get("/u/Groover").headers["Location"] == f"/chat/{bo.pk}"
    assert page_for(bo).get("/u/groover").headers["Location"] == "/profile"
    assert page.get("/u/nobody").status_code == 404
    assert "@groover" in page.get(f"/chat/{bo.pk}/details").content.decode()
    assert Client().get("/u/groover").status_code == 302  # to log in


def test_in_the_profile(page_for: PageFor) -> None:
    ada = make_user("Ada")
    page = page_for(ada)
    page.post("/profile", {"full_name": "Ada", "username": "ada"})
    page.post("/profile", {"full_name": "Ada L"})  # a form that has no such field
    html = page.get("/profile").content.decode()
    assert "/u/ada" in html
    assert 'value="ada"' in html
    page.post("/profile", {"full_name": "Ada", "username": ""})
    assert "/u/" not in page.get("/profile").content.decode()
