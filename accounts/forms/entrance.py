"""The forms of sign-up and log-in."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.canonical import readable_email
from accounts.forms.fields import (
    INVALID_EMAIL,
    email_field,
    name_field,
    new_password_field,
    old_password_field,
)
from accounts.forms.service import ServiceForm
from accounts.forms.traps import FILLED, Traps


class SignUpForm(ServiceForm):
    """The service reports missing fields, too, together with what is wrong with the others."""

    full_name = name_field(label=_("Your name"), required=False)
    email = email_field(
        required=False,
        email_taken=_(
            "This e-mail address already has an account. If it is yours, log in instead."
        ),
        invalid_email=INVALID_EMAIL,
    )
    password = new_password_field(label=_("Password"), required=False)

    def __init__(self, *args: Any, invited: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invited:
            self.initial["email"] = readable_email(invited)
            self.fields["email"].widget.attrs["readonly"] = True
        self.traps = Traps(self.data if self.is_bound else None)
        self.held_up = False

    @property
    def is_info(self) -> bool:
        return self.held_up or super().is_info

    def clean(self) -> None:
        """Who is held up by a trap has nothing to correct, so nothing to write again either."""
        if words := self.traps.objection():
            self.fields["password"].widget.render_value = True
            self.held_up = words != str(FILLED)
            raise forms.ValidationError(words)


class _OwnerCodeForm(ServiceForm):
    """Of a site that has no owner."""

    code = forms.CharField(
        required=False,
        max_length=100,
        label=_("One-time code"),
        help_text=_("It was printed where the server was started, and is in its log."),
        widget=forms.TextInput(
            attrs={
                "class": "input is-code",
                "required": True,
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )


class BecomeOwnerForm(_OwnerCodeForm):
    """For who has an account."""

    password = old_password_field(label=_("Password"))


class OwnerForm(_OwnerCodeForm, SignUpForm):
    """For everybody else."""

    field_order = ("code", "full_name", "email", "password")


class InvitationRequestForm(ServiceForm):
    """Where a site is open to the addresses of some domains."""

    email = email_field(invalid_email=INVALID_EMAIL)


class LogInForm(ServiceForm):
    email = email_field()
    password = old_password_field(label=_("Password"))

    refusals: ClassVar[dict[str, Promise]] = {
        "invalid_credentials": _(
            "That e-mail address and password do not match. Check both and try again."
        ),
    }
