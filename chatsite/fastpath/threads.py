"""The database threads of an event loop: some that write, some that read, each on a connection of
its own that it keeps.

A thread takes on all that has come meanwhile, so under load it is woken, and asks the others to let
go of the interpreter, once for many. SQLite has one of each: there can be one writer anyway, and it
answers without waiting for a network.
"""

import asyncio
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connection, connections

from chatsite.db import in_thread
from chatsite.fastpath.group_commit import run_together
from chatsite.fastpath.jobs import Job, read_each

ENOUGH = 64  # jobs at once
IDLE_SECONDS = 10
Result = TypeVar("Result")
Run = Callable[[list[Job]], None]
Lane = tuple[Run, int]
LANES = 2  # threads of a kind, where an answer comes over a network


async def write(work: Callable[[], Result], *, about: str) -> Result:
    """Runs `work`, which writes to the database, together with what others write; the answer comes
    after the commit.

    It may run twice, the first time in vain, so it keeps nothing that it has not got from there.
    `about` is the key of what it locks.
    """
    return await _do(run_together, work, about)


async def read(work: Callable[[], Result], *, about: str) -> Result:
    """`about` is whoever reads: what they ask is answered in turn."""
    return await _do(read_each, work, about)


async def _do(run: Run, work: Callable[[], Result], about: str) -> Result:
    if not settings.FAST.group_commit or settings.MONGODB:
        return await in_thread(work)()
    loop = asyncio.get_running_loop()
    threads = _threads.setdefault(loop, {})
    lane = run, hash(about) % _lanes()
    if lane not in threads:
        threads[lane] = DatabaseThread(loop, run)
    return await threads[lane].put(work, about)


@cache
def _lanes() -> int:
    return 1 if connection.vendor == "sqlite" else LANES


class DatabaseThread:
    """It starts with a job, hence in a forked worker, and ends when there is none for a while."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: Run) -> None:
        self._loop = weakref.ref(loop)
        self._run = run
        self._coming: list[Job] = []
        self._jobs: SimpleQueue[list[Job]] = SimpleQueue()
        self._starting = Lock()
        self._is_working = False

    def put(self, work: Callable[[], Result], about: str) -> "asyncio.Future[Result]":
        """In the event loop, which hands in at once what comes in one of its rounds."""
        loop = self._loop()
        if loop is None:
            raise RuntimeError("the event loop is gone")
        answer: asyncio.Future[Result] = loop.create_future()
        self._coming.append(Job(work, about, answer))
        if len(self._coming) == 1:
            loop.call_soon(self._hand_in, loop)
        return answer

    def _hand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._coming = self._coming, []
        with self._starting:
            self._jobs.put(jobs)
            if not self._is_working:
                self._is_working = True
                name = f"database-{self._run.__name__}"
                Thread(target=self._work, args=(loop,), name=name, daemon=True).start()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        # What a job asks of async code, such as a stock channel layer, is done in the loop.
        SyncToAsync.threadlocal.main_event_loop = loop
        SyncToAsync.threadlocal.main_event_loop_pid = os.getpid()
        while jobs := self._next():
            self._run(jobs)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(_settle, jobs)
        connections.close_all()

    def _next(self) -> list[Job]:
        try:
            jobs = self._jobs.get(timeout=IDLE_SECONDS)
        except Empty:
            return self._end()
        with suppress(Empty):
            while len(jobs) < ENOUGH:
                jobs.extend(self._jobs.get_nowait())
        return jobs

    def _end(self) -> list[Job]:
        with self._starting:
            self._is_working = not self._jobs.empty()
        return self._next() if self._is_working else []


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()


_threads: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Lane, DatabaseThread]]" = (
    WeakKeyDictionary()
)
