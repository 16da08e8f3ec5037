"""One thread that works at the database for an event loop."""

import asyncio
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

from django.db import connections

from chatsite.errors import Busy
from chatsite.fastpath.database_calls import DatabaseCall, fault

ENOUGH = 64  # calls at once
MAX_WAITING = 2000  # calls that wait; a call beyond is refused at once
IDLE_SECONDS = 10
Result = TypeVar("Result")
Run = Callable[[list[DatabaseCall]], None]


class DatabaseThread:
    """It starts with a call, hence in a forked worker, and ends when there is none for a while."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: Run) -> None:
        self._loop = weakref.ref(loop)
        self._run = run
        self._waiting = 0
        self._incoming: list[DatabaseCall] = []
        self._calls: SimpleQueue[list[DatabaseCall]] = SimpleQueue()
        self._starting = Lock()
        self._is_working = False
        self._is_closing = False

    def put(self, work: Callable[[], Result], key: str) -> "asyncio.Future[Result]":
        """In the event loop, which hands in at once what comes in one of its rounds."""
        loop = self._loop()
        if loop is None or self._waiting >= MAX_WAITING:
            raise Busy
        self._waiting += 1
        future: asyncio.Future[Result] = loop.create_future()
        self._incoming.append(DatabaseCall(work, key, future))
        if len(self._incoming) == 1:
            loop.call_soon(self._hand_in, loop)
        return future

    def close(self) -> None:
        """As soon as nothing waits; it starts again with the next call."""
        self._is_closing = True
        self._calls.put([])

    def _hand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        calls, self._incoming = self._incoming, []
        with self._starting:
            self._calls.put(calls)
            if not self._is_working:
                self._start(loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_closing = False
        name = f"database-{self._run.__name__}"
        thread = Thread(target=self._work, args=(loop,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads for us
            while not self._calls.empty():
                self._give_up(self._calls.get(), error)
        else:
            self._is_working = True

    def _give_up(self, calls: list[DatabaseCall], error: BaseException) -> None:
        for call in calls:
            call.fail(error)
        self._settle(calls)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while calls := self._next():
            try:
                self._run(calls)
            except BaseException as error:  # whatever it is, others wait
                failure = fault("a database thread failed", error)
                for call in calls:
                    call.fail(failure)
                connections.close_all()
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(self._settle, calls)
        connections.close_all()

    def _next(self) -> list[DatabaseCall]:
        try:
            calls = self._calls.get(timeout=0.001 if self._is_closing else IDLE_SECONDS)
        except Empty:
            return self._stop()
        with suppress(Empty):
            while len(calls) < ENOUGH:
                calls.extend(self._calls.get_nowait())
        return calls or self._next()

    def _stop(self) -> list[DatabaseCall]:
        with self._starting:
            self._is_working = not self._calls.empty()
        return self._next() if self._is_working else []

    def _settle(self, calls: list[DatabaseCall]) -> None:
        self._waiting -= len(calls)
        for call in calls:
            call.settle()
