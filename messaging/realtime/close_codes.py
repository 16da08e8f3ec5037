"""Why a socket was closed: the codes of WebSocket's close frames, ours from 4400 on."""

from accounts.events import SESSION_ENDED

__all__ = [
    "CONNECTION_LOST",
    "INTERNAL_ERROR",
    "MESSAGE_TOO_BIG",
    "MISSED_EVENTS",
    "SERVICE_RESTART",
    "SESSION_ENDED",
    "TOO_MANY_FRAMES",
]

CONNECTION_LOST = 1006  # never sent
MESSAGE_TOO_BIG = 1009
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012  # sent by the web server
MISSED_EVENTS = 4408  # reconnect, with the token of now, and sync
TOO_MANY_FRAMES = 4429
