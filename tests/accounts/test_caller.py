"""Who asks, as the hot path knows them; and when they were seen last."""

from datetime import timedelta

import pytest

from accounts.caller import live_caller, sightings
from accounts.models import Session
from accounts.services.moderation import ban
from accounts.services.sessions import end_session
from accounts.tokens import Claims, InvalidToken
from chatsite.db import now
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
        assert live_caller(claims_of(session)).pk == session.user_id
    assert sightings.wait(PATIENCE)
    assert all(map(seen, sessions))
    assert not seen(absent)


def test_once_a_minute_is_enough() -> None:
    session = make_session(make_user())
    Session.objects.filter(pk=session.pk).update(last_seen_at=now() - timedelta(seconds=30))
    session.refresh_from_db()
    before = session.last_seen_at
    live_caller(claims_of(session))
    assert sightings.wait(PATIENCE)
    session.refresh_from_db()
    assert session.last_seen_at == before


def test_whose_session_has_ended_or_who_is_banned_is_nobody() -> None:
    ended, banned = (not_lately(make_session(make_user(name))) for name in ("Ada", "Bo"))
    end_session(session=ended)
    ban(user=banned.user, reason="spam")
    for session in (ended, banned):
        with pytest.raises(InvalidToken):
            live_caller(claims_of(session))
    with pytest.raises(InvalidToken):
        live_caller(Claims(make_session(make_user("Cy")).pk, ended.user_id))
    assert sightings.wait(PATIENCE)
    assert not seen(ended)
    assert not seen(banned)
