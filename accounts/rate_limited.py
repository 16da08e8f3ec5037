"""The services that have a limit, for pages and API: counted before anything is done.

Each takes the `request` for its sender, and raises TooMany.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.access import SignedInRequest
from accounts.links import site_of
from accounts.models import Invitation, User
from accounts.requests import ApiRequest
from accounts.services import (
    accounts,
    addresses,
    admission,
    deletion,
    log_ins,
    passwords,
    roles,
)
from accounts.trusted_devices import COOKIE
from chatsite.security.ratelimits import LOG_INS, MAILS_PER_ADDRESS, SIGN_UPS, limited
from chatsite.security.request_limits import WRITES, check, check_upload, user_or_network


@limited(SIGN_UPS)
def sign_up(request: HttpRequest | Request, **fields: str) -> User:
    return accounts.sign_up(**fields, client=user_or_network(request), site=site_of(request))


@limited(SIGN_UPS)
def make_owner(request: HttpRequest, *, code: str, **fields: str) -> User:
    """Also who guesses at the code is counted."""
    admission.check_owner_code(code)
    client, site = user_or_network(request), site_of(request)
    return accounts.sign_up(**fields, invitation=code, client=client, site=site)


@limited(SIGN_UPS)
def become_owner(request: SignedInRequest, *, code: str, password: str) -> None:
    """Requires the password, too."""
    roles.become_owner(user=request.user, code=code, password=password)


@limited(MAILS_PER_ADDRESS)
def request_invitation(request: HttpRequest, *, email: str, site: str) -> str:
    return admission.request_invitation(email=email, site=site)


def invite(*, request: SignedInRequest, **fields: Any) -> Invitation:
    check(WRITES, request.user.pk)
    return admission.invite(user=request.user, **fields)


def log_in(*, request: HttpRequest | Request, email: str, password: str) -> User:
    attempt = log_ins.LogInAttempt(
        request.META.get("REMOTE_ADDR", ""),
        request.COOKIES.get(COOKIE, ""),
        request.headers.get("User-Agent", ""),
        site_of(request),
    )
    return log_ins.log_in(email=email, password=password, attempt=attempt)


@limited(MAILS_PER_ADDRESS)
def request_reset(request: HttpRequest, *, email: str, site: str) -> None:
    passwords.request_reset(email=email, site=site)


def update_profile(*, request: SignedInRequest, picture: bytes | None, **fields: Any) -> User:
    check(WRITES, request.user.pk)
    check_upload(request.user.pk, picture)
    return accounts.update_profile(user=request.user, picture=picture, **fields)


@limited(LOG_INS)
def change_password(request: SignedInRequest, **fields: str) -> None:
    """Requires the password, and so is a way to guess at it."""
    passwords.change_password(user=request.user, keep=request.auth_session, **fields)


@limited(MAILS_PER_ADDRESS)
def request_confirmation(request: SignedInRequest, *, site: str) -> None:
    addresses.request_confirmation(user=request.user, site=site)


@limited(LOG_INS)
def request_address_change(request: SignedInRequest, **fields: str) -> str:
    """Requires the password, too."""
    return addresses.request_address_change(user=request.user, **fields)


@limited(LOG_INS)
def request_deletion(
    request: SignedInRequest | ApiRequest, *, password: str, messages: str
) -> datetime:
    """Requires the password, too. `messages`: "keep" or "remove"."""
    return deletion.request_deletion(
        user=request.user, password=password, removes_messages=messages == "remove"
    )
