"""Which paths have a socket."""

import re
from collections.abc import Awaitable

from chatsite.interfaces import Receive, Scope, Send
from messaging.realtime.consumer import chat_socket
from messaging.realtime.unknown import refuse

CHAT = re.compile(r"/*ws/chat/?")


def socket_application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Awaits nothing itself: each that waits costs memory, for as long as a socket lives."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    application = chat_socket if CHAT.fullmatch(path) else refuse
    return application(scope, receive, send)
