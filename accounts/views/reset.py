"""A forgotten password: requesting a link, and what the link opens. Both work signed out.

Opening a link changes nothing, since mail scanners open links too: only the form that it shows
does. `next` plays no part here: whoever comes from a mail was nowhere before.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import links, rate_limited
from accounts.access import PageRequest, redirect_to
from accounts.cookies import clear_token_cookie, set_device_cookie
from accounts.forms.address import ConfirmationForm
from accounts.forms.reset import NewPasswordForm, ResetRequestForm
from accounts.models import User
from accounts.services import passwords, sessions
from accounts.views.form_page import render_form
from accounts.views.mailed import dead_link, mailed_context, mailed_link


@never_cache
def request_reset(request: PageRequest) -> HttpResponse:
    """Responds alike whether there is such an account or not."""
    form = ResetRequestForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        form.submit(rate_limited.request_reset, request=request, site=links.site_of(request))
        if not form.errors:
            return redirect_to(request, resolve_url("reset-sent"))
    else:
        form.focus()
    return render_form(request, "accounts/reset.html", {"form": form}, form)


@never_cache
def sent(request: PageRequest) -> HttpResponse:
    return render(request, "accounts/reset_sent.html", mailed_context())


@mailed_link
def choose(request: PageRequest, key: str, token: str) -> HttpResponse:
    owner = links.reset_owner(key, token)
    if not owner:
        return dead_link(request, "accounts/reset_dead.html")
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if user := form.submit(passwords.reset_password, key=key, token=token):
            return _changed(request, user)
    else:
        form.focus()
    context = {"form": form, "owner": owner}
    return render_form(request, "accounts/reset_link.html", context, form)


@mailed_link
def not_me(request: PageRequest, key: str, token: str) -> HttpResponse:
    """Somebody else logged in: signs out everywhere, and leads on to a new password."""
    owner = links.not_me_owner(key, token)
    if not owner:
        return dead_link(request, "accounts/reset_dead.html")
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        form.submit(passwords.begin_reset, key=key, token=token)
    if form.is_bound and not form.errors:
        response = redirect_to(request, links.reset_link("", owner))
        if request.user.pk == owner.pk:
            clear_token_cookie(response)
        return response
    context = {"form": form, "owner": owner}
    return render_form(request, "accounts/not_me.html", context, form)


def _changed(request: PageRequest, owner: User) -> HttpResponse:
    """On to log-in, which whoever is signed in here would not get to see.

    The browser is known from now on: those who guess at the account do not hold its owner up there.
    """
    if request.auth_session and request.auth_session.user_id != owner.pk:  # theirs have ended
        sessions.end_session(session=request.auth_session)
    messages.success(
        request,
        _("Your password has been changed. Log in with the new one."),
        extra_tags="entrance",
    )
    response = redirect_to(request, resolve_url("login"))
    clear_token_cookie(response)
    set_device_cookie(response, owner)
    return response
