"""The cookie that carries the token in browsers, and the one by which they are known again."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse

from accounts import known_devices
from accounts.models import Session, User
from accounts.tokens import issue_token

NAME = "jwt"


def set_token_cookie(response: HttpResponse, session: Session) -> None:
    _set(response, NAME, issue_token(session), settings.TOKEN_LIFETIME)
    set_device_cookie(response, session.user)


def set_device_cookie(response: HttpResponse, user: User) -> None:
    token = known_devices.device_token(user)
    _set(response, known_devices.COOKIE, token, known_devices.LIFETIME)


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
    response.delete_cookie(NAME, samesite="Strict")
