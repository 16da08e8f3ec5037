"""The forms of the pages: shape and words. What is allowed, the services know."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.services.accounts import PASSWORD_MIN
from chatsite.errors import DomainError

Result = TypeVar("Result")


class ServiceForm(forms.Form):
    """Hands its fields to a service, and words its refusal.

    A field's `error_messages` and the form's `refusals` go by the code of the DomainError; a code
    they do not know keeps its own sentence.
    """

    refusals: ClassVar[dict[str, Promise]] = {}
    status = 200

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        super().__init__(*args, **kwargs)

    def focus(self) -> None:
        """For the form of a page that is there for nothing else."""
        self._focus(list(self))

    def submit(self, service: Callable[..., Result], **context: Any) -> Result | None:
        """What the service returns; None, and the reasons in `errors`, when it refuses."""
        if self.is_valid():
            try:
                return service(**context, **self.cleaned_data)
            except DomainError as error:
                self._refuse(error)
        else:
            self.status = 400
        self._mark_errors()
        return None

    def _refuse(self, error: DomainError) -> None:
        self.status = error.status
        places = [name for name in error.errors if name in self.fields]
        for name in places:
            words = self.fields[name].error_messages.get(error.codes[name], error.errors[name][0])
            self.add_error(name, str(words))
        if not places:
            self.add_error(None, str(self.refusals.get(error.code, error.message)))

    def _mark_errors(self) -> None:
        """An error takes the place of the hint, and the first one gets the focus."""
        wrong = [field for field in self if field.errors]
        for field in wrong:
            field.help_text = ""
        self._focus(wrong)

    def _focus(self, fields: list[forms.BoundField]) -> None:
        if fields:
            fields[0].field.widget.attrs["autofocus"] = True


def _text(widget: type[forms.Widget], *, attrs: dict[str, Any], **options: Any) -> forms.CharField:
    attrs = {"class": "input", "required": True, **attrs}
    return forms.CharField(widget=widget(attrs=attrs), **options)


def _name(**options: Any) -> forms.CharField:
    return _text(
        forms.TextInput,
        attrs={"autocomplete": "name", "dir": "auto"},
        error_messages={"required": _("Write the name that others should see.")},
        **options,
    )


def _email(*, required: bool = True, **errors: Any) -> forms.CharField:
    return _text(
        forms.EmailInput,
        label=_("E-mail"),
        required=required,
        attrs={"autocomplete": "username"},
        error_messages={"required": _("Write your e-mail address."), **errors},
    )


def _old_password(*, label: Any, **errors: Any) -> forms.CharField:
    return _text(
        forms.PasswordInput,
        label=label,
        strip=False,
        attrs={"autocomplete": "current-password"},
        error_messages={"required": _("Write your password."), **errors},
    )


def _new_password(**options: Any) -> forms.CharField:
    return _text(
        forms.PasswordInput,
        strip=False,
        help_text=format_lazy(_("At least {limit} characters."), limit=PASSWORD_MIN),
        attrs={"autocomplete": "new-password"},
        error_messages={
            "required": _("Choose a password."),
            "password_too_short": format_lazy(
                _("This is too short. Take at least {limit} characters."), limit=PASSWORD_MIN
            ),
        },
        **options,
    )


class SignUpForm(ServiceForm):
    """What is missing, the service tells too: together with what is wrong with the rest."""

    full_name = _name(label=_("Your name"), required=False)
    email = _email(
        required=False,
        email_taken=_("Somebody already uses this e-mail. Is it you? Then log in."),
        invalid_email=_("This does not look like an e-mail address. Check it for typing errors."),
    )
    password = _new_password(label=_("Password"), required=False)


class LogInForm(ServiceForm):
    email = _email()
    password = _old_password(label=_("Password"))

    refusals: ClassVar[dict[str, Promise]] = {
        "invalid_credentials": _(
            "This e-mail and password do not go together. Check both and try again."
        ),
    }


class ProfileForm(ServiceForm):
    full_name = _name(label=_("Name"))
    picture = forms.FileField(
        required=False,
        help_text=_("JPEG, PNG, WebP or GIF, cut to a square."),
        widget=forms.FileInput(attrs={"class": "visually-hidden", "accept": "image/*"}),
        error_messages={"empty": _("This file is empty. Choose another picture.")},
    )

    def clean_picture(self) -> bytes | None:
        upload: UploadedFile | None = self.cleaned_data["picture"]
        return upload.read() if upload else None


class PasswordForm(ServiceForm):
    old_password = _old_password(
        label=_("Your password now"),
        wrong_password=_("This is not your password. Check it and try again."),
    )
    new_password = _new_password(label=_("New password"))
