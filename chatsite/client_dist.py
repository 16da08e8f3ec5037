"""The front end in CLIENT_DIST: its files at their paths, its index page wherever it has a page.

What the site keeps for itself is in KEPT: above all what links in mails and the admin lead to.
"""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, re_path
from django.utils.cache import set_response_etag
from django.utils.http import http_date
from django.views.decorators.http import conditional_page, require_safe
from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError, StaticFile

from chatsite.conf.client import INDEX
from chatsite.interfaces import GetResponse
from chatsite.monitoring.trace import note_route

# First parts of paths. What mails lead to works signed out, and has no likeness elsewhere.
KEPT = ("api", "ws", "socket.io", "admin", "logout", "reset", "address", "offline", "sw.js")
ASSETS = "/assets/"
ROUTE = "client"  # in the log and the metrics
# A name that ends with eight characters of base64, as Vite has it, or with more hexadecimal ones;
# neither a word nor a date.
_HASHED = re.compile(
    rf"^{ASSETS}.+[-.](?!\d+\.)(?=[\w-]*\d|[\w-]+[A-Z])"
    r"(?:[\w-]{8}|[0-9a-f]{9,64})\.\w+(?:\.map)?$"
)


class ClientFilesMiddleware(WhiteNoise):
    """The files, but for the index page: that is a view, and goes through all of the middleware.

    A `.br` or `.gz` beside a file is sent in its place to whoever takes it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.CLIENT_DIST:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.root = settings.CLIENT_DIST
        self.policy = build_policy(config=settings.CLIENT_POLICY)
        super().__init__(
            None,
            root=str(self.root),
            autorefresh=settings.WHITENOISE_AUTOREFRESH,
            allow_all_origins=False,
            add_headers_function=self._add_headers,
            immutable_file_test=lambda _path, url: bool(_HASHED.search(url)),
        )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        find = self.find_file if self.autorefresh else self.files.get
        found = find(path) if _may_be_file(path) else None
        if not found:
            return self.get_response(request)
        note_route(ROUTE)
        response: HttpResponseBase = WhiteNoiseMiddleware.serve(found, request)
        return response

    def update_files_dictionary(self, root: str, prefix: str) -> None:
        found = {str(path): path.stat() for path in _files_in(self.root)}
        for path in found:
            url = prefix + Path(path).relative_to(root).as_posix()
            if _may_be_file(url):
                self.add_file_to_dictionary(url, path, stat_cache=found)

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        if not Path(path).resolve().is_relative_to(self.root):
            raise MissingFileError(path)
        return super().get_static_file(path, url, stat_cache=stat_cache)

    def _add_headers(self, headers: Any, path: str, url: str) -> None:
        """Documents and workers bring their own policy along."""
        headers["Content-Security-Policy"] = self.policy
        if url.endswith(".html"):
            headers["Cache-Control"] = "no-cache"


def url_patterns() -> list[URLPattern]:
    """To stand before all others: whatever is not kept is the front end's."""
    if not settings.CLIENT_DIST:
        return []
    return [re_path(rf"^(?!(?:{_kept()})(?:/|$))", page)]


@require_safe
@conditional_page
def page(request: HttpRequest) -> HttpResponse:
    """The index page, whose script knows what to show at this path; 404 for a missing file."""
    note_route(ROUTE)
    folder = settings.CLIENT_DIST
    if not folder or not _is_page(request):
        raise Http404
    read = _read if settings.WHITENOISE_AUTOREFRESH else _kept_in_memory
    content, modified = read(folder / INDEX)
    headers = {"Cache-Control": "no-cache", "Last-Modified": http_date(modified)}
    response = HttpResponse(content, headers=headers)
    response._csp_config = settings.CLIENT_POLICY  # type: ignore[attr-defined]
    set_response_etag(response)
    return response


def _read(path: Path) -> tuple[bytes, float]:
    return path.read_bytes(), path.stat().st_mtime


# The page and the list of files are of the same build, until the site starts again.
_kept_in_memory = cache(_read)


def _kept() -> str:
    """As a regular expression."""
    served = (settings.STATIC_PATH, settings.MEDIA_URL)
    return "|".join(re.escape(each.strip("/")) for each in (*KEPT, *served))


def _is_page(request: HttpRequest) -> bool:
    """A name with a dot may be one's own: a browser that opens a page says that it takes one."""
    path = request.path_info
    if path.startswith(ASSETS) or _is_hidden(path) or not path.isprintable():
        return False
    name = path.rpartition("/")[2]
    accepted = request.headers.get("Accept", "")
    return "." not in name or path == f"/{INDEX}" or "text/html" in accepted


def _may_be_file(url: str) -> bool:
    if _is_hidden(url) or url == f"/{INDEX}" or not url.isprintable():
        return False
    return not re.match(rf"/(?!sw\.js$)(?:{_kept()})(?:/|$)", url)


def _is_hidden(path: str) -> bool:
    """Names with a dot at their start, and the ways up that only look like them."""
    return "/." in path


def _files_in(folder: Path) -> Iterator[Path]:
    """Not behind links that lead out, nor into folders by links, which may go round in circles."""
    for place, _folders, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if path.is_file() and path.resolve().is_relative_to(folder):
                yield path
