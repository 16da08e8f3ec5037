"""Who asks, as the hot path knows them; and when they were seen last."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Session
from accounts.principal import last_seen_queue, live_claims, live_principal
from accounts.services.moderation import ban
from accounts.services.sessions import end_session
from accounts.tokens import Claims, InvalidToken, live_session
from chatsite.db import now
from messaging.realtime.sweep import live_sessions, record_use
from tests.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20


def claims_of(session: Session) -> Claims:
    return Claims(session.pk, session.user_id)


def seen(session: Session) -> bool:
    session.refresh_from_db()
    return now() - session.last_seen_at < timedelta(minutes=1)


def not_lately(session: Session) -> Session:
    Session.objects.filter(pk=session.pk).update(last_seen_at=now() - timedelta(hours=1))
    return session


def test_who_is_seen_is_written_together_with_others_and_nobody_else() -> None:
    sessions = [not_lately(make_session(make_user(f"Person {number}"))) for number in range(30)]
    absent = not_lately(make_session(make_user("Absent")))
    for session in sessions:
        assert live_principal(claims_of(session)).pk == session.user_id
    assert last_seen_queue.wait(PATIENCE)
    assert all(map(seen, sessions))
    assert not seen(absent)


def test_once_a_minute_is_enough() -> None:
    session = make_session(make_user())
    Session.objects.filter(pk=session.pk).update(last_seen_at=now() - timedelta(seconds=30))
    session.refresh_from_db()
    before = session.last_seen_at
    live_principal(claims_of(session))
    assert last_seen_queue.wait(PATIENCE)
    session.refresh_from_db()
    assert session.last_seen_at == before


def test_whose_session_has_ended_or_who_is_banned_is_nobody() -> None:
    ended, banned = (not_lately(make_session(make_user(name))) for name in ("Ada", "Bo"))
    end_session(session=ended)
    ban(user=banned.user, reason="spam")
    for session in (ended, banned):
        with pytest.raises(InvalidToken):
            live_principal(claims_of(session))
    with pytest.raises(InvalidToken):
        live_principal(Claims(make_session(make_user("Cy")).pk, ended.user_id))
    assert last_seen_queue.wait(PATIENCE)
    assert not seen(ended)
    assert not seen(banned)


@pytest.mark.parametrize(("minutes", "is_live"), [(-1, True), (1, False)])
def test_a_ban_counts_until_it_ends_whoever_lifts_it(minutes: int, is_live: bool) -> None:
    """As for who logs in meanwhile."""
    user = make_user()
    ban(user=user, reason="spam", until=now() + timedelta(minutes=minutes))
    claims = claims_of(make_session(user))
    Session.objects.update(revoked_at=None)
    assert live_claims([claims]) == ({claims} if is_live else set())
    for read in (live_principal, live_session):
        with nullcontext() if is_live else pytest.raises(InvalidToken):
            read(claims)


def test_of_many_those_who_live_are_told_at_once(settings: Settings) -> None:
    lively = [make_session(make_user(f"Person {number}")) for number in range(70)]
    two_of_one = [make_session(lively[0].user) for _ in range(2)]
    ended, banned, expired = (make_session(make_user(name)) for name in ("Ada", "Bo", "Cy"))
    end_session(session=ended)
    ban(user=banned.user, reason="spam")
    begun = now() - settings.TOKEN_LIFETIME
    Session.objects.filter(pk=expired.pk).update(created_at=begun)
    live = [claims_of(session) for session in [*lively, *two_of_one]]
    dead = [claims_of(session) for session in (ended, banned, expired)]
    dead += [Claims(lively[0].pk, lively[1].user_id), Claims("0" * 24, lively[0].user_id)]
    assert live_claims({*live, *dead}) == set(live)
    assert live_claims(dead) == live_claims([]) == set()


def test_of_many_those_who_live_are_seen() -> None:
    ada, bo, ended = (not_lately(make_session(make_user(name))) for name in ("Ada", "Bo", "Cy"))
    lately = make_session(make_user("Di"))
    before = lately.last_seen_at
    end_session(session=ended)
    live_claims([claims_of(session) for session in (ada, bo, ended, lately)])
    assert last_seen_queue.wait(PATIENCE)
    assert seen(ada)
    assert seen(bo)
    assert not seen(ended)
    lately.refresh_from_db()
    assert lately.last_seen_at == before


def test_who_names_another_persons_session_does_not_make_it_seen() -> None:
    session = not_lately(make_session(make_user("Ada")))
    claims = Claims(session.pk, make_user("Bo").pk)
    assert live_claims([claims]) == set()
    with pytest.raises(InvalidToken):
        live_principal(claims)
    assert last_seen_queue.wait(PATIENCE)
    assert not seen(session)


def test_a_session_that_is_not_used_for_too_long_has_ended(settings: Settings) -> None:
    settings.SESSION_IDLE = timedelta(days=3)
    used, idle = (make_session(make_user(name)) for name in ("Ada", "Bo"))
    for session, hours in ((used, 71), (idle, 73)):
        moment = now() - timedelta(hours=hours)
        Session.objects.filter(pk=session.pk).update(created_at=moment, last_seen_at=moment)
    assert live_principal(claims_of(used)).pk == used.user_id
    with pytest.raises(InvalidToken):
        live_principal(claims_of(idle))
    with pytest.raises(InvalidToken):
        live_session(claims_of(idle))
    assert live_claims([claims_of(used), claims_of(idle)]) == {claims_of(used)}
    assert last_seen_queue.wait(PATIENCE)


def test_an_open_socket_is_use(settings: Settings) -> None:
    """Which asks nothing for days."""
    opened, ended = (not_lately(make_session(make_user(name))) for name in ("Ada", "Bo"))
    end_session(session=ended)
    settings.SESSION_IDLE = timedelta(days=2)
    live = live_sessions([opened.pk, ended.pk])
    assert live.keys() == {opened.pk}
    record_use(live)
    assert not seen(opened)  # an hour ago is recent enough
    settings.SESSION_IDLE = timedelta(hours=20)
    record_use(live)
    assert seen(opened)
    assert not seen(ended)
