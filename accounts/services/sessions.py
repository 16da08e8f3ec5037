"""Sessions: started by a log-in, ended by log-out, a new password or a ban.

What ends closes its sockets at once.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import events
from accounts.models import Session, User
from accounts.services.push_subscriptions import unsubscribe
from chatsite.db import atomic, now, repeatable
from chatsite.errors import DomainError
from chatsite.text import is_blank, is_storable, one_line

SESSION_NAME_LENGTH = 60
CHUNK = 500  # rows that are written at once
SEEN_PRECISION = timedelta(minutes=1)  # a write a minute a session, not one a request


@repeatable
def start_session(*, user: User, user_agent: str, address: str) -> Session:
    """Ended from the start when a new password or a ban came since `user` was looked at."""
    agent = user_agent.encode("utf-8", "replace").decode().replace("\x00", "")
    with atomic():
        # Written, which keeps everybody else from writing it on every database.
        User.objects.filter(pk=user.pk).update(last_login=now())
        current = User.objects.get(pk=user.pk)
        passed = current.password == user.password and not current.is_banned
        return Session.objects.create(
            user=user,
            user_agent=agent[:300],
            address=address[:45],
            language=get_language() or "",
            revoked_at=None if passed else now(),
        )


def touch_session(*, session: Session) -> None:
    """Remembers when the session was last seen, and by which of its tokens."""
    if not was_seen_recently(session.last_seen_at):
        session.last_seen_at = record_last_seen([session.pk])
    if session.claims and session.claims.rotation > session.rotation:
        record_rotation(session.pk, session.claims.rotation)
        session.rotation = session.claims.rotation


def was_seen_recently(last_seen_at: datetime) -> bool:
    return now() - last_seen_at <= SEEN_PRECISION


@repeatable
def record_last_seen(keys: list[str]) -> datetime:
    """Returns when they are seen."""
    moment = now()
    for start in range(0, len(keys), CHUNK):
        Session.objects.filter(pk__in=keys[start : start + CHUNK]).update(last_seen_at=moment)
    return moment


@repeatable
def record_rotation(key: str, rotation: int) -> None:
    """That token has come: the one before it ends."""
    earlier = Session.objects.filter(pk=key, rotation=rotation - 1)
    earlier.update(rotation=rotation, rotated_at=now())


def name_session(*, session: Session, name: str) -> None:
    """For its owner's list; "" is the browser's own name again. Raises DomainError 400."""
    if not is_storable(name):
        words = _("The name has characters that cannot be stored.")
        raise DomainError(words, code="invalid")
    session.name = "" if is_blank(name) else one_line(name)[:SESSION_NAME_LENGTH]
    session.save(update_fields=["name"])


def end_session(*, session: Session) -> None:
    end_sessions([session.pk])


def end_other_sessions(*, user: User, keep: Session | None) -> None:
    """Signs `user` out everywhere, but for the session to keep."""
    keys = Session.objects.active_of(user).values_list("pk", flat=True)
    end_sessions([key for key in keys if keep is None or key != keep.pk])


def remove_expired_sessions() -> int:
    """Those that no token opens any more, ended or not. Returns how many there were."""
    expired = Session.objects.filter(created_at__lte=now() - settings.TOKEN_LIFETIME)
    removed = 0
    while keys := list(expired.values_list("pk", flat=True)[:CHUNK]):
        removed += Session.objects.filter(pk__in=keys).delete()[0]
    return removed


@repeatable
def end_sessions(keys: list[str]) -> None:
    if not keys:
        return
    Session.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=now())
    unsubscribe(sessions=keys)
    events.sessions_ended(keys)
