"""What somebody lets others see of them, and whom they have blocked, from the profile."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest
from accounts.forms.profile import PrivacyForm
from accounts.views.profile import done, section, show
from messaging.services.blocks import unblock as unblock_person
from messaging.services.privacy import change_privacy


@section
def privacy(request: SignedInRequest) -> HttpResponse:
    form = PrivacyForm(request.POST)
    if not form.is_valid():  # no browser sends that
        return show(request)
    change_privacy(user=request.user, **form.cleaned_data)
    return done(request, "privacy", _("Saved"))


@section
def unblock(request: SignedInRequest, person: str) -> HttpResponse:
    unblock_person(user=request.user, person=person)
    return done(request, "blocks", _("Unblocked"))
