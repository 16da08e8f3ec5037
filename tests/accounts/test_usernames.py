"""@usernames: one for each, found exactly, and an address to write to."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client

from accounts.models import FormerUsername, SitePolicy, User
from accounts.services.accounts import update_profile
from accounts.services.usernames import free_old
from chatsite.db import now
from chatsite.errors import DomainError
from tests.concurrency import at_once
from tests.factories import ApiFor, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
TAKEN = "Somebody else has this username."


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
    assert choose(make_user(), "ADA") == TAKEN


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


def test_one_that_was_given_up_is_kept_for_who_had_it() -> None:
    ada, bo = make_user(), make_user()
    assert choose(ada, "ada") is None
    assert choose(ada, "") is None
    assert choose(bo, "ada") == TAKEN
    assert choose(ada, "ada") is None  # takes it again
    assert choose(ada, "countess") is None
    assert choose(bo, "ada") == TAKEN
    bo.refresh_from_db()
    assert bo.username == ""
    FormerUsername.objects.update(freed_at=now() - timedelta(days=89))
    assert choose(bo, "ada") == TAKEN
    FormerUsername.objects.update(freed_at=now() - timedelta(days=91))
    assert choose(bo, "ada") is None
    assert choose(ada, "ada") == TAKEN
    assert not FormerUsername.objects.filter(username="ada").exists()


def test_so_is_that_of_an_account_that_is_gone() -> None:
    ada, bo = make_user(username="ada"), make_user()
    User.objects.filter(pk=ada.pk).delete()
    assert choose(bo, "ada") == TAKEN
    FormerUsername.objects.update(freed_at=now() - timedelta(days=89))
    free_old()
    assert choose(bo, "ada") == TAKEN
    FormerUsername.objects.update(freed_at=now() - timedelta(days=91))
    free_old()
    assert not FormerUsername.objects.exists()
    assert choose(bo, "ada") is None


def test_nobody_keeps_many_from_others() -> None:
    ada, bo = make_user(), make_user()
    for number in range(6):
        assert choose(ada, f"ada_{number}x") is None
    assert [choose(bo, f"ada_{number}x") for number in range(6)] == [None, None, *[TAKEN] * 4]


def test_of_one_that_is_given_up_and_taken_at_once_the_giver_keeps_it() -> None:
    for number in range(4):
        ada, bo = make_user(username=f"ada_{number}"), make_user()
        at_once([partial(choose, ada, ""), partial(choose, bo, f"ada_{number}")])
        bo.refresh_from_db()
        assert bo.username == ""


@pytest.mark.parametrize("typed", ["admin", "Support", "mod_1", "supp0rt", "a_dmin"])
def test_nobody_speaks_for_the_site(typed: str) -> None:
    ada, mo = make_user(), make_user(role="moderator")
    assert choose(ada, typed) == TAKEN
    assert choose(mo, typed) is None
    assert choose(make_user(), f"my_{typed}") is None
