"""The e-mail address of an account: changed once the new one is confirmed."""

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import links, mail
from accounts.models import User
from accounts.services.rules import (
    check_all,
    check_password,
    checked_email,
    dead_link,
    email_taken,
    field_error,
)
from accounts.trusted_devices import inbox_key
from chatsite.db import atomic, now, repeatable
from chatsite.security.ratelimits import MAILS, check


def request_address_change(*, user: User, email: str, password: str, site: str) -> str:
    """Mails a link to the new address, which is returned; nothing changes before it is used.

    Raises DomainError 400 for an address that is none, the same or taken, and a wrong password;
    TooMany for one who requests, or an address that gets, too much.
    """
    check_all(
        lambda: check_password(user, password),
        lambda: _check_free(user, checked_email(email)),
    )
    address = checked_email(email)
    check(MAILS, user.pk)
    check(MAILS, inbox_key(address))  # many accounts are no way to flood one address
    mail.send(mail.address_confirmation(address, links.address_link(site, user, address)))
    return address


def request_confirmation(*, user: User, site: str) -> None:
    """Mails a link to the address they have. Raises TooMany for one who requests, or an address
    that gets, too much.
    """
    check(MAILS, user.pk)
    check(MAILS, inbox_key(user.email))
    mail.send(mail.address_check(user.email, links.address_link(site, user, user.email)))


def confirm_address(*, key: str, token: str) -> User:
    """Notifies the old address, if it was another one.

    Raises DomainError 410 for a link that does not work (any more), 400 when somebody else took
    the address meanwhile.
    """
    found = links.address_owner(key, token)
    if not found:
        raise dead_link()
    user, address = found
    old_address, user.email, user.updated_at = user.email, address, now()
    user.email_confirmed_at = user.updated_at
    unchanged = User.objects.filter(
        pk=key, password=user.password, email=old_address, banned_at=None
    )
    try:
        if not _move(unchanged, user, old_address):
            raise dead_link()
    except IntegrityError:
        raise email_taken() from None
    return user


@repeatable
def _move(unchanged: QuerySet[User], user: User, old_address: str) -> bool:
    with atomic():
        fields = ("email", "email_confirmed_at", "updated_at")
        found = unchanged.update(**{name: getattr(user, name) for name in fields})
        if found and user.email != old_address:
            mail.send(mail.address_changed(old_address))
    return bool(found)


def _check_free(user: User, address: str) -> None:
    if address == user.email:
        raise field_error("email", _("This is already your e-mail address."), "email_same")
    if User.objects.with_email(address):
        raise email_taken()
