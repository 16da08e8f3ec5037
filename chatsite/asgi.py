"""The ASGI application: HTTP to Django, the socket to the chat consumer."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
try:
    django_application = get_asgi_application()
except ImproperlyConfigured as error:
    raise SystemExit(f"Configuration: {error}") from None

from django.conf import settings

from chatsite.charset import Utf8
from chatsite.limits import BodyLimit
from messaging.realtime.routing import socket_application

application = ProtocolTypeRouter(
    {
        "http": Utf8(BodyLimit(django_application, settings.MAX_BODY_BYTES)),
        "websocket": socket_application,
    }
)
