"""Figures for Prometheus. With PROMETHEUS_MULTIPROC_DIR those of all workers of this machine."""

import os
import time
from contextlib import suppress
from functools import cache
from hmac import compare_digest
from ipaddress import ip_address, ip_network
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from chatsite.security.credentials import bearer_of

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
REFUSED = "refused"
CODES = {REFUSED, *map(str, (1000, 1001, 1005, 1006, 1009, 1011, 1012, 4401, 4408, 4429))}
OTHER = "other"  # what a client makes up must not become a label

# They would double the lines, to say what Prometheus finds out by itself.
disable_created_metrics()  # type: ignore[no-untyped-call]
REQUESTS = Counter("chatsite_http_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "chatsite_http_request_seconds", "From a request to the end of its answer.", ["method", "route"]
)
SOCKETS_OPEN = Gauge("chatsite_sockets_open", "Sockets open.", multiprocess_mode="livesum")
SOCKETS_OPEN.set(0)  # a worker that died with this process number may have left its figure
SOCKETS_CLOSED = Counter("chatsite_sockets_closed", "Sockets ended, by close code.", ["code"])
MESSAGES_SENT = Counter("chatsite_messages_sent", "Messages stored.")
DELIVERY_SECONDS = Histogram(
    "chatsite_delivery_seconds",
    "From the commit of a change until a worker has written its frames to all sockets it has.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BATCHES_FAILED = Counter(
    "chatsite_batches_failed",
    "Batches at the database that failed by a fault of the code, be it of one write.",
)
WRITES_APART = Counter(
    "chatsite_writes_apart", "Writes done one by one, since the database refused their batch."
)
PUSHES_FAILED = Counter("chatsite_pushes_failed", "Live events that were not passed on.")


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """`route` is a URL's pattern, so that there are only so many."""
    method = method if method in METHODS else OTHER
    _requests(method, route, status).inc()
    _request_seconds(method, route).observe(seconds)


def count_closed_socket(code: str) -> None:
    _sockets_closed(code if code in CODES else OTHER).inc()


def observe_delivery(committed_at: float) -> None:
    """`committed_at` in seconds since 1970, by another machine's clock perhaps."""
    DELIVERY_SECONDS.observe(max(0, time.time() - committed_at))


# Looking a label up takes longer than counting; there are only so many.
@cache
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _request_seconds(method: str, route: str) -> Histogram:
    return REQUEST_SECONDS.labels(method, route)


@cache
def _sockets_closed(code: str) -> Counter:
    return SOCKETS_CLOSED.labels(code)


def page(request: HttpRequest) -> HttpResponse | None:
    """None for whoever may not read it, to whom there is no such page."""
    if request.method not in ("GET", "HEAD") or not _may_read(request):
        return None
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """Where there is a token, it alone opens: whoever comes by a proxy that does not say so has an
    address that may be near.
    """
    token = settings.ENV.operations.metrics_token
    return _has_token(request, token) if token else _is_near(request)


def _has_token(request: HttpRequest, token: str) -> bool:
    given = bearer_of(request.headers.get("Authorization", ""))
    return compare_digest(given.encode(), token.encode())


def _is_near(request: HttpRequest) -> bool:
    """By address only without a proxy in between, as far as that can be seen."""
    if any(f"HTTP_{name}" in request.META for name in ("X_FORWARDED_FOR", "X_FORWARDED_PROTO")):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket in the file system has none
        return False
    return any(address in ip_network(near) for near in settings.ENV.operations.metrics_networks)


def _registry() -> CollectorRegistry:
    folder = settings.ENV.operations.metrics_folder
    if not folder:
        return REGISTRY
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def _forget_the_dead(folder: Path) -> None:
    """Sockets that a worker left open when it died; nobody else notifies the library."""
    for file in folder.glob("gauge_live*_*.db"):
        process = file.stem.rpartition("_")[2]
        if process.isdigit() and not _lives(int(process)):
            with suppress(FileNotFoundError):  # another request was faster
                mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
