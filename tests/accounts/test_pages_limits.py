"""Pages answer who is too quick with a calm notice, and keep what was typed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.services import backoff
from tests.factories import PASSWORD, make_pair, make_user
from tests.limits import SetLimits
from tests.traps import shown_before

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PageFor = Callable[[User], Client]


def assert_calm(response: Any, *, within: int = 60) -> str:
    """The page, with one notice that says how long to wait."""
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= within
    page: str = response.content.decode()
    [notice] = re.findall(r'<p class="notice is-info" role="alert".*?<span[^>]*>(.*?)</span>', page)
    assert re.fullmatch(r"That was a lot .* Wait \d+ (second|minute)s?, then try again\.", notice)
    return page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_log_in(client: Client, set_limits: SetLimits, headers: dict[str, str]) -> None:
    set_limits(log_ins_per_address=1)
    typed = {"email": "ada@example.org", "password": PASSWORD}
    assert client.post("/login", typed).status_code == 400
    page = assert_calm(client.post("/login", typed, headers=headers))
    assert 'value="ada@example.org"' in page
    assert PASSWORD not in page


def test_sign_up(client: Client, set_limits: SetLimits) -> None:
    set_limits(sign_ups_per_hour=1)
    typed = {"full_name": "Ada", "password": PASSWORD, "shown": shown_before(60)}
    assert client.post("/signup", {**typed, "email": "a@example.org"}).status_code == 302
    other = Client()
    page = assert_calm(other.post("/signup", {**typed, "email": "b@example.org"}), within=3600)
    assert 'value="b@example.org"' in page
    assert not User.objects.filter(email="b@example.org").exists()


def test_log_in_waits_after_failures_as_over_the_api(
    client: Client, set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST", backoff.MAX_WAIT)
    set_limits(log_ins=100, log_ins_per_address=100)
    make_user(email="ada@example.org")
    typed = {"email": "ada@example.org", "password": "wrong"}
    statuses = [client.post("/login", typed).status_code for _ in range(6)]
    assert statuses == [400] * 6
    assert_calm(client.post("/login", typed))


def test_a_browser_is_known_again_by_the_page_too(client: Client) -> None:
    make_user(email="ada@example.org")
    client.post("/login", {"email": "ada@example.org", "password": PASSWORD})
    assert client.cookies["device"].value
    client.post("/logout")
    assert client.cookies["device"].value


def test_a_profile(page_for: PageFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    ada, bob = make_pair()
    client = page_for(ada)
    assert client.post("/profile", {"full_name": "Ada"}).status_code == 302
    page = assert_calm(client.post("/profile", {"full_name": "Augusta Ada"}))
    assert 'value="Augusta Ada"' in page
    assert page_for(bob).post("/profile", {"full_name": "Bob"}).status_code == 302


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/profile/password", {"old_password": "wrong", "new_password": "another one"}),
        ("/profile/address", {"email": "new@example.org", "password": "wrong"}),
    ],
    ids=["password", "address"],
)
def test_where_the_password_is_asked_for(
    page_for: PageFor, set_limits: SetLimits, path: str, typed: dict[str, str]
) -> None:
    set_limits(log_ins=1)
    client = page_for(make_user())
    assert client.post(path, typed).status_code == 400
    assert_calm(client.post(path, typed))


def test_mails_to_one_account(set_limits: SetLimits) -> None:
    """However many addresses ask, and alike whether there is such an account."""
    set_limits(mails_per_hour=2)
    make_user(email="ada@example.org")
    for email in ("ada@example.org", "nobody@example.org"):
        for number in range(2):
            client = Client(REMOTE_ADDR=f"192.0.2.{number}")
            assert client.post("/reset", {"email": email}).status_code == 302
        assert_calm(Client(REMOTE_ADDR="192.0.2.9").post("/reset", {"email": email}), within=3600)


def test_mails_asked_for_from_one_address(set_limits: SetLimits) -> None:
    set_limits(mails_per_address_and_hour=2)
    client = Client(REMOTE_ADDR="192.0.2.1")
    for number in range(2):
        assert client.post("/reset", {"email": f"a{number}@example.org"}).status_code == 302
    assert_calm(client.post("/reset", {"email": "b@example.org"}), within=3600)
    elsewhere = Client(REMOTE_ADDR="192.0.2.2")
    assert elsewhere.post("/reset", {"email": "b@example.org"}).status_code == 302


def test_mails_to_a_new_address(page_for: PageFor, set_limits: SetLimits) -> None:
    set_limits(mails_per_hour=1)
    client = page_for(make_user())
    typed = {"email": "new@example.org", "password": PASSWORD}
    assert client.post("/profile/address", typed).status_code == 302
    assert_calm(client.post("/profile/address", typed), within=3600)
    assert len(mail.outbox) <= 1


def test_mails_from_many_accounts_to_one_address(page_for: PageFor, set_limits: SetLimits) -> None:
    set_limits(mails_per_hour=2)
    typed = {"email": "victim@example.org", "password": PASSWORD}
    for _ in range(2):
        assert page_for(make_user()).post("/profile/address", typed).status_code == 302
    another = page_for(make_user())
    assert_calm(another.post("/profile/address", typed), within=3600)
    typed["email"] = "another@example.org"
    assert another.post("/profile/address", typed).status_code == 302


def test_pages_have_the_limits_of_the_api(page_for: PageFor, set_limits: SetLimits) -> None:
    ada, bob = make_pair()
    set_limits(reads=3, writes=2)
    page = page_for(ada)
    assert [page.get("/profile").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [page.post("/profile/theme").status_code for _ in range(3)] == [302, 302, 429]
    response = page.get("/profile")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "Wait" in response.content.decode()
    assert page.get("/api/auth/check").status_code == 429, "one count for both"
    assert page_for(bob).get("/profile").status_code == 200


def test_strangers_are_counted_by_address(client: Client, set_limits: SetLimits) -> None:
    set_limits(reads=2)
    assert [client.get("/login").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/login", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_signing_out_has_no_limit(page_for: PageFor, set_limits: SetLimits) -> None:
    set_limits(writes=1)
    page = page_for(make_user())
    assert [page.post("/profile/theme").status_code for _ in range(2)] == [302, 429]
    assert page.post("/logout").headers["Location"] == "/login"


def test_pictures_are_no_pages(page_for: PageFor, set_limits: SetLimits) -> None:
    set_limits(reads=1)
    page = page_for(make_user())
    assert [page.get("/media/avatars/1/A.svg").status_code for _ in range(3)] == [200] * 3
