"""What is one's own, from the profile."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest
from accounts.views.profile import done, section
from chatsite.errors import DomainError
from messaging.services.exports import begin_export, remove_export


@section
def export(request: SignedInRequest) -> HttpResponse:
    try:
        begin_export(user=request.user)
    except DomainError as error:
        return done(request, "export", error.notice)
    return done(request, "export", "")


@section
def export_removal(request: SignedInRequest) -> HttpResponse:
    remove_export(user=request.user)
    return done(request, "export", _("The export has been removed."))
