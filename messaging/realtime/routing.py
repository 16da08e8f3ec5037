"""Which paths have a socket."""

from channels.routing import URLRouter
from django.urls import re_path

from messaging.realtime.consumer import ChatConsumer
from messaging.realtime.unknown import refuse

socket_application = URLRouter(
    [
        re_path(r"^ws/chat/?$", ChatConsumer.as_asgi()),
        re_path(r"", refuse),  # type: ignore[arg-type]  # typed for views alone
    ]
)
