"""The cookie that carries the token in browsers, and the one by which they are known again."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse

from accounts import trusted_devices
from accounts.models import Session, User
from accounts.tokens import issue_token, renewed_token
from chatsite.db import now
from chatsite.security.credentials import COOKIE, HOST_PREFIXED_COOKIE


def set_token_cookie(response: HttpResponse, session: Session) -> None:
    for name in _names() - {settings.TOKEN_COOKIE_NAME}:  # of an earlier log-in
        _delete(response, name)
    _set(response, settings.TOKEN_COOKIE_NAME, issue_token(session), settings.TOKEN_LIFETIME)
    set_device_cookie(response, session.user)


def renew_token_cookie(response: HttpResponse, session: Session) -> None:
    """It ends with the session, as the one before."""
    token = renewed_token(session, session.claims)
    left = session.created_at + settings.TOKEN_LIFETIME - now()
    _set(response, settings.TOKEN_COOKIE_NAME, token, left)


def set_device_cookie(response: HttpResponse, user: User) -> None:
    token = trusted_devices.device_token(user)
    _set(response, trusted_devices.COOKIE, token, trusted_devices.LIFETIME)


def _set(response: HttpResponse, name: str, value: str, lifetime: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=lifetime,
        httponly=True,
        samesite="Strict",
        secure=settings.TOKEN_COOKIE_SECURE,
    )


def clear_token_cookie(response: HttpResponse) -> None:
    """What the browser cached of the session goes, too; not its storage, where the page keeps what
    is not sent yet.
    """
    response.headers["Clear-Site-Data"] = '"cache"'
    for name in _names():
        _delete(response, name)


def _names() -> set[str]:
    return {COOKIE, HOST_PREFIXED_COOKIE} if settings.TOKEN_COOKIE_SECURE else {COOKIE}


def _delete(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, samesite="Strict")
