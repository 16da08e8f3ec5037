"""Which paths have a socket."""

import re
from collections.abc import Awaitable

from chatsite.interfaces import Receive, Scope, Send
from messaging.realtime import socketio
from messaging.realtime.socketio.upgrades import socketio_socket
from messaging.realtime.unknown import refuse
from messaging.realtime.websocket import chat_socket

CHAT = re.compile(r"/*ws/chat/?")
APPLICATIONS = ((CHAT, chat_socket), (socketio.PATH, socketio_socket))


def socket_application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Awaits nothing itself: each that waits costs memory, for as long as a socket lives."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for pattern, application in APPLICATIONS:
        if pattern.fullmatch(path):
            return application(scope, receive, send)
    return refuse(scope, receive, send)
