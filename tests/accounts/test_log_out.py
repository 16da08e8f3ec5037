"""Logging out never fails, and leaves nothing of the session in the browser's cache."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import Session, User
from accounts.services import log_outs, sessions
from chatsite.security.credentials import COOKIE
from tests.factories import make_session, make_user
from tests.services import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
DOORS = ["/api/auth/logout", "/logout"]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """The database does not let sessions end, for a while."""
    monkeypatch.setattr(log_outs, "MIN_PAUSE", 0.01)
    end_sessions = sessions.end_sessions
    tries = []

    def refuse(keys: list[str]) -> None:
        tries.append(keys)
        raise OperationalError

    @contextmanager
    def being_away() -> Iterator[list[list[str]]]:
        monkeypatch.setattr(log_outs, "end_sessions", refuse)
        yield tries
        monkeypatch.setattr(log_outs, "end_sessions", end_sessions)

    return being_away


@pytest.mark.parametrize("door", DOORS)
def test_a_session_that_could_not_be_ended_ends_later(
    door: str, page_for: PageFor, away: Callable[[], Any]
) -> None:
    ada = make_user()
    other = make_session(ada)
    page = page_for(ada)
    with away():
        response = page.post(door)
        assert response.status_code in (200, 302)
        assert response.cookies[COOKIE]["max-age"] == 0
        told = response.content if door.startswith("/api/") else page.get("/login").content
        assert b"You are logged out here" in told
        assert Session.objects.active_of(ada).count() == 2
    assert log_outs.retry_queue.wait(PATIENCE)
    assert list(Session.objects.active_of(ada)) == [other], "and no other"


def test_a_process_that_is_killed_meanwhile_leaves_it_to_the_next_one(
    page_for: PageFor, away: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_user()
    page = page_for(ada)
    with monkeypatch.context() as killed, away():
        killed.setattr(log_outs.retry_queue, "put", lambda job: True)  # and never does it
        page.post(DOORS[0])
    assert Session.objects.active_of(ada).exists()
    other = make_session(ada)
    log_outs.resume()
    assert log_outs.retry_queue.wait(PATIENCE)
    assert list(Session.objects.active_of(ada)) == [other]
    assert log_outs._persisted() == []


@pytest.mark.parametrize("door", DOORS)
def test_every_door_clears_the_cache_and_no_storage(door: str, page_for: PageFor) -> None:
    """There is what the page promised to send."""
    response = page_for(make_user()).post(door)
    assert response.headers["Clear-Site-Data"] == '"cache"'


def test_other_answers_clear_nothing(page_for: PageFor) -> None:
    page = page_for(make_user())
    for path in ("/profile", "/api/auth/check"):
        assert "Clear-Site-Data" not in page.get(path).headers
