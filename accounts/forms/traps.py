"""What distinguishes programs that fill in every form from people."""

import time

from django import forms
from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SALT = "accounts.forms.traps"
LEAST_SECONDS = (
    1  # between a form's being shown and sent; browsers and password managers fill it in
)
MAX_SECONDS = 24 * 60 * 60

QUICK = _("That was quick. Please send it once more.")
STALE = _("This page has been open for a long time. Please send it once more.")
FILLED = _("That did not work. Please try again later.")


def signed(seconds: float) -> str:
    """The time at which a form is shown, as the form carries it."""
    return signing.dumps(seconds, salt=SALT)


class Traps(forms.Form):
    """A field that people do not see, and the time at which the form was shown."""

    website = forms.Field(
        required=False,
        label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    shown = forms.Field(
        required=False, initial=lambda: signed(time.time()), widget=forms.HiddenInput
    )

    def objection(self) -> str | None:
        """Why the form around these fields is not taken yet; None when it is."""
        self.full_clean()
        age = _age(self.cleaned_data["shown"])
        if self.cleaned_data["website"]:
            return self._anew(FILLED)
        if age is None:
            return self._anew(STALE)
        # Whoever sends it again does so as slowly as they like.
        return self._anew(QUICK, age=LEAST_SECONDS) if age < LEAST_SECONDS else None

    def _anew(self, words: Promise, age: float = 0) -> str:
        self.data = {"shown": signed(time.time() - age)}
        return str(words)


def _age(shown: str | None) -> float | None:
    """In seconds; None for what is too old, or not from here."""
    try:
        return time.time() - float(signing.loads(shown or "", salt=SALT, max_age=MAX_SECONDS))
    except signing.BadSignature:
        return None
