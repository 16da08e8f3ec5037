"""Log records: one JSON object a line in production, plain lines for people.

What people write, their addresses and what opens doors stay out, whoever logs.
"""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from threading import Lock, Timer, get_ident
from types import TracebackType
from typing import Any, TextIO

import msgspec

from chatsite.conf.operations import Operations
from chatsite.monitoring import trace

UNMATCHED = "unmatched"
WITHHELD = "(withheld: it may quote what people wrote)"
# Beside the text, nothing else that hangs on a record is written: no request, no arguments.
FIELDS = ("request_id", "person", "account", "method", "route", "status", "code", "duration_ms")
_CHAINED = "\nThis led to the next one:\n\n"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def config(operations: Operations, *, production: bool) -> dict[str, Any]:
    """For `LOGGING`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request": {"()": "chatsite.monitoring.logs.RequestFilter"},
            "handshakes": {"()": "chatsite.monitoring.logs.HandshakeFilter"},
            "repeats": {"()": "chatsite.monitoring.logs.RepeatFilter"},
            "undecodable": {"()": "chatsite.monitoring.logs.UndecodableFilter"},
        },
        "formatters": {
            "line": {
                "()": "chatsite.monitoring.logs.LineFormatter",
                "format": "{asctime} {levelname} {name}: {message}",
                "style": "{",
            },
            "json": {"()": "chatsite.monitoring.logs.JsonLineFormatter"},
        },
        "handlers": {
            "console": {
                "()": "chatsite.monitoring.logs.RoundHandler",
                "formatter": operations.log_format,
                "filters": ["undecodable", "request", "repeats"],
            }
        },
        "root": {"handlers": ["console"], "level": _level_of_libraries(operations, production)},
        "loggers": {
            **{name: {"level": operations.log_level} for name in ("chatsite", "accounts")},
            "messaging": {"level": operations.log_level},
            "pymongo": {"level": "INFO"},  # below, it quotes commands with all they hold
            "django": {"handlers": []},  # its own would say everything twice, and mail it
            # Servers would repeat each access line, with the path and the query string.
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"filters": ["handshakes"]},
            "uvicorn.error.sockets": {"level": "WARNING"},  # the lines that the filter is for
            "uvicorn.access": {"handlers": [], "propagate": False},
            "django.channels.server": {"level": "CRITICAL"},
            "django.request": {"level": "ERROR"},  # every 4xx has its access line
        },
    }


def _level_of_libraries(operations: Operations, production: bool) -> str:
    """What they say for debugging quotes frames and statements."""
    quiet = production and operations.log_level == "DEBUG"
    return "INFO" if quiet else operations.log_level


class HandshakeFilter(logging.Filter):
    """Takes out uvicorn's lines on sockets, which have the query string; ours have the same."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(('%s - "WebSocket', "connection "))


class UndecodableFilter(logging.Filter):
    """Takes out what uvicorn logs as an error, with its stack, when a client sends a text frame
    that is no UTF-8. It closes the socket with 1007, which our own line has.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Invalid UTF-8 sequence received from client")


class RepeatFilter(logging.Filter):
    """Of what goes wrong in the same way again and again: one line a minute, then one that says how
    often it happened since.
    """

    WINDOW = 60  # seconds
    MAX_KINDS = 1000  # different ones; beyond that nothing is held back

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._repeats: dict[tuple[object, ...], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or hasattr(record, "repeats"):
            return True
        key = _sort_of(record)
        with self._lock:
            if key in self._repeats:
                self._repeats[key] += 1
                return False
            if len(self._repeats) < self.MAX_KINDS:
                self._repeats[key] = 0
                timer = Timer(self.WINDOW, self.report, [key, record])
                timer.daemon = True
                try:
                    timer.start()
                except RuntimeError:  # the system has no more threads for us: every line is written
                    del self._repeats[key]
        return True

    def report(self, key: tuple[object, ...], first: logging.LogRecord) -> None:
        """The minute is over."""
        with self._lock:
            repeats = self._repeats.pop(key, 0)
        if repeats:
            again = logging.makeLogRecord(first.__dict__)
            again.created, again.exc_info, again.exc_text = time.time(), None, None
            again.msg, again.args = f"{first.getMessage()} (and {repeats} times more)", ()
            again.repeats = repeats
            logging.getLogger(first.name).handle(again)


def _sort_of(record: logging.LogRecord) -> tuple[object, ...]:
    """With an exception: where it was logged, and what it is. Else the words."""
    if record.exc_info and record.exc_info[0]:
        return record.name, record.levelno, record.msg, record.exc_info[0]
    return record.name, record.levelno, record.getMessage()


class RoundHandler(logging.StreamHandler[TextIO]):
    """Writes what is logged in one round of the event loop together: under load that is a line for
    each of many requests. What is worse than information is written at once, in its order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._lines: list[str] = []

    def follow(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """In the thread of the loop, as it begins to serve; None as it ends."""
        self.flush()
        self._loop, self._thread = loop, get_ident() if loop else 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._loop is None or record.levelno > logging.INFO or get_ident() != self._thread:
            self._write()
            super().emit(record)
            return
        try:
            self._lines.append(self.format(record) + self.terminator)
            if len(self._lines) == 1:
                self._loop.call_soon(self.flush)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        with self.lock or nullcontext():
            self._write()
        with suppress(OSError, ValueError):
            super().flush()

    def _write(self) -> None:
        """What cannot be written is lost: whoever logs has other things to do."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        with suppress(OSError, ValueError):
            try:
                self.stream.write("".join(lines))
            except UnicodeEncodeError:
                self.stream.writelines(line.encode("ascii", "replace").decode() for line in lines)


def follow(loop: asyncio.AbstractEventLoop | None) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RoundHandler):
            handler.follow(loop)


class RequestFilter(logging.Filter):
    """Adds whose request it is, and puts the URL's pattern where Django puts the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        if current := trace.current():
            record.request_id = current.request_id
            record.person = current.person
        path = getattr(getattr(record, "request", None), "path", None)
        if path and isinstance(record.args, tuple):
            route = (current and current.route) or UNMATCHED
            record.args = tuple(route if value == path else value for value in record.args)
        return True


class LineFormatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        fields = "".join(f" {name}={value}" for name, value in _fields(record))
        return super().formatMessage(record) + fields

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return stack_trace(ei[1])


class JsonLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat("T", "milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(_fields(record))
        if record.exc_info:
            line["exception"] = stack_trace(record.exc_info[1])
        return _json(line)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    for name in FIELDS:
        if (value := getattr(record, name, None)) not in (None, ""):
            yield name, value


def _json(line: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=str).decode()
    except UnicodeEncodeError:  # half a character, which JSON can only spell out
        return json.dumps(line, default=str)


def stack_trace(error: BaseException | None) -> str:
    """As Python prints it, without the values that databases quote in their errors."""
    return "".join(_chained_lines(error, set())).rstrip() if error else ""


def _chained_lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before and id(before) not in seen:
        yield from _chained_lines(before, seen)
        yield _CHAINED
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    if quotes_values(kind.__module__, kind.__qualname__):
        yield f"{kind.__module__}.{kind.__qualname__}: {WITHHELD}\n"
    else:
        yield from traceback.format_exception_only(error)


def quotes_values(module: str, name: str) -> bool:
    """Errors that name the row: `Key (email)=(ada@example.org) already exists`."""
    if module == "django.db.utils":
        return name in ("IntegrityError", "DataError", "DatabaseError")
    return module.partition(".")[0] in ("psycopg", "pymongo", "bson")
