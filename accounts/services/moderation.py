"""What moderators do to accounts."""

from accounts.models import User
from accounts.services.sessions import end_other_sessions
from chatsite.db import atomic, now, repeatable


@repeatable
def ban(*, user: User, reason: str) -> None:
    """Signs the person out everywhere at once; they are told the reason when they log in."""
    user.banned_at, user.ban_reason = now(), reason
    with atomic():
        user.save(update_fields=["banned_at", "ban_reason"])
        end_other_sessions(user=user, keep=None)


def unban(*, user: User) -> None:
    user.banned_at, user.ban_reason = None, ""
    user.save(update_fields=["banned_at", "ban_reason"])
