"""Who may open a page, and where log-in leads afterwards."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.authentication import EXPECTED_USER, cookie_tokens
from accounts.models import Session, User
from accounts.services.accounts import suspension
from accounts.tokens import session_of

RELOAD_COOKIE = "arrival"
RELOAD_SECONDS = 5


class PageRequest(HttpRequest):
    """A request as it comes out of the middleware."""

    htmx: HtmxDetails
    auth_session: Session | None


class SignedInRequest(PageRequest):
    user: User
    auth_session: Session


Rest = ParamSpec("Rest")
SignedInView = Callable[Concatenate[SignedInRequest, Rest], HttpResponse]
PageView = Callable[Concatenate[PageRequest, Rest], HttpResponse]


def signed_in(view: SignedInView[Rest]) -> PageView[Rest]:
    """For page views: whoever is not signed in is led to log-in, and back here afterwards."""

    @wraps(view)
    def wrapper(request: PageRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            if not _is_expected(request):
                return HttpResponseClientRedirect(_current_address(request))
            return _forget_reload(request, view(cast(SignedInRequest, request), *args, **kwargs))
        return reload_with_cookies(request) or redirect_to(request, login_address(request))

    return wrapper


def signed_out(view: PageView[Rest]) -> PageView[Rest]:
    """For log-in and sign-up: whoever is signed in already goes on to where they wanted to be."""

    @wraps(view)
    def wrapper(request: PageRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return _forget_reload(request, redirect_to(request, next_address(request)))
        return reload_with_cookies(request) or view(request, *args, **kwargs)

    return wrapper


def reload_with_cookies(request: HttpRequest) -> HttpResponse | None:
    """A page that reloads its own address, for visitors whose Strict cookie stayed at home.

    A browser leaves that cookie out when another site (a mail, a chat elsewhere) leads here, but
    not when this page does. The short-lived cookie stops a browser that calls the reload
    cross-site as well from going round in circles.
    """
    if not _came_without_cookies(request) or RELOAD_COOKIE in request.COOKIES:
        return None
    response = render(request, "accounts/arrival.html")
    add_never_cache_headers(response)
    response.set_cookie(RELOAD_COOKIE, "1", max_age=RELOAD_SECONDS, httponly=True, samesite="Lax")
    return response


def _forget_reload(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The next link from elsewhere starts afresh, even one that follows at once."""
    if RELOAD_COOKIE in request.COOKIES:
        response.delete_cookie(RELOAD_COOKIE, samesite="Lax")
    return response


def _came_without_cookies(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and not cookie_tokens(request)
        and request.headers.get("Sec-Fetch-Site") == "cross-site"
        and request.accepts("text/html")
    )


def _is_expected(request: PageRequest) -> bool:
    """A page that was left open names its user: it reloads once another one has signed in."""
    return request.headers.get(EXPECTED_USER, request.user.pk) == request.user.pk


def redirect_to(request: PageRequest, address: str) -> HttpResponse:
    """Moves the whole page, also when htmx requested a part of it."""
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)


def sign_out_reason(request: HttpRequest) -> str:
    """Why somebody is not signed in who still has the cookie of a session: signing out takes it
    away, but not a ban, a new password or signing out from elsewhere. Empty for everybody else.
    """
    tokens = cookie_tokens(request)
    if not tokens:
        return ""
    for session in filter(None, map(session_of, tokens)):
        if session.user.is_banned:
            return suspension(session.user)
    return _("You were signed out on this device. Log in again.")


def login_address(request: PageRequest) -> str:
    return with_next("login", _current_address(request))


def _current_address(request: PageRequest) -> str:
    """Of the page as the browser shows it, also when a part of it is requested."""
    if request.htmx:
        return request.htmx.current_url_abs_path or "/"
    return request.get_full_path()


def with_next(page: str, address: str = "") -> str:
    """The address of a page that leads on to `address`; the front page needs no mention."""
    target = resolve_url(page)
    return target if address in ("", "/") else f"{target}?{urlencode({'next': address}, safe='/')}"


def next_address(request: HttpRequest) -> str:
    """Where `?next=` leads, as long as that is on this site."""
    wanted = request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else "/"
