"""In and out: sign-up, log-in, log-out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache

from accounts import links, rate_limited
from accounts.access import (
    PageRequest,
    SignedInRequest,
    next_address,
    redirect_to,
    sign_out_reason,
    signed_in,
    signed_out,
    with_next,
)
from accounts.authentication import all_tokens
from accounts.cookies import clear_token_cookie, set_token_cookie
from accounts.forms.entrance import (
    BecomeOwnerForm,
    InvitationRequestForm,
    LogInForm,
    OwnerForm,
    SignUpForm,
)
from accounts.forms.service import ServiceForm
from accounts.models import SignUps, User
from accounts.requests import start_session_for
from accounts.services.admission import admission, has_owner, site_policy
from accounts.services.log_outs import ENDS_LATER, log_out
from accounts.views.form_page import render_form
from accounts.views.mailed import mailed_context
from chatsite.errors import DomainError


@never_cache
def start(request: PageRequest) -> HttpResponse:
    """Of a new site: whoever has the code that its server printed becomes the owner."""
    return _become_owner(request) if request.user.is_authenticated else _make_owner(request)


@signed_out
def _make_owner(request: PageRequest) -> HttpResponse:
    if has_owner():
        return redirect_to(request, resolve_url("login"))
    return _entrance(request, "accounts/start.html", OwnerForm, rate_limited.make_owner, {})


@signed_in
def _become_owner(request: SignedInRequest) -> HttpResponse:
    form = BecomeOwnerForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        form.submit(rate_limited.become_owner, request=request)
    else:
        form.focus()
    if has_owner():
        return redirect_to(request, resolve_url("chats"))
    return render_form(request, "accounts/start.html", {"form": form}, form)


@never_cache
@signed_out
def signup(request: PageRequest) -> HttpResponse:
    code = request.GET.get("invitation", "")
    try:
        way = admission(code)
    except DomainError as refusal:
        return _not_admitted(request, refusal)
    if way.is_owner:
        return redirect_to(request, links.start_link(""))
    form_class = partial(SignUpForm, invited=way.invitation.email if way.invitation else "")
    service = partial(rate_limited.sign_up, invitation=code)
    return _entrance(request, "accounts/signup.html", form_class, service, {})


def _not_admitted(request: PageRequest, refusal: DomainError) -> HttpResponse:
    """An address of a listed domain can ask for an invitation, if there is no better one."""
    policy = site_policy()
    can_request = policy.sign_up == SignUps.DOMAINS
    context: dict[str, Any] = {"code": refusal.code, "login_link": resolve_url("login")}
    context["is_new_site"] = not has_owner()
    if refusal.code == "dead_link" or not can_request:
        context["can_request"] = can_request
        template = "accounts/not_admitted.html"
        return render(request, template, context, status=200 if request.htmx else refusal.status)
    form = InvitationRequestForm(request.POST if request.method == "POST" else None)
    context |= {"form": form, "domains": policy.domain_list}
    if not form.is_bound:
        form.focus()
    else:
        site = links.site_of(request)
        form.submit(rate_limited.request_invitation, request=request, site=site)
        if not form.errors:
            return redirect_to(request, resolve_url("invitation-sent"))
    return render_form(request, "accounts/signup_domains.html", context, form)


@never_cache
def invitation_sent(request: PageRequest) -> HttpResponse:
    return render(request, "accounts/invitation_sent.html", mailed_context())


@never_cache
@signed_out
def login(request: PageRequest) -> HttpResponse:
    open_to = site_policy().sign_up in (SignUps.OPEN, SignUps.DOMAINS)
    context = {"offers_account": open_to}
    return _entrance(request, "accounts/login.html", LogInForm, rate_limited.log_in, context)


def _entrance(
    request: PageRequest,
    template: str,
    form_class: Callable[..., ServiceForm],
    service: Callable[..., User],
    words: dict[str, Any],
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        form.focus()
    elif user := form.submit(service, request=request):
        return _enter(request, user)
    target = next_address(request)
    context = {
        **words,
        "form": form,
        "is_new_site": not has_owner(),
        "ended": "" if form.is_bound else sign_out_reason(request),
        "login_link": with_next("login", target),
        "signup_link": with_next("signup", target),
    }
    return render_form(request, template, context, form)


def _enter(request: PageRequest, user: User) -> HttpResponse:
    target = resolve_url("deletion") if user.deletion_at else next_address(request)
    response = redirect_to(request, target)
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
