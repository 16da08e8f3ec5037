"""Deleting the account: requested in the profile, cancelled after a log-in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import rate_limited
from accounts.access import SignedInRequest, redirect_to, signed_in
from accounts.cookies import clear_token_cookie
from accounts.forms.profile import DeletionForm
from accounts.services.deletion import keep_account
from accounts.views.profile import done, section, show
from chatsite.language import day


@section
def request_deletion(request: SignedInRequest) -> HttpResponse:
    form = DeletionForm(request.POST)
    at = form.submit(rate_limited.request_deletion, request=request)
    if at is None:
        return show(request, deletion=form)
    text = _("Your account will be deleted on %(day)s. Log in before to keep it.")
    messages.success(request, text % {"day": day(at)}, extra_tags="entrance")
    response = redirect_to(request, resolve_url("login"))
    clear_token_cookie(response)
    return response


@never_cache
@signed_in
def offer(request: SignedInRequest) -> HttpResponse:
    """To keep it: where log-in leads meanwhile."""
    if not request.user.deletion_at:
        return redirect("profile")
    return render(request, "accounts/deletion.html")


@section
def keep(request: SignedInRequest) -> HttpResponse:
    keep_account(user=request.user)
    return done(request, "deletion", _("Your account stays."))
