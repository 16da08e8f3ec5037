"""A real uvicorn in this process, which tests can look into and change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from uvicorn import Config, Server

from chatsite.asgi import application
from chatsite.uvicorn_protocols.websockets import WebSocketProtocol
from tests.services import free_port


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[int]:
    """Its port."""
    port = free_port()
    options = {"ws": WebSocketProtocol, "ws_per_message_deflate": False, **options}
    server = Server(Config(application, port=port, lifespan="off", log_config=None, **options))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it tells nobody
        await asyncio.sleep(0.01)
    yield port
    server.should_exit = True
    await task
