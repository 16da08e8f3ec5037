"""What is still to be done before the process ends, for servers that tell it (uvicorn does; the
others end in a way that runs `atexit`).
"""

import asyncio

from chatsite.guard.body_limit import Receive, Scope, Send
from chatsite.mail import delivery


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await asyncio.to_thread(delivery.outbox.close)
    await send({"type": "lifespan.shutdown.complete"})
