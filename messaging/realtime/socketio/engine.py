"""Engine.IO: python-engineio's server, with queues that have an end, our own WebSocket, and without
what the site does elsewhere (CORS, compression, a cookie, looking after those who went away).
"""

import logging
from typing import Any

import engineio
from django.conf import settings
from engineio.payload import Payload

from messaging.realtime.socketio.backlog import Backlog
from messaging.realtime.socketio.transport import WebSocket

logger = logging.getLogger(__name__)
logger.setLevel(logging.ERROR)  # below, it quotes packets

PACKETS = 1000  # in the body of one request; each of them counts as a frame
Payload.max_decode_packets = PACKETS

OPTIONS: dict[str, Any] = {
    "async_mode": "asgi",
    "cookie": None,
    "cors_allowed_origins": [],  # nothing is said of it here
    "http_compression": False,
    "logger": logger,
    "max_http_buffer_size": settings.MAX_BODY_BYTES,
    "monitor_clients": False,
}


class Engine(engineio.AsyncServer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**(options | OPTIONS))
        self._async: dict[str, Any] = {**self._async, "websocket": WebSocket}

    def create_queue(self, *args: Any, **kwargs: Any) -> Backlog:
        return Backlog()

    def _log_error_once(self, message: str, message_key: str) -> None:
        """What clients do wrong is answered, and quotes their keys."""
