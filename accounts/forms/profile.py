"""The forms of the profile."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import (
    INVALID_EMAIL,
    email_field,
    name_field,
    new_password_field,
    old_password_field,
)
from accounts.forms.service import ServiceForm
from accounts.mail import is_printed
from accounts.notifications import CLOCK


class ProfileForm(ServiceForm):
    full_name = name_field(label=_("Name"))
    username = forms.CharField(
        label=_("Username"),
        required=False,
        help_text=_("People find you by exactly this. Leave it empty to be found by none."),
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "autocapitalize": "none", "dir": "ltr"}
        ),
    )
    picture = forms.FileField(
        required=False,
        help_text=_("JPEG, PNG, WebP, GIF, AVIF or HEIC, cut to a square."),
        widget=forms.FileInput(
            attrs={"class": "visually-hidden", "accept": "image/*,.avif,.heic,.heif"}
        ),
        error_messages={"empty": _("This file is empty. Choose another picture.")},
    )

    def clean_username(self) -> str | None:
        """None where the form did not have it: then it stays."""
        return self.cleaned_data["username"] if "username" in self.data else None

    def clean_picture(self) -> bytes | None:
        upload: UploadedFile | None = self.cleaned_data["picture"]
        return upload.read() if upload else None


class LanguageForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("Your browser’s")), *settings.LANGUAGES],
        widget=forms.Select(attrs={"class": "input", "autocomplete": "off"}),
    )


AUDIENCES = [
    ("everybody", _("Everybody")),
    ("contacts", _("People I write with")),
    ("nobody", _("Nobody")),
]


def _audience(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=AUDIENCES,
        widget=forms.Select(attrs={"class": "input"}),
    )


def _clock(label: Any) -> forms.RegexField:
    return forms.RegexField(
        CLOCK,
        label=label,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "type": "time"}),
    )


class PrivacyForm(forms.Form):
    """Who sees it."""

    last_seen = _audience(_("Last seen"))
    online = _audience(_("Online"))
    typing = _audience(_("That I am typing"))
    read_receipts = _audience(_("That I have read messages"))


class NotificationsForm(forms.Form):
    """How somebody is notified of what they missed."""

    previews = forms.ChoiceField(
        label=_("Notifications show"),
        choices=[
            ("full", _("Who wrote, and what")),
            ("name", _("Who wrote")),
            ("nothing", _("That there is something")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )
    quiet_from = _clock(_("Quiet from"))
    quiet_until = _clock(_("Quiet until"))
    digest_hours = forms.TypedChoiceField(
        label=_("Mail me what is unread"),
        coerce=int,
        choices=[
            (0, _("Never")),
            (1, _("After an hour away")),
            (8, _("After 8 hours away")),
            (24, _("After a day away")),
            (72, _("After 3 days away")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_printed():
            del self.fields["digest_hours"]


class InvitationForm(ServiceForm):
    email = email_field(
        label=_("E-mail, for one person"),
        required=False,
        autocomplete="off",
        invalid_email=INVALID_EMAIL,
    )
    uses = forms.TypedChoiceField(
        label=_("Or a link, for"),
        coerce=int,
        choices=[(1, _("1 person")), (5, _("5 people")), (25, _("25 people"))],
        widget=forms.Select(attrs={"class": "input"}),
    )
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        choices=[(1, _("a day")), (7, _("a week")), (30, _("30 days"))],
        initial=7,
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="invitation_%s", **kwargs)
        del self.fields["email"].widget.attrs["required"]


class DeletionForm(ServiceForm):
    messages = forms.ChoiceField(
        label=_("What I wrote"),
        choices=[
            ("keep", _("Stays, as of a deleted account")),
            ("remove", _("Is deleted for everybody")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )
    password = old_password_field(
        label=_("Your password"),
        wrong_password=_("That is not your password. Check it and try again."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="deletion_%s", **kwargs)  # beside other forms


class PasswordForm(ServiceForm):
    old_password = old_password_field(
        label=_("Current password"),
        wrong_password=_("That is not your password. Check it and try again."),
    )
    new_password = new_password_field(label=_("New password"))
