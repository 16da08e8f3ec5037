"""Signing up, logging in, and what people change about themselves."""

from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts import links, mail
from accounts.canonical import password_forms
from accounts.models import FIRST_STEPS, SiteRole, User
from accounts.services import usernames
from accounts.services.admission import Admission, admission, has_owner
from accounts.services.filters import check_words
from accounts.services.restraints import check_not_silenced
from accounts.services.rules import (
    check_all,
    check_new_password,
    checked_email,
    checked_name,
    checked_username,
    dead_link,
    email_taken,
    encodable,
    field_error,
    require,
    username_taken,
)
from accounts.trusted_devices import inbox_key
from chatsite.db import atomic, now, release, repeatable
from chatsite.errors import DomainError
from chatsite.language import time_in_zone
from chatsite.pictures import images, storage
from chatsite.security.ratelimits import MAILS, MAILS_PER_ADDRESS, TooMany, check
from chatsite.text import is_blank


def sign_up(
    *,
    full_name: str,
    email: str,
    password: str,
    client: str = "",
    site: str = "",
    invitation: str = "",
) -> User:
    """Raises DomainError 400 with the first broken rule; `errors` names every wrong field. 403 and
    410 as services/admission.py says.

    `client` is where it comes from. Beyond the limits of mails nobody is welcomed by one, which
    has a link to `site` that confirms the address.
    """
    way = admission(invitation)
    check_all(
        lambda: require(full_name=full_name, email=email, password=password),
        lambda: check_new_password(password),
        lambda: checked_email(email),
        lambda: way.check_address(email),
        lambda: check_words(checked_name(full_name), "full_name"),
    )
    address = checked_email(email)
    if User.objects.with_email(email):
        raise email_taken()
    user = User(email=address, role=SiteRole.OWNER if way.is_owner else "")
    user.email_confirmed_at = now() if way.confirms else None
    user.first_steps = " ".join(FIRST_STEPS)
    user.rename(checked_name(full_name))
    user.set_password(password)
    letter = _welcome(user, site, client, confirmed=way.confirms)
    try:
        _insert(user, way, letter)
    except IntegrityError:  # somebody was faster
        raise (dead_link() if way.is_owner and has_owner() else email_taken()) from None
    return user


def _welcome(
    user: User, site: str, client: str, *, confirmed: bool
) -> EmailMultiAlternatives | None:
    """None for who gets too many mails."""
    try:
        check(MAILS, inbox_key(user.email))
        check(MAILS_PER_ADDRESS, client)
    except TooMany:
        return None
    takes_link = site and not confirmed
    link = links.address_link(site, user, user.email) if takes_link else ""
    return mail.welcome(user, site, link)


@repeatable
def _insert(user: User, way: Admission, letter: EmailMultiAlternatives | None) -> None:
    with atomic():
        way.use()
        user.save(force_insert=True)
        if letter:
            mail.send(letter)


def authenticate(*, email: str, password: str) -> User:
    """Raises DomainError 400 for an unknown e-mail or a wrong password, alike and in the same time;
    403 for the banned.
    """
    user = User.objects.with_email(email)
    if user is None:
        for form in password_forms(encodable(password)):
            make_password(form)  # costs what the check below costs
        raise _invalid_credentials()
    if not user.check_password(encodable(password)):
        raise _invalid_credentials()
    if user.is_banned:
        raise DomainError(suspension(user), 403, code="suspended")
    return user


def suspension(user: User) -> str:
    """The notice for the banned."""
    reason = user.ban_reason or _("no reason was given")
    if user.ban_ends_at:
        words = _("This account is suspended until %(until)s: %(reason)s")
        return words % {"until": time_in_zone(user.ban_ends_at), "reason": reason}
    return _("This account is suspended: %(reason)s") % {"reason": reason}


def update_profile(
    *,
    user: User,
    full_name: str | None = None,
    username: str | None = None,
    picture: bytes | None = None,
) -> User:
    """Changes what is given; "" takes the username away.

    Raises DomainError: 400 for a blank name, a username that is none or taken, words that are not
    allowed, or a picture that is none, 403 for who is silenced, 502, 503, 507 when the picture
    cannot be stored.
    """
    check_not_silenced(user.pk)
    before = user.username
    cut = None if picture is None else square(picture)
    changed = ["updated_at"]
    if full_name is not None:
        if is_blank(full_name):
            raise field_error("full_name", _("Enter the name that others will see."), "required")
        name = checked_name(full_name)
        check_words(name, "full_name")
        user.rename(name)
        changed += ["full_name", "sort_name"]
    if username is not None:
        chosen = checked_username(username)
        check_words(chosen, "username")
        if chosen != before:
            usernames.check_may_have(user, chosen)
            user.username = chosen
            changed.append("username")
    if cut is not None:
        user.picture = storage.save("profiles", cut)
        changed.append("picture")
    user.updated_at = now()
    try:
        _store_profile(user, changed, before)
    except (IntegrityError, DomainError) as refused:
        user.username = before
        raise (refused if isinstance(refused, DomainError) else username_taken()) from None
    return user


def set_language(*, user: User, language: str) -> None:
    """One of LANGUAGES; "" is that of the browser."""
    user.language = language
    user.save(update_fields=["language"])


@repeatable
def skip_first_steps(*, user: User, steps: Collection[str]) -> None:
    """The page shows them these no more."""
    with atomic():
        stored = User.objects.select_for_update().get(pk=user.pk).first_steps
        user.first_steps = " ".join(step for step in stored.split() if step not in steps)
        User.objects.filter(pk=user.pk).update(first_steps=user.first_steps)


@repeatable
def _store_profile(user: User, changed: list[str], username: str) -> None:
    """`username`: the one before."""
    with atomic():
        user.save(update_fields=changed)
        if "username" in changed:
            usernames.record_change(user, username)


def square(picture: bytes) -> images.Picture:
    """Of people and groups. Raises DomainError 400, 503."""
    release()
    return images.square(picture)


def _invalid_credentials() -> DomainError:
    return DomainError(_("Invalid credentials"), code="invalid_credentials")
