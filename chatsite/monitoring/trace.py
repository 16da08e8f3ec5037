"""What the work at hand belongs to: one record for each request or socket.

Everything that is done for it sees the same record, in threads too: they get a copy of the context,
which holds the record itself.
"""

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass

_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(slots=True)
class Trace:
    request_id: str
    method: str = ""  # of a request
    person: str = ""  # the key, once a token was read
    route: str = ""  # the URL's pattern: a path may hold what opens a door, such as a reset link
    responded: float = 0  # by `perf_counter`, where the end of the work is later


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def begin(given_id: str = "") -> Iterator[Trace]:
    """The id that a proxy gave the request, when it is short and harmless; else one of our own."""
    trace = Trace(given_id if _GIVEN_ID.fullmatch(given_id) else _new_id())
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def _new_id() -> str:
    """No secret, so it need not cost a call of the system."""
    return f"{random.getrandbits(64):016x}"


def current() -> Trace | None:
    return _current.get()


def resume(trace: Trace | None) -> None:
    """For a thread that does the work of many, one after another."""
    _current.set(trace)


def set_person(key: str) -> None:
    if trace := _current.get():
        trace.person = key


def set_route(route: str) -> None:
    if trace := _current.get():
        trace.route = route


def set_responded() -> None:
    if trace := _current.get():
        trace.responded = time.perf_counter()


def detached() -> Context:
    """For tasks that outlive the request which happened to start them."""
    context = copy_context()
    context.run(_current.set, None)
    return context
