"""Any other socket path: the handshake is refused, quietly."""

from typing import Any


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})
