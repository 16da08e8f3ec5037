"""The headers of an answer, learned from the site's own middleware: whatever that sets, the fast
path sets too, and nobody has to say it twice.
"""

from io import BytesIO

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse

Headers = list[tuple[bytes, bytes]]
PATH = "/api/"
SMALL = 200  # bytes, below which Django does not compress an answer, nor says that it might
_OWN = {"content-length"}


def learned(scheme: str, host: str, origin: str, *, small: bool) -> Headers:
    """What the middleware adds to an answer of the API, whatever `host` of ours it is asked for.

    `origin` is one that CLIENT_URL lists, or nothing.
    """
    key = scheme, origin, small  # none of which a client can make up
    if key not in _known:
        _known[key] = _learn(scheme, host, origin, small)
    return _known[key]


_known: dict[tuple[str, str, bool], Headers] = {}


def _learn(scheme: str, host: str, origin: str, small: bool) -> Headers:
    headers = [(b"host", host.encode("latin-1"))]
    if origin:
        headers.append((b"origin", origin.encode("latin-1")))
    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": b"",
        "scheme": scheme,
        "headers": headers,
        "client": ("127.0.0.1", 0),
    }
    response = _Middleware(small).get_response(ASGIRequest(scope, BytesIO()))
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.items()
        if name.lower() not in _OWN
    ]


class _Middleware(BaseHandler):
    """All of the site's, around an answer as the API's renderer makes it."""

    def __init__(self, small: bool) -> None:
        self._content = b" " * (SMALL - small)
        self.load_middleware()

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        headers = {"Vary": "Accept"}
        return HttpResponse(self._content, content_type="application/json", headers=headers)
