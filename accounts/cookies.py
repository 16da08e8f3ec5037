"""The cookie that carries the token in browsers."""

from django.conf import settings
from django.http import HttpResponse

from accounts.models import Session
from accounts.tokens import issue_token

NAME = "jwt"


def set_token_cookie(response: HttpResponse, session: Session) -> None:
    response.set_cookie(
        NAME,
        issue_token(session),
        max_age=settings.TOKEN_LIFETIME,
        httponly=True,
        samesite="Strict",
        secure=settings.TOKEN_COOKIE_SECURE,
    )


def clear_token_cookie(response: HttpResponse) -> None:
    response.delete_cookie(NAME, samesite="Strict")
