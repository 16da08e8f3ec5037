"""Who is asking: one token, from the `jwt` cookie or a bearer header, for pages, admin and API."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import cookies
from accounts.models import Session, User
from accounts.services.sessions import touch_session
from accounts.tokens import InvalidToken, read_session

SCHEME = "bearer"
EXPECTED_USER = "X-Expected-User"


def bearer_of(header: str) -> str:
    scheme, _space, token = header.partition(" ")
    return token.strip() if scheme.lower() == SCHEME else ""


class TokenMiddleware(AuthenticationMiddleware):
    """Sets `request.user` and `request.auth_session` from the cookie, once they are asked for."""

    def process_request(self, request: HttpRequest) -> None:
        request.auth_session = SimpleLazyObject(lambda: _cookie_session(request))  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(lambda: _cookie_user(request))  # type: ignore[assignment]


def token_of(request: HttpRequest | Request) -> str:
    """A bearer header goes before the cookie."""
    bearer = bearer_of(request.headers.get("Authorization", ""))
    return bearer or request.COOKIES.get(cookies.NAME, "")


def any_session(request: HttpRequest | Request) -> Session | None:
    """For those who are glad of a token but ask for none."""
    return _session(token_of(request))


def all_sessions(request: HttpRequest | Request) -> list[Session]:
    """For log-out: that of the header and that of the cookie."""
    bearer = bearer_of(request.headers.get("Authorization", ""))
    tokens = {bearer, request.COOKIES.get(cookies.NAME, "")}
    return [session for token in tokens if (session := _session(token))]


def _session(token: str) -> Session | None:
    try:
        return read_session(token)
    except InvalidToken:
        return None


class TokenAuthentication(BaseAuthentication):
    """The API's."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        token = token_of(request)
        if not token:
            return None
        try:
            session = _expected(request, read_session(token))
        except InvalidToken:
            raise AuthenticationFailed(_("Unauthorized - Invalid token")) from None
        touch_session(session=session)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing token 401 rather than 403."""
        return "Bearer"


def _expected(request: Request, session: Session) -> Session:
    """A page that was left open says whose it is, so that it never acts for who signed in since."""
    if request.headers.get(EXPECTED_USER, session.user_id) != session.user_id:
        raise InvalidToken
    return session


def _cookie_session(request: HttpRequest) -> Session | None:
    if not hasattr(request, "_cookie_session"):
        request._cookie_session = _read_cookie(request)  # type: ignore[attr-defined]
    return request._cookie_session  # type: ignore[attr-defined, no-any-return]


def _cookie_user(request: HttpRequest) -> User | AnonymousUser:
    session = _cookie_session(request)
    return session.user if session else AnonymousUser()


def _read_cookie(request: HttpRequest) -> Session | None:
    try:
        session = read_session(request.COOKIES.get(cookies.NAME, ""))
    except InvalidToken:
        return None
    touch_session(session=session)
    return session
