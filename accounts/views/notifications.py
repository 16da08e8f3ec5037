"""How people are notified of what they missed, from the profile."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest
from accounts.forms.profile import NotificationsForm
from accounts.models import Session
from accounts.services.notifications import change_notifications
from accounts.services.push_subscriptions import unsubscribe
from accounts.views.profile import done, section, show


@section
def notifications(request: SignedInRequest) -> HttpResponse:
    """Quiet hours go by the zone of the browser in which they are chosen."""
    form = NotificationsForm(request.POST)
    if not form.is_valid():  # no browser sends that
        return show(request)
    zone = timezone.get_current_timezone_name()
    change_notifications(user=request.user, zone=zone, **form.cleaned_data)
    return done(request, "notifications", _("Saved"))


@section
def session_notifications(request: SignedInRequest, key: str) -> HttpResponse:
    """Sends the device no push messages any more."""
    session = get_object_or_404(Session.objects.filter(user=request.user), pk=key)
    unsubscribe(sessions=[session.pk])
    return done(request, "sessions", _("This device is not notified any more."))
