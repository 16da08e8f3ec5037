"""Requests of machines, and the URL pattern of every request."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from chatsite.interfaces import GetResponse
from chatsite.monitoring import health, metrics
from chatsite.monitoring.trace import set_route

PROBES: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {
    "/healthz": health.alive,
    "/readyz": health.ready,
    "/metrics": metrics.page,
}


class ProbesMiddleware:
    """Handles probes before anything else looks at them: they come by plain http, to an address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        response = probe(request) if probe else None
        if response is None:
            return self.get_response(request)
        set_route(request.path_info[1:])
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if request.resolver_match:
            set_route(request.resolver_match.route)
