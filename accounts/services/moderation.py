"""What moderators do to accounts. Who may, services/roles.py says."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from accounts.services.sessions import end_other_sessions
from chatsite.db import atomic, database_now, now, repeatable
from scheduler.services import schedule

LIFT_BAN = "lift_ban"


@repeatable
def ban(*, user: User, reason: str, until: datetime | None = None) -> None:
    """For good, unless `until` says otherwise: then a job lifts it. Signs the person out everywhere
    at once; they see the reason when they log in.
    """
    user.banned_at, user.ban_reason, user.ban_ends_at = now(), reason, until
    with atomic():
        user.save(update_fields=["banned_at", "ban_reason", "ban_ends_at"])
        end_other_sessions(user=user, keep=None)
        if until:
            schedule(LIFT_BAN, name=f"{LIFT_BAN}:{user.pk}", run_at=until, user=user.pk)


def lift_ended_ban(*, user: str) -> None:
    """Nothing happens where another one came since."""
    _unban(User.objects.filter(pk=user, ban_ends_at__lte=database_now()))


def unban(*, user: User) -> None:
    """But for an account that was deleted, maybe this very moment."""
    if _unban(User.objects.filter(pk=user.pk)):
        user.banned_at, user.ban_reason, user.ban_ends_at = None, "", None


def _unban(people: QuerySet[User]) -> int:
    there = people.filter(deleted_at=None)
    return there.update(banned_at=None, ban_reason="", ban_ends_at=None)


def silence(*, user: User, until: datetime | None) -> None:
    """None: they may write again."""
    user.silenced_until = until
    user.save(update_fields=["silenced_until"])


def warn(*, user: User, words: str) -> None:
    """Shown to them until they have seen it; "" once they have."""
    user.warning = words
    user.save(update_fields=["warning"])
