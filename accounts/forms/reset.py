"""The forms of a forgotten password."""

from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import INVALID_EMAIL, email_field, new_password_field
from accounts.forms.service import ServiceForm


class ResetRequestForm(ServiceForm):
    email = email_field(invalid_email=INVALID_EMAIL)


class NewPasswordForm(ServiceForm):
    new_password = new_password_field(label=_("New password"))
