"""Another e-mail address: requested in the profile, confirmed by a link, which works signed out."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from accounts import links, rate_limited
from accounts.access import PageRequest, SignedInRequest, redirect_to
from accounts.canonical import readable_email
from accounts.forms.address import AddressForm, ConfirmationForm
from accounts.models import User
from accounts.services import addresses
from accounts.views.form_page import render_form
from accounts.views.mailed import dead_link, mailed_link
from accounts.views.profile import done, section, show


@section
def request_change(request: SignedInRequest) -> HttpResponse:
    form = AddressForm(request.POST)
    site = links.site_of(request)
    address = form.submit(rate_limited.request_address_change, request=request, site=site)
    if address is None:
        return show(request, address=form)
    text = _("Check your mail at %(address)s: the link there completes the change.")
    return done(request, "address", text % {"address": readable_email(address)})


@section
def request_confirmation(request: SignedInRequest) -> HttpResponse:
    """For the link that confirms the address they have."""
    form = ConfirmationForm(request.POST)
    form.submit(rate_limited.request_confirmation, request=request, site=links.site_of(request))
    text = form.refusal.notice if form.refusal else _("The link is on its way.")
    return done(request, "address", text)


@mailed_link
def confirm(request: PageRequest, key: str, token: str) -> HttpResponse:
    found = links.address_owner(key, token)
    if not found:
        return dead_link(request, "accounts/address_dead.html")
    owner, address = found
    is_new = address != owner.email
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        form.submit(addresses.confirm_address, key=key, token=token)
        if not form.errors:
            return _changed(request, owner, is_new)
    context = {"form": form, "address": readable_email(address), "is_new": is_new}
    return render_form(request, "accounts/address_link.html", context, form)


def _changed(request: PageRequest, owner: User, is_new: bool) -> HttpResponse:
    """To where the owner sees it; whoever else is signed in here just goes on."""
    done = _("Your e-mail address has been changed.") if is_new else _("Thank you, confirmed.")
    if not request.user.is_authenticated:
        if is_new:
            done = _("Your e-mail address has been changed. Log in with the new one.")
        messages.success(request, done, extra_tags="entrance")
        return redirect_to(request, resolve_url("login"))
    if request.user.pk == owner.pk:
        messages.success(request, done, extra_tags="address")
    return redirect_to(request, resolve_url("profile"))
