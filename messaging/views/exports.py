"""What is one's own, from the profile."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest
from accounts.views.profile import done, section
from chatsite.errors import DomainError
from messaging.services.exports import begin_export, remove_export
from messaging.services.imports import begin_import, remove_import


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


@section
def history_import(request: SignedInRequest) -> HttpResponse:
    """Of a file that the page has uploaded. Times without a zone are taken for the reader's."""
    fields = {name: request.POST.get(name, "") for name in ("upload", "own_name")}
    zone = timezone.get_current_timezone_name()
    try:
        begin_import(user=request.user, **fields, zone=zone)
    except DomainError as error:
        return done(request, "import", error.notice)
    return done(request, "import", "")


@section
def import_removal(request: SignedInRequest) -> HttpResponse:
    remove_import(user=request.user)
    return done(request, "import", _("The import has been cancelled. What had come stays."))
