"""The forms of the profile."""

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import name_field, new_password_field, old_password_field
from accounts.forms.service import ServiceForm


class ProfileForm(ServiceForm):
    full_name = name_field(label=_("Name"))
    picture = forms.FileField(
        required=False,
        help_text=_("JPEG, PNG, WebP, GIF, AVIF or HEIC, cut to a square."),
        widget=forms.FileInput(
            attrs={"class": "visually-hidden", "accept": "image/*,.avif,.heic,.heif"}
        ),
        error_messages={"empty": _("This file is empty. Choose another picture.")},
    )

    def clean_picture(self) -> bytes | None:
        upload: UploadedFile | None = self.cleaned_data["picture"]
        return upload.read() if upload else None


class PasswordForm(ServiceForm):
    old_password = old_password_field(
        label=_("Current password"),
        wrong_password=_("That is not your password. Check it and try again."),
    )
    new_password = new_password_field(label=_("New password"))
