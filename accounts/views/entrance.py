"""In and out: sign-up, log-in, log-out."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts import rate_limited
from accounts.access import (
    PageRequest,
    next_address,
    redirect_to,
    sign_out_reason,
    signed_out,
    with_next,
)
from accounts.authentication import all_tokens
from accounts.cookies import clear_token_cookie, set_token_cookie
from accounts.forms.entrance import LogInForm, SignUpForm
from accounts.forms.service import ServiceForm
from accounts.models import User
from accounts.requests import start_session_for
from accounts.services.log_outs import ENDS_LATER, log_out
from accounts.views.form_page import render_form


@never_cache
@signed_out
def signup(request: PageRequest) -> HttpResponse:
    return _entrance(request, "accounts/signup.html", SignUpForm, rate_limited.sign_up)


@never_cache
@signed_out
def login(request: PageRequest) -> HttpResponse:
    return _entrance(request, "accounts/login.html", LogInForm, rate_limited.log_in)


def _entrance(
    request: PageRequest,
    template: str,
    form_class: type[ServiceForm],
    service: Callable[..., User],
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        form.focus()
    elif user := form.submit(service, request=request):
        return _enter(request, user)
    target = next_address(request)
    context = {
        "form": form,
        "ended": "" if form.is_bound else sign_out_reason(request),
        "login_link": with_next("login", target),
        "signup_link": with_next("signup", target),
    }
    return render_form(request, template, context, form)


def _enter(request: PageRequest, user: User) -> HttpResponse:
    response = redirect_to(request, next_address(request))
    set_token_cookie(response, start_session_for(request, user))
    return response


def logout(request: PageRequest) -> HttpResponse:
    """Only a POST signs out, so that no link or picture elsewhere does; others see the button."""
    if request.method != "POST":
        return redirect("profile" if request.user.is_authenticated else "login")
    if not log_out(all_tokens(request)):
        messages.warning(request, ENDS_LATER, extra_tags="entrance")
    response = redirect("login")
    clear_token_cookie(response)
    return response
