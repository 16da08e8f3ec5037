"""The front end in CLIENT_DIST: its files at their paths, its index page wherever it has a page.

The paths of the site itself are in RESERVED: above all those of links in mails and of the admin.

The one module that touches the inside of WhiteNoise. Its documented classes serve all that is in a
folder, also what links in it lead to outside, hidden files and the index page.
"""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from csp.decorators import csp
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, re_path
from django.utils.cache import set_response_etag
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import MissingFileError, StaticFile

from chatsite.conf.client import INDEX
from chatsite.interfaces import GetResponse
from chatsite.monitoring.probes import PROBES
from chatsite.monitoring.trace import set_route

# First parts of paths. What mails lead to works signed out, and has no likeness elsewhere.
RESERVED = (
    *("api", "ws", "socket.io", "admin", "logout", "offline", "sw.js", "reset-app"),
    *("start", "reset", "address", "digest", "not-me"),
    *(probe.strip("/") for probe in PROBES),  # for who may not see them they are not there
)
ASSETS = "/assets/"
ROUTE = "client"  # in the log and the metrics
# Words and numbers: section2, DarkMode, small-24, 20260101.
_WORDS = r"(?:\d+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]+)*\d*)(?:[-_](?:\d+|[A-Za-z][a-z]+))*\."
# A name that ends with eight characters of base64, as Vite has it, or with more hexadecimal ones.
_HASHED = re.compile(
    rf"^{ASSETS}.+[-.](?!{_WORDS})(?=[\w-]*\d|[\w-]+[A-Z])"
    r"(?:[\w-]{8}|[0-9a-f]{9,64})\.\w+(?:\.map)?$"
)
# Not whatever is invisible: Persian words and some emoji are held together by such.
_CONTROL = re.compile(r"[\0-\x1f\x7f]")


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
        try:
            response: HttpResponseBase = WhiteNoiseMiddleware.serve(found, request)
        except FileNotFoundError:  # a build took it away since the site was started
            return self.get_response(request)
        set_route(ROUTE)
        return response

    def update_files_dictionary(self, root: str, prefix: str) -> None:
        found = self._inside(_files_in(self.root))
        for path in found:
            url = prefix + Path(path).relative_to(root).as_posix()
            if _may_be_file(url):
                self.add_file_to_dictionary(url, path, stat_cache=found)

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """A smaller copy beside the file is no way out either."""
        if stat_cache is None:
            stat_cache = self._inside(path + ending for ending in ("", ".gz", ".br"))
        if path not in stat_cache:
            raise MissingFileError(path)
        return super().get_static_file(path, url, stat_cache=stat_cache)

    def _inside(self, paths: Iterable[str]) -> dict[str, os.stat_result]:
        """Those that are files, and not behind links that lead out."""
        # Path.is_file() fails for names that are too long.
        files = [Path(path) for path in paths if os.path.isfile(path)]  # noqa: PTH113
        inside = [path for path in files if path.resolve().is_relative_to(self.root)]
        return {str(path): path.stat() for path in inside}

    def _add_headers(self, headers: Any, path: str, url: str) -> None:
        """Documents and workers bring their own policy along."""
        headers["Content-Security-Policy"] = self.policy
        if url.endswith(".html"):
            headers["Cache-Control"] = "no-cache"


def url_patterns() -> list[URLPattern]:
    """To stand before all others: whatever is not reserved is the front end's."""
    if not settings.CLIENT_DIST:
        return []
    return [re_path(rf"^(?!(?:{_reserved_pattern()})(?:/|$))", page)]


@csrf_exempt  # it changes nothing: a POST gets a 405 that names the methods
@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """The index page, whose script knows what to show at this path; 404 for a missing file."""
    set_route(ROUTE)
    folder = settings.CLIENT_DIST
    if not folder or not _is_page(request):
        raise Http404
    read = _read if settings.WHITENOISE_AUTOREFRESH else _read_cached
    content, modified = read(folder / INDEX)
    headers = {"Cache-Control": "no-cache", "Last-Modified": http_date(modified)}
    response = HttpResponse(content, headers=headers)
    set_response_etag(response)
    return csp(settings.CLIENT_POLICY)(lambda _request: response)(request)


def _read(path: Path) -> tuple[bytes, float]:
    return path.read_bytes(), path.stat().st_mtime


# The page and the list of files are of the same build, until the site starts again.
_read_cached = cache(_read)


def _reserved_pattern() -> str:
    """As a regular expression."""
    served = (settings.STATIC_PATH, settings.MEDIA_URL)
    return "|".join(re.escape(each.strip("/")) for each in (*RESERVED, *served))


def _is_page(request: HttpRequest) -> bool:
    """A name with a dot may be one's own: a browser that opens a page accepts HTML."""
    path = request.path_info
    if path.startswith(ASSETS) or _is_hidden(path) or _CONTROL.search(path):
        return False
    name = path.rpartition("/")[2]
    accepted = request.headers.get("Accept", "")
    return "." not in name or path == f"/{INDEX}" or "text/html" in accepted


def _may_be_file(url: str) -> bool:
    if _is_hidden(url) or url == f"/{INDEX}" or _CONTROL.search(url):
        return False
    return not re.match(rf"/(?!sw\.js$)(?:{_reserved_pattern()})(?:/|$)", url)


def _is_hidden(path: str) -> bool:
    """Names with a dot at their start, and the ways up that only look like them."""
    return "/." in path


def _files_in(folder: Path) -> Iterator[str]:
    """Not into folders by links, which may go round in circles."""
    for directory, _folders, names in os.walk(folder):
        yield from (str(Path(directory, name)) for name in names)
