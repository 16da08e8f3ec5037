"""Which paths have a socket."""

from typing import Any

from django.urls import path, re_path

from chatsite.security.handshakes import deny
from messaging.realtime.consumer import ChatConsumer
from messaging.realtime.socketio.upgrades import socketio_socket

chat: Any = ChatConsumer.as_asgi()
socketio: Any = socketio_socket  # Django's types know views of requests alone
others: Any = deny

websocket_urlpatterns = [
    path("ws/chat/", chat),
    path("ws/chat", chat),
    path("socket.io/", socketio),
    path("socket.io", socketio),
    re_path("", others),
]
