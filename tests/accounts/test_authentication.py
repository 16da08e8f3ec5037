"""A page that was left open acts for the person it was opened by, or for nobody."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import cookies
from accounts.tokens import issue_token
from tests.contract.shapes import INVALID_TOKEN, assert_refused
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db


def test_a_page_of_the_signed_in_person_is_served() -> None:
    session = make_session(make_user())
    answer = _check(issue_token(session), page_of=session.user_id)
    assert answer.status_code == 200
    assert answer.json()["_id"] == session.user_id


def test_a_page_of_who_was_signed_in_before_is_refused() -> None:
    before, now = make_user(), make_user()
    answer = _check(issue_token(make_session(now)), page_of=before.pk)
    assert_refused(answer, 401, INVALID_TOKEN)


def _check(token: str, *, page_of: str) -> Any:
    client = APIClient()
    client.cookies[cookies.NAME] = token
    return client.get("/api/auth/check", headers={"X-Expected-User": page_of})
