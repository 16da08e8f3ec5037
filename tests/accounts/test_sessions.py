"""Sessions: what ends which, and which sockets are closed for it."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import QuerySet

from accounts.events import session_group
from accounts.models import Session, User
from accounts.services.moderation import ban, unban
from accounts.services.passwords import change_password
from accounts.services.sessions import (
    end_other_sessions,
    end_session,
    start_session,
    touch_session,
)
from accounts.tokens import issue_token
from chatsite.db import atomic, now
from chatsite.errors import DomainError
from tests.chatsite.test_db import error_of
from tests.factories import PASSWORD, ApiFor, make_session, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db


def closed(events: Events) -> set[str]:
    return {pushed.to for pushed in events if pushed.event == "end"}


def groups_of(*sessions: Session) -> set[str]:
    return {session_group(session.pk) for session in sessions}


def alive(user: User) -> set[str]:
    return {session.pk for session in Session.objects.active_of(user)}


def test_keeps_what_a_header_claims_in_bounds() -> None:
    session = start_session(user=make_user(), user_agent="\x00\ud800" + "x" * 999, address="y" * 99)
    session.refresh_from_db()
    assert len(session.user_agent) == 300
    assert "\x00" not in session.user_agent
    assert len(session.address) == 45


def test_is_seen_once_a_minute() -> None:
    session = make_session(make_user())
    just_now = session.last_seen_at
    touch_session(session=session)
    assert session.last_seen_at == just_now
    session.last_seen_at = now() - timedelta(minutes=2)
    touch_session(session=session)
    session.refresh_from_db()
    assert session.last_seen_at >= just_now


def test_log_out_ends_one_and_closes_its_sockets(events: Events) -> None:
    user = make_user()
    phone, desk = make_session(user), make_session(user)
    end_session(session=phone)
    assert alive(user) == {desk.pk}
    assert closed(events) == groups_of(phone)
    assert [pushed.data["code"] for pushed in events] == [4401]


def test_the_others_end_but_not_this_one_or_other_people_s(events: Events) -> None:
    user, other = make_user(), make_session(make_user())
    here, phone, desk = (make_session(user) for _ in range(3))
    end_other_sessions(user=user, keep=here)
    assert alive(user) == {here.pk}
    assert alive(other.user) == {other.pk}
    assert closed(events) == groups_of(phone, desk)


@pytest.mark.sql_only("a MongoDB server of its own rolls nothing back")
def test_nothing_is_closed_when_the_transaction_fails(events: Events) -> None:
    session = make_session(make_user())

    def fail() -> None:
        with atomic():
            end_session(session=session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not len(events)
    assert alive(session.user) == {session.pk}


def test_others_end_also_when_the_database_asks_for_it_again(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several rows at once, as when others are seen: two of that kind may lock each other out."""
    user = make_user()
    here, there = make_session(user), make_session(user)
    update, deadlocks = QuerySet.update, [error_of("40P01")]

    def update_then(rows: QuerySet[Any], **changes: Any) -> int:
        if deadlocks:
            raise deadlocks.pop()
        return update(rows, **changes)

    monkeypatch.setattr(QuerySet, "update", update_then)
    end_other_sessions(user=user, keep=here)
    assert alive(user) == {here.pk}
    assert closed(events) == groups_of(there)


class TestNewPassword:
    def test_ends_the_other_sessions(self, events: Events) -> None:
        user = make_user()
        here, phone = make_session(user), make_session(user)
        change_password(user=user, old_password=PASSWORD, new_password="new secret", keep=here)
        assert alive(user) == {here.pk}
        assert closed(events) == groups_of(phone)
        assert User.objects.get(pk=user.pk).check_password("new secret")

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("wrong password", "new secret", "old_password"),
            ("", "new secret", "old_password"),
            ("\ud800", "new secret", "old_password"),
            (PASSWORD, "short", "new_password"),
            (PASSWORD, "new\x00secret", "new_password"),
            (PASSWORD, "x" * 1_001, "new_password"),
        ],
    )
    def test_is_refused_and_ends_nothing(
        self, events: Events, old: str, new: str, field: str
    ) -> None:
        user = make_user()
        here, phone = make_session(user), make_session(user)
        with pytest.raises(DomainError) as refused:
            change_password(user=user, old_password=old, new_password=new, keep=here)
        assert (refused.value.status, list(refused.value.errors)) == (400, [field])
        assert alive(user) == {here.pk, phone.pk}
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)
        assert not len(events)


class TestBan:
    def test_ends_every_session_at_once(self, events: Events, api_for: ApiFor) -> None:
        user, other = make_user(), make_user()
        client, bystander = api_for(user), api_for(other)
        sessions = list(Session.objects.active_of(user))
        ban(user=user, reason="Spam.")
        assert client.get("/api/auth/check").status_code == 401
        assert bystander.get("/api/auth/check").status_code == 200
        assert closed(events) == groups_of(*sessions)

    def test_that_is_lifted_brings_no_session_back(self, api_for: ApiFor) -> None:
        user = make_user()
        client = api_for(user)
        ban(user=user, reason="Spam.")
        unban(user=user)
        assert client.get("/api/auth/check").status_code == 401
        assert not alive(user)


def test_a_log_in_under_way_does_not_survive_a_new_password() -> None:
    looked_at = make_user()
    user = User.objects.get(pk=looked_at.pk)
    change_password(user=user, old_password=PASSWORD, new_password="another1", keep=None)
    assert make_session(looked_at).revoked_at is not None


def test_a_log_in_under_way_does_not_survive_a_ban() -> None:
    looked_at = make_user()
    ban(user=User.objects.get(pk=looked_at.pk), reason="Spam")
    assert make_session(looked_at).revoked_at is not None


def test_a_session_is_no_older_than_its_token() -> None:
    session = make_session(make_user())
    assert list(Session.objects.active_of(session.user)) == [session]
    Session.objects.update(created_at=now() - timedelta(days=7, seconds=1))
    assert not Session.objects.active_of(session.user).exists()


def test_log_out_ends_the_sessions_of_both_header_and_cookie(api_for: ApiFor) -> None:
    user = make_user()
    by_header = make_session(user)
    client = api_for(user)
    token = issue_token(by_header)
    client.post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert not Session.objects.active_of(user).exists()


def test_only_those_that_no_token_opens_any_more_are_tidied_away() -> None:
    user, output = make_user(), io.StringIO()
    old, ended, current = (make_session(user) for _session in range(3))
    Session.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=7))
    end_session(session=ended)

    call_command("tidy_sessions", stdout=output)
    call_command("tidy_sessions", stdout=output)

    assert set(Session.objects.values_list("pk", flat=True)) == {ended.pk, current.pk}
    assert output.getvalue().splitlines() == ["1 session removed", "0 sessions removed"]
