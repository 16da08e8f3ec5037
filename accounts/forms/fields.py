"""Fields that several forms have."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.services.rules import PASSWORD_MIN

INVALID_EMAIL = _("This does not look like an e-mail address. Check it for typos.")


def _text(widget: type[forms.Widget], *, attrs: dict[str, Any], **options: Any) -> forms.CharField:
    attrs = {"class": "input", "required": True, **attrs}
    return forms.CharField(widget=widget(attrs=attrs), **options)


def name_field(**options: Any) -> forms.CharField:
    return _text(
        forms.TextInput,
        attrs={"autocomplete": "name", "dir": "auto"},
        error_messages={"required": _("Enter the name that others will see.")},
        **options,
    )


def email_field(
    *,
    label: Any = None,
    required: bool = True,
    autocomplete: str = "username",
    **errors: Any,
) -> forms.CharField:
    return _text(
        forms.EmailInput,
        label=label or _("E-mail"),
        required=required,
        attrs={"autocomplete": autocomplete},
        error_messages={"required": _("Enter your e-mail address."), **errors},
    )


def old_password_field(*, label: Any, **errors: Any) -> forms.CharField:
    return _text(
        forms.PasswordInput,
        label=label,
        strip=False,
        attrs={"autocomplete": "current-password"},
        error_messages={"required": _("Enter your password."), **errors},
    )


def new_password_field(**options: Any) -> forms.CharField:
    return _text(
        forms.PasswordInput,
        strip=False,
        help_text=format_lazy(_("At least {limit} characters."), limit=PASSWORD_MIN),
        attrs={"autocomplete": "new-password"},
        error_messages={
            "required": _("Choose a password."),
            "password_too_short": format_lazy(
                _("This is too short. Use at least {limit} characters."), limit=PASSWORD_MIN
            ),
        },
        **options,
    )
