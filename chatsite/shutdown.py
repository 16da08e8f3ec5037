"""Callbacks for the moment of a shutdown signal: before the server waits for requests that
are under way, so that those which would take long are cut short.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any
from weakref import WeakMethod

SIGNALS = (signal.SIGTERM, signal.SIGINT)
Handler = Callable[[int, FrameType | None], Any]
_methods: "list[WeakMethod[Callable[[], None]]]" = []


def on_shutdown(method: Callable[[], None]) -> None:
    """It is called in the event loop. Nothing happens when whose method it is lives no more."""
    _methods[:] = [kept for kept in _methods if kept()]
    _methods.append(WeakMethod(method))


def install(loop: asyncio.AbstractEventLoop) -> None:
    """As the process begins to serve, after the server's own handlers, which are called first."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _and_then(handler, loop))


def _and_then(handler: Handler, loop: asyncio.AbstractEventLoop) -> Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        handler(number, frame)
        if not loop.is_closed():
            loop.call_soon_threadsafe(_call_all)

    return handle


def _call_all() -> None:
    for kept in _methods:
        if method := kept():
            method()
