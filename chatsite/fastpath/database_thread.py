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
from chatsite.fastpath.jobs import Job

ENOUGH = 64  # jobs at once
MOST = 2000  # jobs that wait; who comes then is told at once, not after a while
IDLE_SECONDS = 10
Result = TypeVar("Result")
Run = Callable[[list[Job]], None]


class DatabaseThread:
    """It starts with a job, hence in a forked worker, and ends when there is none for a while."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: Run) -> None:
        self._loop = weakref.ref(loop)
        self._run = run
        self._waiting = 0
        self._coming: list[Job] = []
        self._jobs: SimpleQueue[list[Job]] = SimpleQueue()
        self._starting = Lock()
        self._is_working = False
        self._is_ending = False

    def put(self, work: Callable[[], Result], key: str) -> "asyncio.Future[Result]":
        """In the event loop, which hands in at once what comes in one of its rounds."""
        loop = self._loop()
        if loop is None or self._waiting >= MOST:
            raise Busy
        self._waiting += 1
        future: asyncio.Future[Result] = loop.create_future()
        self._coming.append(Job(work, key, future))
        if len(self._coming) == 1:
            loop.call_soon(self._hand_in, loop)
        return future

    def end(self) -> None:
        """As soon as nothing waits; it starts again with the next job."""
        self._is_ending = True
        self._jobs.put([])

    def _hand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._coming = self._coming, []
        with self._starting:
            self._jobs.put(jobs)
            if not self._is_working:
                self._start(loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_ending = False
        name = f"database-{self._run.__name__}"
        thread = Thread(target=self._work, args=(loop,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads for us
            while not self._jobs.empty():
                self._give_up(self._jobs.get(), error)
        else:
            self._is_working = True

    def _give_up(self, jobs: list[Job], error: BaseException) -> None:
        for job in jobs:
            job.fail(error)
        self._settle(jobs)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while jobs := self._next():
            try:
                self._run(jobs)
            except BaseException as error:  # whatever it is, others wait
                for job in jobs:
                    job.fail(RuntimeError(f"a database thread failed: {type(error).__name__}"))
                connections.close_all()
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(self._settle, jobs)
        connections.close_all()

    def _next(self) -> list[Job]:
        try:
            jobs = self._jobs.get(timeout=0.001 if self._is_ending else IDLE_SECONDS)
        except Empty:
            return self._end()
        with suppress(Empty):
            while len(jobs) < ENOUGH:
                jobs.extend(self._jobs.get_nowait())
        return jobs or self._next()

    def _end(self) -> list[Job]:
        with self._starting:
            self._is_working = not self._jobs.empty()
        return self._next() if self._is_working else []

    def _settle(self, jobs: list[Job]) -> None:
        self._waiting -= len(jobs)
        for job in jobs:
            job.settle()
