"""Which pages may call: this site's own, and those that CLIENT_URL lists.

One rule for HTTP and sockets.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings

from chatsite.conf.variables import without_default_port


def is_own_origin(origin: str, *, scheme: str, host: str) -> bool:
    """`origin` as in the header; `scheme` and `host` (with port) as the request came in."""
    allowed = {_origin(scheme, host), settings.PUBLIC_URL.lower(), *settings.CLIENT_URLS}
    return bool(origin) and origin.lower() in allowed


def address_for(origin: str | None, *, scheme: str, host: str) -> str:
    """What a page of a listed origin has to put before the paths of this site, where no PUBLIC_URL
    is in front of them anyway; nothing for our own pages and for programs.
    """
    is_listed = origin is not None and origin.lower() in settings.CLIENT_URLS
    own = _origin(scheme, host)
    is_needed = is_listed and not settings.PUBLIC_URL and origin != own
    return own if is_needed else ""


# What `is_foreign` goes by.
HEADERS = ("origin", "sec-fetch-site", "referer")


def is_foreign(header: Callable[[str], str | None], *, scheme: str, host: str) -> bool:
    """By what a browser sends: Origin, else Sec-Fetch-Site, else Referer (`HEADERS`). One that
    sends none is no browser. `header` returns one by its name in lower case.
    """
    if (origin := header("origin")) is not None:
        return not is_own_origin(origin, scheme=scheme, host=host)
    if (site := header("sec-fetch-site")) is not None:
        return site not in ("same-origin", "none")
    referer = header("referer")
    return bool(referer) and not is_own_origin(origin_of(referer or ""), scheme=scheme, host=host)


def origin_of(url: str) -> str:
    """The origin part of a Referer."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # nobody's
    return f"{parts.scheme}://{parts.netloc}"


def _origin(scheme: str, host: str) -> str:
    """This site's, as it was requested."""
    return without_default_port(f"{scheme}://{host}".lower())
