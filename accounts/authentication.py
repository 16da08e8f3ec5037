"""Whose request it is: one token, of the `jwt` cookie or a bearer header, for pages, admin, API."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import cookies
from accounts.models import Session, User
from accounts.services.sessions import touch_session
from accounts.tokens import InvalidToken, read_session
from chatsite.language import use_language
from chatsite.security import credentials

EXPECTED_USER = "X-Expected-User"


class TokenMiddleware(AuthenticationMiddleware):
    """Sets `request.user` and `request.auth_session` from the cookie, once they are needed, and
    gives who comes with an old token the next one.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.auth_session = SimpleLazyObject(lambda: _cookie_session(request))  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(lambda: _cookie_user(request))  # type: ignore[assignment]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Unless it signs in or out, or caches keep it."""
        session: Session | None = getattr(request, "_cookie_session", None)
        if session and session.claims.is_due and _is_fresh(response):
            cookies.renew_token_cookie(response, session)
        return response


def _is_fresh(response: HttpResponse) -> bool:
    is_kept = "no-store" not in response.headers.get("Cache-Control", "no-store")
    return not is_kept and settings.TOKEN_COOKIE_NAME not in response.cookies


def cookie_tokens(request: HttpRequest | Request) -> list[str]:
    return credentials.tokens_in(request.headers.get("Cookie", ""))


def tokens_of_request(request: HttpRequest | Request) -> list[str]:
    headers = request.headers
    return credentials.tokens_of(headers.get("Authorization", ""), headers.get("Cookie", ""))


def _bearer_of(request: HttpRequest | Request) -> str:
    return credentials.bearer_of(request.headers.get("Authorization", ""))


def any_session(request: HttpRequest | Request) -> Session | None:
    """For views that use a token but require none."""
    return _first_of(tokens_of_request(request))


def all_tokens(request: HttpRequest | Request) -> list[str]:
    """For log-out: that of the header and those of the cookies."""
    return [_bearer_of(request), *cookie_tokens(request)]


def _first_of(tokens: Iterable[str]) -> Session | None:
    return next(_sessions(tokens), None)


def _sessions(tokens: Iterable[str]) -> Iterator[Session]:
    for token in tokens:
        with suppress(InvalidToken):
            yield read_session(token)


class TokenAuthentication(BaseAuthentication):
    """The API's."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        if not tokens_of_request(request):
            return None
        bearer = _bearer_of(request)
        cookie: Session | None = request.auth_session  # type: ignore[attr-defined]  # TokenMiddleware's
        session = _read([bearer]) if bearer else cookie or None
        if session is None or not _is_expected(request, session):
            raise AuthenticationFailed(_("Unauthorized - Invalid token"))
        use_language(session.user.language)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing token 401 rather than 403."""
        return "Bearer"


def _is_expected(request: Request, session: Session) -> bool:
    """A page that was left open says whose it is, so that it never acts for who signed in since."""
    return request.headers.get(EXPECTED_USER, session.user_id) == session.user_id


def _cookie_session(request: HttpRequest) -> Session | None:
    if not hasattr(request, "_cookie_session"):
        request._cookie_session = _read(cookie_tokens(request))  # type: ignore[attr-defined]
    return request._cookie_session  # type: ignore[attr-defined, no-any-return]


def _cookie_user(request: HttpRequest) -> User | AnonymousUser:
    session = _cookie_session(request)
    return session.user if session else AnonymousUser()


def _read(tokens: Iterable[str]) -> Session | None:
    session = _first_of(tokens)
    if session:
        touch_session(session=session)
    return session
