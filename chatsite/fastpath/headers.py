"""The headers of a response, learned from the site's own middleware: whatever that sets, the fast
path sets too, and nobody has to say it twice.
"""

from contextlib import suppress

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from chatsite.interfaces import GetResponse

Headers = list[tuple[bytes, bytes]]
PATH = "/api/"
SMALL = 200  # bytes, below which Django does not compress a response, nor says that it might
_OWN = {"content-length"}


def learned(scheme: str, host: str, origin: str, *, small: bool) -> Headers:
    """What the middleware adds to a response of the API, for whichever `host` of ours.

    `origin` is one that CLIENT_URL lists, or nothing.
    """
    key = scheme, origin, small  # none of which a client can make up
    if key not in _learned:
        _learned[key] = _learn(scheme, host, origin, small)
    return _learned[key]


_learned: dict[tuple[str, str, bool], Headers] = {}


def _learn(scheme: str, host: str, origin: str, small: bool) -> Headers:
    response = _through_middleware(_SampleRequest(scheme, host, origin), small)
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.items()
        if name.lower() not in _OWN
    ]


class _SampleRequest(HttpRequest):
    def __init__(self, scheme: str, host: str, origin: str) -> None:
        super().__init__()
        self.method = "GET"
        self.path = self.path_info = PATH
        self.META = {"HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1"}
        if origin:
            self.META["HTTP_ORIGIN"] = origin
        self._scheme = scheme

    @property
    def scheme(self) -> str:
        return self._scheme


def _through_middleware(request: HttpRequest, small: bool) -> HttpResponse:
    """All of the site's, around a response as the API's renderer makes it."""

    def response(_request: HttpRequest) -> HttpResponse:
        content = b" " * (SMALL - small)
        return HttpResponse(content, content_type="application/json", headers={"Vary": "Accept"})

    handler: GetResponse = response
    for name in reversed(settings.MIDDLEWARE):
        with suppress(MiddlewareNotUsed):
            handler = import_string(name)(handler)
    return handler(request)
