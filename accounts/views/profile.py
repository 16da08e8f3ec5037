"""What people change about themselves."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from msgspec.structs import asdict

from accounts import links, rate_limited
from accounts.access import Rest, SignedInRequest, SignedInView, next_address, signed_in
from accounts.cookies import set_device_cookie
from accounts.devices import device_of
from accounts.forms.address import AddressForm
from accounts.forms.profile import (
    DeletionForm,
    InvitationForm,
    LanguageForm,
    NotificationsForm,
    PasswordForm,
    PrivacyForm,
    ProfileForm,
)
from accounts.models import Session
from accounts.notifications import decoded as decoded_notifications
from accounts.privacy import decoded
from accounts.record import picture_url
from accounts.services import admission, sessions
from accounts.services.accounts import set_language
from accounts.session_list import session_entries
from accounts.views.form_page import render_form
from chatsite.errors import DomainError, NotFound
from chatsite.language import use_language

THEMES = ("light", "dark")
YEAR = 365 * 24 * 60 * 60


@never_cache
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return show(request)
    form = ProfileForm(request.POST, request.FILES)
    form.submit(rate_limited.update_profile, request=request)
    return show(request, about=form) if form.errors else done(request, "about", _("Saved"))


def section(view: SignedInView[Rest]) -> Callable[..., HttpResponse]:
    """A part of the profile takes what is posted to it; a link or a reload shows the whole."""

    @never_cache
    @signed_in
    def posted(
        request: SignedInRequest, /, *args: Rest.args, **kwargs: Rest.kwargs
    ) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method == "POST" else redirect("profile")

    return posted


@section
def theme(request: SignedInRequest) -> HttpResponse:
    """For those without script; the others set the cookie themselves."""
    response = redirect("profile")
    if (chosen := request.POST.get("theme")) in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax")
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@section
def language(request: SignedInRequest) -> HttpResponse:
    form = LanguageForm(request.POST)
    if not form.is_valid():  # no browser sends that
        return show(request)
    set_language(user=request.user, language=form.cleaned_data["language"])
    use_language(request.user.language or get_language_from_request(request))
    return done(request, "language", _("Saved"))


@section
def password(request: SignedInRequest) -> HttpResponse:
    form = PasswordForm(request.POST)
    form.submit(rate_limited.change_password, request=request)
    if form.errors:
        return show(request, password=form)
    response = done(request, "password", _("Your password has been changed."))
    set_device_cookie(response, request.user)  # the old one died with the old password
    return response


@section
def other_sessions(request: SignedInRequest) -> HttpResponse:
    """Asks first: the profile by a dialog, this page where there is no script."""
    if "confirmed" not in request.POST:
        return render(request, "accounts/sessions_question.html")
    sessions.end_other_sessions(user=request.user, keep=request.auth_session)
    return done(request, "sessions", _("All other devices have been signed out."))


@section
def other_session(request: SignedInRequest, key: str) -> HttpResponse:
    """Signs out one device, even if it is out by now; for this one there is a button of its own."""
    others = Session.objects.filter(user=request.user).exclude(pk=request.auth_session.pk)
    session = get_object_or_404(others, pk=key)
    sessions.end_session(session=session)
    name = session.name or device_of(session.user_agent).name
    return done(request, "sessions", _("%(device)s has been signed out.") % {"device": name})


@section
def session_name(request: SignedInRequest, key: str) -> HttpResponse:
    session = get_object_or_404(Session.objects.active_of(request.user), pk=key)
    try:
        sessions.name_session(session=session, name=request.POST.get("name", ""))
    except DomainError as error:
        return done(request, "sessions", error.message)
    return done(request, "sessions", _("Saved"))


@section
def invitations(request: SignedInRequest) -> HttpResponse:
    form = InvitationForm(request.POST)
    site = links.site_of(request)
    made = form.submit(rate_limited.invite, request=request, site=site)
    if not made:
        return show(request, invitation=form)
    text = _("The invitation is on its way.") if made.email else _("Here is the link.")
    return done(request, "invitations", text)


@section
def invitation(request: SignedInRequest, key: str) -> HttpResponse:
    """Withdraws it, even if it is gone by now."""
    with suppress(NotFound):
        admission.withdraw(user=request.user, key=key)
    return done(request, "invitations", _("The invitation has been withdrawn."))


def show(
    request: SignedInRequest,
    *,
    about: ProfileForm | None = None,
    address: AddressForm | None = None,
    password: PasswordForm | None = None,
    invitation: InvitationForm | None = None,
    deletion: DeletionForm | None = None,
) -> HttpResponse:
    """The whole page, with the form that was refused, if any."""
    about_form = about or ProfileForm(
        initial={"full_name": request.user.full_name, "username": request.user.username}
    )
    context = {
        "about": about_form,
        "address": address or AddressForm(),
        "password": password or PasswordForm(),
        "invitation": invitation or InvitationForm(),
        "invitations": _invitations(request),
        "deletion": deletion or DeletionForm(),
        "picture": picture_url(request.user),
        "write_to_me": links.chat_link(links.site_of(request), request.user),
        "back": next_address(request),
        "language_form": LanguageForm(initial={"language": request.user.language}),
        "privacy": PrivacyForm(initial=asdict(decoded(request.user.privacy))),
        "notifications": NotificationsForm(
            initial=asdict(decoded_notifications(request.user.notifications))
        ),
        "sessions": session_entries(request.user, request.auth_session),
    }
    refused = about or address or password or invitation or deletion
    return render_form(request, "accounts/profile.html", context, refused or about_form)


def _invitations(request: SignedInRequest) -> list[dict[str, Any]] | None:
    """None where they may not invite."""
    if not admission.may_invite(request.user):
        return None
    site = links.site_of(request)
    return [
        {"row": row, "link": links.invitation_link(site, row.code)}
        for row in admission.invitations_of(request.user)
    ]


def done(request: SignedInRequest, part: str, text: str) -> HttpResponse:
    """Redirects, so that a reload sends nothing again; the text appears in its part of the page."""
    messages.success(request, text, extra_tags=part)
    return redirect("profile")
