"""Which cookie tells who asks. A page that was left open acts for the person it was opened by."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.services.sessions import end_session
from accounts.tokens import issue_token
from chatsite.db import now
from chatsite.security.credentials import COOKIE, HOST_PREFIXED_COOKIE, MAX_TOKENS
from tests.contract.shapes import INVALID_TOKEN, assert_refused
from tests.factories import PASSWORD, make_session, make_user

pytestmark = pytest.mark.django_db


def test_a_page_of_the_signed_in_person_is_served() -> None:
    session = make_session(make_user())
    response = _check(issue_token(session), page_of=session.user_id)
    assert response.status_code == 200
    assert response.json()["_id"] == session.user_id


def test_a_page_of_who_was_signed_in_before_is_refused() -> None:
    before, now = make_user(), make_user()
    response = _check(issue_token(make_session(now)), page_of=before.pk)
    assert_refused(response, 401, INVALID_TOKEN)


def _check(token: str, *, page_of: str) -> Any:
    client = APIClient()
    client.cookies[COOKIE] = token
    return client.get("/api/auth/check", headers={"X-Expected-User": page_of})


def _ask(cookie: str) -> Any:
    return APIClient(HTTP_COOKIE=cookie).get("/api/auth/check")


@pytest.mark.parametrize(
    "cookie",
    [
        "jwt={token}",
        "__Host-jwt={token}",
        "jwt=nonsense; jwt={token}",
        "jwt={token}; jwt=nonsense",
        "jwt={ended}; a=b; jwt={token}",
        "__Host-jwt={ended}; jwt={token}",
    ],
)
def test_of_several_cookies_any_that_is_valid_counts(cookie: str) -> None:
    """A parent domain may have set another of the same name."""
    ended, session = make_session(make_user()), make_session(make_user())
    cookie = cookie.format(token=issue_token(session), ended=issue_token(ended))
    end_session(session=ended)
    assert _ask(cookie).json()["_id"] == session.user_id
    page = Client(HTTP_COOKIE=cookie).get("/profile")
    assert page.status_code == 200


@pytest.mark.parametrize("cookie", ["jwt=nonsense; jwt={ended}", "xjwt={token}", "__Host-jwt=x"])
def test_several_cookies_of_which_none_is_valid_are_nobody(cookie: str) -> None:
    ended = make_session(make_user())
    token = issue_token(make_session(make_user()))
    cookie = cookie.format(ended=issue_token(ended), token=token)
    end_session(session=ended)
    assert _ask(cookie).status_code == 401


def test_the_cookie_of_this_host_alone_goes_before_others() -> None:
    ours, other = make_session(make_user()), make_session(make_user())
    cookie = f"jwt={issue_token(other)}; __Host-jwt={issue_token(ours)}"
    assert _ask(cookie).json()["_id"] == ours.user_id


def test_many_cookies_cost_few_looks(django_assert_max_num_queries: Any) -> None:
    ended = [make_session(make_user()) for _ in range(20)]
    cookie = "; ".join(f"jwt={issue_token(session)}" for session in ended)
    Session.objects.update(revoked_at=now())
    with django_assert_max_num_queries(MAX_TOKENS):
        assert _ask(cookie).status_code == 401


def test_log_in_by_https_sets_the_cookie_of_this_host(settings: Settings) -> None:
    settings.TOKEN_COOKIE_NAME, settings.TOKEN_COOKIE_SECURE = HOST_PREFIXED_COOKIE, True
    account = {"email": make_user().email, "password": PASSWORD}
    for response in (
        APIClient().post("/api/auth/login", account),
        Client().post("/login", account),
    ):
        cookie = response.cookies[HOST_PREFIXED_COOKIE]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        assert response.cookies[COOKIE]["max-age"] == 0, "of an earlier log-in"


@pytest.mark.parametrize("path", ["/api/auth/logout", "/logout"])
def test_log_out_ends_and_clears_whatever_cookie_came(settings: Settings, path: str) -> None:
    settings.TOKEN_COOKIE_NAME, settings.TOKEN_COOKIE_SECURE = HOST_PREFIXED_COOKIE, True
    sessions = [make_session(make_user()) for _ in range(2)]
    first, second = map(issue_token, sessions)
    client = Client(HTTP_COOKIE=f"__Host-jwt={first}; jwt={second}")
    response = client.post(path)
    assert {response.cookies[name]["max-age"] for name in (COOKIE, HOST_PREFIXED_COOKIE)} == {0}
    assert not Session.objects.filter(revoked_at=None).exists()
