"""Passwords: changed by who knows the old one, or by a link that went to the owner's address."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import links, mail
from accounts.models import Session, User
from accounts.services.rules import (
    check_new_password,
    checked_email,
    dead_link,
    encodable,
    field_error,
)
from accounts.services.sessions import end_other_sessions
from accounts.trusted_devices import inbox_key
from chatsite.db import atomic, now, repeatable
from chatsite.errors import DomainError
from chatsite.security.ratelimits import MAILS, check


def change_password(
    *, user: User, old_password: str, new_password: str, keep: Session | None
) -> None:
    """Ends every other session.

    Raises DomainError 400 for a wrong old password or a weak new one.
    """
    if not user.check_password(encodable(old_password)):
        raise _wrong_password()
    check_new_password(new_password, field="new_password")
    # A link that sets a password goes before whoever still knows the old one.
    unchanged = User.objects.filter(pk=user.pk, password=user.password)
    user.set_password(new_password)
    user.updated_at = now()
    if not _replace(unchanged, user, keep):
        raise _wrong_password()


def request_reset(*, email: str, site: str) -> None:
    """Mails a link to whoever has the address and is not banned; all others cost the same, down to
    a mail on its way, and get nothing.

    Raises DomainError 400 for what cannot be an address, TooMany for one that gets too many.
    """
    address = checked_email(email)
    check(MAILS, inbox_key(address))
    user = User.objects.with_email(email)
    if user and user.is_banned:
        user = None
    reader = user or User(email=address)
    letter = mail.password_reset(reader, links.reset_link(site, reader))
    if not user:
        letter.to = []  # delivered to nobody
    mail.send(letter)


def begin_reset(*, key: str, token: str) -> User:
    """For the owner who says that a log-in was not theirs: ends every session at once.

    Raises DomainError 410 for a link that does not work (any more).
    """
    user = links.not_me_owner(key, token)
    if not user:
        raise dead_link()
    end_other_sessions(user=user, keep=None)
    return user


def reset_password(*, key: str, token: str, new_password: str) -> User:
    """Ends every session.

    Raises DomainError 410 for a link that does not work (any more), 400 for a weak password.
    """
    user = links.reset_owner(key, token)
    if not user:
        raise dead_link()
    check_new_password(new_password, field="new_password")
    # Of two who use the link at the same instant, the second finds another password.
    unchanged = User.objects.filter(
        pk=key, password=user.password, email=user.email, banned_at=None
    )
    user.set_password(new_password)
    user.updated_at = now()
    user.email_confirmed_at = user.email_confirmed_at or user.updated_at  # they had the link
    if not _replace(unchanged, user, keep=None, email_confirmed_at=user.email_confirmed_at):
        raise dead_link()
    return user


@repeatable
def _replace(
    unchanged: QuerySet[User], user: User, keep: Session | None, **fields: datetime
) -> bool:
    with atomic():
        found = unchanged.update(password=user.password, updated_at=user.updated_at, **fields)
        if found:
            end_other_sessions(user=user, keep=keep)
            mail.send(mail.password_changed(user))
    return bool(found)


def _wrong_password() -> DomainError:
    return field_error("old_password", _("This is not your current password."), "wrong_password")
