"""Which addresses of a text may be fetched, in the one spelling that all know them by."""

from urllib.parse import quote, urlsplit

import idna
from django.conf import settings

from chatsite.link_previews.fetcher import SAFE, is_allowed
from chatsite.text import first_link

MAX_LENGTH = 2000  # characters


def link_in(text: str) -> str:
    """The first web address, as browsers would request it, in ASCII and without a fragment; "" if
    there is none, or it is not to be fetched: for a port or a name in it, or because it is ours.
    """
    address = first_link(text)
    try:
        return _canonical(f"https://{address}" if address[:4].lower() == "www." else address)
    except ValueError:  # idna's and urlsplit's
        return ""


def _canonical(address: str) -> str:
    """Raises ValueError."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    netloc = f"[{host}]" if ":" in host else host
    if parts.port:
        netloc += f":{parts.port}"
    if "@" in parts.netloc or netloc == urlsplit(settings.PUBLIC_URL).netloc:
        return ""
    path, query = (quote(each, safe=SAFE) for each in (parts.path, parts.query))
    canonical = parts._replace(netloc=netloc, path=path or "/", query=query, fragment="")
    url = canonical.geturl()
    fits = len(url) <= MAX_LENGTH and is_allowed(canonical, settings.LINK_PREVIEW_TRUSTED_HOSTS)
    return url if fits else ""
