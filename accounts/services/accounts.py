"""Signing up, logging in, and what people change about themselves."""

import re
from collections.abc import Callable

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import EMAIL_LENGTH, NAME_LENGTH, Session, User, normalize_email
from accounts.services.sessions import end_other_sessions
from chatsite import images, storage
from chatsite.db import atomic, now, release
from chatsite.errors import DomainError
from chatsite.text import is_blank, is_storable, one_line

PASSWORD_MIN = 6
PASSWORD_MAX = 1000
RAW_NAME_LENGTH = 10 * NAME_LENGTH  # with white space that is not kept
# Without what a mail header gives a meaning: `x<a@b.org>` and `x,a@b.org` are mail to other people.
_SPECIAL = r'@\s<>()\[\]\\,;:"'
_EMAIL = re.compile(rf"[^{_SPECIAL}]+@[^{_SPECIAL}.]+(?:\.[^{_SPECIAL}.]+)+")


def sign_up(*, full_name: str, email: str, password: str) -> User:
    """Raises DomainError 400 with the first broken rule; `errors` names every wrong field."""
    _check_all(
        lambda: _require(full_name=full_name, email=email, password=password),
        lambda: _check_password(password),
        lambda: _checked_email(email),
        lambda: _checked_name(full_name),
    )
    address = _checked_email(email)
    if User.objects.filter(email=address).exists():
        raise _email_taken()
    user = User(email=address)
    user.rename(_checked_name(full_name))
    user.set_password(password)
    try:
        with atomic():
            user.save(force_insert=True)
    except IntegrityError:  # somebody was faster
        raise _email_taken() from None
    mail.send_welcome(user)
    return user


def authenticate(*, email: str, password: str) -> User:
    """Raises DomainError 400 for an unknown e-mail or a wrong password, alike and in the same time;
    403 for the banned.
    """
    address = normalize_email(email)
    user = User.objects.filter(email=address).first() if is_storable(address) else None
    if user is None:
        make_password(_encodable(password))  # costs what the check below costs
        raise _invalid_credentials()
    if not check_password(_encodable(password), user.password, _rehash(user)):
        raise _invalid_credentials()
    if user.is_banned:
        reason = user.ban_reason or _("no reason was given")
        message = _("This account is suspended: %(reason)s") % {"reason": reason}
        raise DomainError(message, 403, code="suspended")
    return user


def update_profile(
    *, user: User, full_name: str | None = None, picture: bytes | None = None
) -> User:
    """Changes what is given. Raises DomainError 400 for a blank name or a picture that is none."""
    square = None if picture is None else _square(picture)
    changed = ["updated_at"]
    if full_name is not None:
        if is_blank(full_name):
            raise _field_error("full_name", _("Write the name that others should see."), "required")
        user.rename(_checked_name(full_name))
        changed += ["full_name", "sort_name"]
    if square is not None:
        user.picture = storage.save(square)
        changed.append("picture")
    user.updated_at = now()
    user.save(update_fields=changed)
    return user


def _square(picture: bytes) -> images.Picture:
    release()
    return images.square(picture)


def change_password(
    *, user: User, old_password: str, new_password: str, keep: Session | None
) -> None:
    """Ends every other session.

    Raises DomainError 400 for a wrong old password or a weak new one.
    """
    if not check_password(_encodable(old_password), user.password):
        raise _field_error(
            "old_password", _("This is not your current password."), "wrong_password"
        )
    _check_password(new_password, field="new_password")
    user.set_password(new_password)
    user.updated_at = now()
    with atomic():
        user.save(update_fields=["password", "updated_at"])
        end_other_sessions(user=user, keep=keep)


def _check_all(*rules: Callable[[], object]) -> None:
    broken: list[DomainError] = []
    for rule in rules:
        try:
            rule()
        except DomainError as error:
            broken.append(error)
    if broken:
        first, *others = broken
        for other in others:
            first.add(other)
        raise first


def _require(**fields: str) -> None:
    missing = [name for name, value in fields.items() if is_blank(value)]
    if missing:
        errors = {name: [_("This field is required.")] for name in missing}
        raise DomainError(_("All fields are required"), code="required", errors=errors)


def _checked_name(full_name: str) -> str:
    name = one_line(full_name[:RAW_NAME_LENGTH])
    if not is_storable(full_name):
        raise _field_error(
            "full_name", _("The name has characters that cannot be kept."), "invalid"
        )
    if len(name) > NAME_LENGTH or len(full_name) > RAW_NAME_LENGTH:
        message = _("The name may have at most %(limit)s characters.") % {"limit": NAME_LENGTH}
        raise _field_error("full_name", message, "too_long")
    return name


def _checked_email(email: str) -> str:
    address = normalize_email(email)
    if len(address) > EMAIL_LENGTH or not is_storable(address) or not _EMAIL.fullmatch(address):
        raise _field_error("email", _("Invalid email format"), "invalid_email")
    return address


def _check_password(password: str, field: str = "password") -> None:
    if len(password) < PASSWORD_MIN:
        message = _("Password must be at least %(limit)s characters") % {"limit": PASSWORD_MIN}
        raise _field_error(field, message, "password_too_short")
    if len(password) > PASSWORD_MAX:
        message = _("Password must be at most %(limit)s characters") % {"limit": PASSWORD_MAX}
        raise _field_error(field, message, "password_too_long")
    if not is_storable(password):
        message = _("The password has characters that cannot be typed again.")
        raise _field_error(field, message, "invalid")


def _field_error(field: str, message: str, code: str) -> DomainError:
    return DomainError(message, code=code, errors={field: [message]})


def _email_taken() -> DomainError:
    return _field_error("email", _("Email already exists"), "email_taken")


def _invalid_credentials() -> DomainError:
    return DomainError(_("Invalid credentials"), code="invalid_credentials")


def _encodable(password: str) -> str:
    """No stored password has lone surrogates or absurd length; such a guess is simply wrong."""
    return password[: PASSWORD_MAX + 1] if is_storable(password) else ""


def _rehash(user: User) -> Callable[[str], None]:
    """Raises the cost of an old hash at the next log-in, unless there is a new password by then."""
    old = user.password

    def setter(password: str) -> None:
        user.set_password(password)
        User.objects.filter(pk=user.pk, password=old).update(password=user.password)

    return setter
