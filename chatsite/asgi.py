"""The ASGI application: HTTP to Django, sockets to the consumers of messaging/routing.py."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
try:
    django_application = get_asgi_application()
except ImproperlyConfigured as error:
    raise SystemExit(f"Configuration: {error}") from None

from django.conf import settings

from chatsite.charset import Utf8
from chatsite.disconnect import DisconnectMiddleware
from chatsite.fastpath.http import FastPath
from chatsite.files.streaming import StreamedBodies
from chatsite.lifespan import lifespan
from chatsite.monitoring.watch import Watch
from chatsite.security.body_limit import BodyLimit
from chatsite.security.handshakes import HostAndOriginValidator
from chatsite.security.proxies import TrustedProxies
from messaging.api import attachments, fast
from messaging.realtime.socketio.polling import Polling
from messaging.routing import websocket_urlpatterns

disconnectable = DisconnectMiddleware(django_application)
trusted = TrustedProxies(
    ProtocolTypeRouter(
        {
            "http": Polling(
                FastPath(
                    Utf8(
                        StreamedBodies(
                            disconnectable,
                            BodyLimit(disconnectable, settings.MAX_BODY_BYTES),
                            attachments.is_upload,
                        )
                    ),
                    fast.find,
                )
            ),
            "websocket": HostAndOriginValidator(
                DisconnectMiddleware(URLRouter(websocket_urlpatterns))
            ),
            "lifespan": lifespan,
        }
    ),
    settings.TRUSTED_PROXIES,
)
application: Any = Watch(trusted)  # servers and clients type it each their own way
