"""The pages around an account: in, out, and what people change about themselves."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.access import (
    PageRequest,
    Rest,
    SignedInRequest,
    SignedInView,
    lead_to,
    next_address,
    signed_in,
    signed_out,
    was_ended,
    with_next,
)
from accounts.cookies import clear_token_cookie, set_token_cookie
from accounts.devices import device_of
from accounts.forms import LogInForm, PasswordForm, ProfileForm, ServiceForm, SignUpForm
from accounts.models import Session, User
from accounts.payloads import picture_url
from accounts.requests import start_session_for
from accounts.rows import session_rows
from accounts.services import accounts, sessions

THEMES = ("light", "dark")
YEAR = 365 * 24 * 60 * 60


@never_cache
@signed_out
def signup(request: PageRequest) -> HttpResponse:
    return _entrance(request, "accounts/signup.html", SignUpForm, accounts.sign_up)


@never_cache
@signed_out
def login(request: PageRequest) -> HttpResponse:
    return _entrance(request, "accounts/login.html", LogInForm, accounts.authenticate)


def _entrance(
    request: PageRequest,
    template: str,
    form_class: type[ServiceForm],
    service: Callable[..., User],
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        form.focus()
    elif user := form.submit(service):
        return _enter(request, user)
    target = next_address(request)
    context = {
        "form": form,
        "ended": was_ended(request) and not form.is_bound,
        "login_link": with_next("login", target),
        "signup_link": with_next("signup", target),
    }
    return render(request, template, context, status=_status(request, form))


def _enter(request: PageRequest, user: User) -> HttpResponse:
    response = lead_to(request, next_address(request))
    set_token_cookie(response, start_session_for(request, user))
    return response


def logout(request: PageRequest) -> HttpResponse:
    """Only a POST signs out, so that no link or picture elsewhere does; others see the button."""
    if request.method != "POST":
        return redirect("profile" if request.user.is_authenticated else "login")
    if request.auth_session:
        sessions.end_session(session=request.auth_session)
    response = redirect("login")
    clear_token_cookie(response)
    return response


@never_cache
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return _profile(request)
    form = ProfileForm(request.POST, request.FILES)
    form.submit(accounts.update_profile, user=request.user)
    return _profile(request, about=form) if form.errors else _done(request, "about", _("Saved"))


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
def password(request: SignedInRequest) -> HttpResponse:
    form = PasswordForm(request.POST)
    form.submit(accounts.change_password, user=request.user, keep=request.auth_session)
    if form.errors:
        return _profile(request, password=form)
    return _done(request, "password", _("Your password is changed."))


@section
def other_sessions(request: SignedInRequest) -> HttpResponse:
    sessions.end_other_sessions(user=request.user, keep=request.auth_session)
    return _done(request, "sessions", _("You are signed in here alone."))


@section
def other_session(request: SignedInRequest, key: str) -> HttpResponse:
    """Signs out one device, even if it is out by now; for this one there is a button of its own."""
    others = Session.objects.filter(user=request.user).exclude(pk=request.auth_session.pk)
    session = get_object_or_404(others, pk=key)
    sessions.end_session(session=session)
    name = device_of(session.user_agent).name
    return _done(request, "sessions", _("%(device)s is signed out.") % {"device": name})


def _profile(
    request: SignedInRequest, about: ProfileForm | None = None, password: PasswordForm | None = None
) -> HttpResponse:
    context = {
        "about": about or ProfileForm(initial={"full_name": request.user.full_name}),
        "password": password or PasswordForm(),
        "picture": picture_url(request.user),
        "back": next_address(request),
        "sessions": session_rows(request.user, request.auth_session),
    }
    refused = about or password
    status = _status(request, refused) if refused else 200
    return render(request, "accounts/profile.html", context, status=status)


def _done(request: SignedInRequest, part: str, text: str) -> HttpResponse:
    """Redirects, so that a reload sends nothing again; the text appears in its part of the page."""
    messages.success(request, text, extra_tags=part)
    return redirect("profile")


def _status(request: PageRequest, form: ServiceForm) -> int:
    return 200 if request.htmx else form.status  # htmx shows nothing of a refusal
