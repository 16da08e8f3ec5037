"""The database threads of an event loop: one that writes, some that read, each on a connection of
its own that it keeps.

A thread takes on all that has come meanwhile, so under load it wakes, and takes the interpreter
lock, once for many. What is written at once costs little more than one: two
threads would have half of it each, at twice the cost.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings

from chatsite.db import in_thread
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.database_calls import DatabaseCall, read_each, write_each
from chatsite.fastpath.database_thread import DatabaseThread, Run
from chatsite.fastpath.group_commit import run_together

Result = TypeVar("Result")
ThreadKey = tuple[Run, int]
READERS = 2
# MongoDB has no line of its own for who writes the same: it refuses. So each conversation has one
# writer in a process, and what several processes write at once is repeated.
MONGODB_WRITERS = 8


async def write(work: Bulk, *, key: str) -> Any:
    """Does `work`, which writes to the database, together with what others write. Returns
    after the commit.

    It may run twice, the first time in vain, so it keeps nothing that it has not got from there.
    `key` is the key of what it locks. Raises Busy.
    """
    if settings.MONGODB:
        return await _do(write_each, work, key, MONGODB_WRITERS)
    is_shared = settings.FAST.group_commit and settings.FAST.threads
    return await _do(run_together if is_shared else write_each, work, key, 1)


async def read(work: Callable[[], Result], *, key: str) -> Result:
    """`key` is whoever reads: their reads run one after another. Raises Busy."""
    if settings.MONGODB:
        return await in_thread(work)()
    return await _do(read_each, work, key, READERS)


async def _do(run: Run, work: Callable[[], Result], key: str, count: int) -> Result:
    loop = asyncio.get_running_loop()
    if not settings.FAST.threads:
        future: asyncio.Future[Result] = loop.create_future()
        call = DatabaseCall(work, key, future)
        await in_thread(run)([call])
        call.settle()
        return await future
    threads = _threads.setdefault(loop, {})
    thread_key = run, hash(key) % count
    if thread_key not in threads:
        threads[thread_key] = DatabaseThread(loop, run)
    return await threads[thread_key].put(work, key)


def close_all() -> None:
    """Gives their connections back."""
    for threads in list(_threads.values()):
        for thread in list(threads.values()):
            thread.close()


_threads: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[ThreadKey, DatabaseThread]]" = (
    WeakKeyDictionary()
)
