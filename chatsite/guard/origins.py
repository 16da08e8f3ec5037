"""Which pages may call: this site's own, and those that CLIENT_URL lists.

One rule for HTTP and sockets.
"""

from urllib.parse import urlsplit

from django.conf import settings


def is_own_origin(origin: str, *, scheme: str, host: str) -> bool:
    """`origin` as in the header; `scheme` and `host` (with port) as the request came in."""
    allowed = {f"{scheme}://{host}".lower(), settings.PUBLIC_URL.lower(), *settings.CLIENT_URLS}
    return bool(origin) and origin.lower() in allowed


def origin_of(url: str) -> str:
    """The origin part of a Referer."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # nobody's
    return f"{parts.scheme}://{parts.netloc}"
