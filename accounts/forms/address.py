"""The forms of a new e-mail address."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import INVALID_EMAIL, email_field, old_password_field
from accounts.forms.service import ServiceForm


class AddressForm(ServiceForm):
    email = email_field(
        label=_("New e-mail"),
        autocomplete="email",
        invalid_email=INVALID_EMAIL,
        email_same=_("This is already your e-mail address. Enter a different one."),
        email_taken=_("This e-mail address is already in use. Choose another one."),
    )
    password = old_password_field(
        label=_("Your password"),
        wrong_password=_("That is not your password. Check it and try again."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="address_%s", **kwargs)  # beside other forms


class ConfirmationForm(ServiceForm):
    """Nothing but a button."""

    refusals: ClassVar[dict[str, Promise]] = {
        "email_taken": _(
            "This e-mail address is now in use by someone else. Choose another one in your profile."
        ),
    }
