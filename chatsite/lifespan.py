"""What is still to be done before the process ends, for servers that tell it (uvicorn does; the
others end in a way that runs `atexit`).
"""

import asyncio

from chatsite import jobs
from chatsite.interfaces import Receive, Scope, Send


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await asyncio.to_thread(jobs.close_all)
    await send({"type": "lifespan.shutdown.complete"})
