"""The database threads of an event loop: some that write, some that read, each on a connection of
its own that it keeps.

A thread takes on all that has come meanwhile, so under load it is woken, and asks the others to let
go of the interpreter, once for many. SQLite has one that writes: there can be one writer anyway.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection

from chatsite.db import in_thread
from chatsite.fastpath.database_thread import DatabaseThread, Run
from chatsite.fastpath.group_commit import run_together
from chatsite.fastpath.jobs import read_each

Result = TypeVar("Result")
Lane = tuple[Run, int]
LANES = 2  # threads of a kind


async def write(work: Callable[[], Result], *, about: str) -> Result:
    """Runs `work`, which writes to the database, together with what others write; the answer comes
    after the commit.

    It may run twice, the first time in vain, so it keeps nothing that it has not got from there.
    `about` is the key of what it locks. Raises Busy.
    """
    return await _do(run_together, work, about, _writing_lanes())


async def read(work: Callable[[], Result], *, about: str) -> Result:
    """`about` is whoever reads: what they ask is answered in turn. Raises Busy."""
    return await _do(read_each, work, about, LANES)


async def _do(run: Run, work: Callable[[], Result], about: str, lanes: int) -> Result:
    if not settings.FAST.group_commit or settings.MONGODB:
        return await in_thread(work)()
    loop = asyncio.get_running_loop()
    threads = _threads.setdefault(loop, {})
    lane = run, hash(about) % lanes
    if lane not in threads:
        threads[lane] = DatabaseThread(loop, run)
    return await threads[lane].put(work, about)


def end_all() -> None:
    """Gives their connections back."""
    for threads in list(_threads.values()):
        for thread in list(threads.values()):
            thread.end()


@cache
def _writing_lanes() -> int:
    return 1 if connection.vendor == "sqlite" else LANES


_threads: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Lane, DatabaseThread]]" = (
    WeakKeyDictionary()
)
