"""What an account may be made of: the rules of its name, e-mail address and password.

Each raises DomainError 400 with the field's name.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _

from accounts.canonical import canonical_email, canonical_password, is_email
from accounts.models import NAME_LENGTH, User, is_username
from chatsite.errors import DomainError
from chatsite.text import is_blank, is_storable, one_line

PASSWORD_MIN = 6
PASSWORD_MAX = 1000
RAW_NAME_LENGTH = 10 * NAME_LENGTH  # with white space that is not kept


def check_all(*rules: Callable[[], object]) -> None:
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


def require(**fields: str) -> None:
    missing = [name for name, value in fields.items() if is_blank(value)]
    if missing:
        errors = {name: [_("This field is required.")] for name in missing}
        raise DomainError(_("All fields are required"), code="required", errors=errors)


def checked_name(full_name: str) -> str:
    name = one_line(full_name[:RAW_NAME_LENGTH])
    if not is_storable(full_name):
        raise field_error(
            "full_name", _("The name has characters that cannot be stored."), "invalid"
        )
    if len(name) > NAME_LENGTH or len(full_name) > RAW_NAME_LENGTH:
        message = _("The name may have at most %(limit)s characters.") % {"limit": NAME_LENGTH}
        raise field_error("full_name", message, "too_long")
    return name


def checked_email(email: str) -> str:
    if not is_email(email):
        raise field_error("email", _("Invalid email format"), "invalid_email")
    return canonical_email(email)


def checked_username(username: str) -> str:
    """As it is stored; "" for none."""
    name = username.strip().removeprefix("@").lower()
    if name and not is_username(name):
        message = _("3 to 32 of the letters a to z, digits and _, beginning with a letter.")
        raise field_error("username", message, "invalid")
    return name


def check_new_password(password: str, field: str = "password") -> None:
    if len(password) > PASSWORD_MAX:
        message = _("Password must be at most %(limit)s characters") % {"limit": PASSWORD_MAX}
        raise field_error(field, message, "password_too_long")
    if len(canonical_password(password)) < PASSWORD_MIN:
        message = _("Password must be at least %(limit)s characters") % {"limit": PASSWORD_MIN}
        raise field_error(field, message, "password_too_short")
    if not is_storable(password):
        message = _("The password has characters that cannot be typed.")
        raise field_error(field, message, "invalid")


def field_error(field: str, message: str, code: str) -> DomainError:
    return DomainError(message, code=code, errors={field: [message]})


def email_taken() -> DomainError:
    return field_error("email", _("Email already exists"), "email_taken")


def username_taken() -> DomainError:
    return field_error("username", _("Somebody else has this username."), "taken")


def encodable(password: str) -> str:
    """No stored password has lone surrogates or absurd length; such a guess is simply wrong."""
    return password[: PASSWORD_MAX + 1] if is_storable(password) else ""


def check_password(user: User, password: str) -> None:
    """Raises DomainError 400."""
    if not user.check_password(encodable(password)):
        raise field_error("password", _("This is not your current password."), "wrong_password")


def dead_link() -> DomainError:
    return DomainError(_("This link no longer works."), 410, code="dead_link")
