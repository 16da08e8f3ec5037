"""Outermost, around HTTP and sockets: an id for each, one access line, and the figures of both."""

import logging
import time
from collections.abc import Awaitable, Mapping
from types import MappingProxyType
from typing import Any

from django.conf import settings

from chatsite.interfaces import Application, Message, Receive, Scope, Send
from chatsite.monitoring import metrics
from chatsite.monitoring.logs import UNMATCHED
from chatsite.monitoring.trace import Trace, begin

logger = logging.getLogger("chatsite.access")

ID_HEADER = b"x-request-id"
CLIENT_GONE = 499  # the client left before a response; web servers log it so
FAILED = 1011
NO_CODE = 1005


class Watch:
    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        with begin(_given_id(scope)) as trace:
            if scope["type"] == "http":
                trace.method = scope["method"]
                await _WatchedRequest(scope, receive, send, trace).run(self.app)
            else:
                await _WatchedSocket(scope, receive, send).run(self.app)


def _given_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == ID_HEADER:
            return bytes(value).decode("latin-1")
    return ""


class _WatchedRequest:
    def __init__(self, scope: Scope, receive: Receive, send: Send, trace: Trace) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._trace = trace
        self._status = 0
        self._started = time.perf_counter()

    async def run(self, app: Application) -> None:
        try:
            await app(self._scope, self._receive, self._sending)
        except Exception:
            self._status = self._status or 500  # which the server sends
            raise
        finally:
            self._report()

    def _sending(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            own = (ID_HEADER, self._trace.request_id.encode())
            message = {**message, "headers": [*message.get("headers", ()), own]}
        return self._send(message)

    def _report(self) -> None:
        seconds = (self._trace.responded or time.perf_counter()) - self._started
        status = self._status or CLIENT_GONE
        fields = {"method": self._scope["method"], "route": self._route(), "status": status}
        metrics.count_request(**fields, seconds=seconds)
        fields["duration_ms"] = round(seconds * 1000, 1)
        _log("request", fields)

    def _route(self) -> str:
        if self._scope["path"].startswith(settings.STATIC_PATH):
            return f"{settings.STATIC_PATH[1:]}<path>"
        return self._trace.route or UNMATCHED


def _log(message: str, fields: Mapping[str, Any] = MappingProxyType({})) -> None:
    """By hand: where in the code it was written, which takes long to find, is of no use."""
    if logger.isEnabledFor(logging.INFO):
        record = logging.LogRecord(logger.name, logging.INFO, "", 0, message, None, None)
        record.__dict__.update(fields)
        logger.handle(record)


class _WatchedSocket:
    __slots__ = ("_code", "_is_open", "_receive", "_scope", "_send", "_started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_open = False
        self._code = 0
        self._started = time.perf_counter()

    async def run(self, app: Application) -> None:
        try:
            await app(self._scope, self._receiving, self._sending)
        except Exception:
            self._code = self._code or FAILED
            raise
        finally:
            self._report_end()

    async def _receiving(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._code = self._code or message.get("code") or NO_CODE
        return message

    def _sending(self, message: Message) -> Awaitable[None]:
        if message["type"] == "websocket.accept":
            self._is_open = True
            metrics.SOCKETS_OPEN.inc()
            _log("socket opened")
        elif message["type"] == "websocket.close":
            self._code = self._code or message.get("code") or 1000
        return self._send(message)

    def _report_end(self) -> None:
        if not self._is_open:
            metrics.count_closed_socket(metrics.REFUSED)
            _log("socket refused")
            return
        metrics.SOCKETS_OPEN.dec()
        code = self._code or NO_CODE
        metrics.count_closed_socket(str(code))
        duration = round((time.perf_counter() - self._started) * 1000, 1)
        _log("socket closed", {"code": code, "duration_ms": duration})
