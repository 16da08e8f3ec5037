"""Startup and shutdown of a process that serves, for servers with ASGI lifespan events (uvicorn has
them; the others end in a way that runs `atexit`).
"""

import asyncio
import gc
from collections.abc import Callable

from chatsite import job_queue, shutdown
from chatsite.interfaces import Receive, Scope, Send
from chatsite.live.broadcast import worker
from chatsite.monitoring import logs

# How many new objects are looked through at once, and how many such rounds make one of the older
# objects: sockets and people are many and live long, while a request leaves hardly any cycle.
COLLECTIONS = (10_000, 20, 50)


# Called in the event loop as the process begins to serve.
on_startup: list[Callable[[], None]] = []
# Called as it shuts down, before what is under way is awaited.
on_shutdown: list[Callable[[], None]] = []


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        logs.follow(asyncio.get_running_loop())
        shutdown.install(asyncio.get_running_loop())
        worker()  # receives and publishes from now on, sockets or not
        for start in on_startup:
            start()
        _settle_down()
        await send({"type": "lifespan.startup.complete"})
    for stop in on_shutdown:
        stop()
    await asyncio.to_thread(job_queue.close_all)
    await worker().close()
    logs.follow(None)
    await send({"type": "lifespan.shutdown.complete"})


def _settle_down() -> None:
    """What was loaded stays for good: to look through it again and again costs a fifth of each
    connection while thousands come at once, and stops all of them for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
