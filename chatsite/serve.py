"""Starts the server: `python -m chatsite.serve`, wherever the site runs.

`make run`, the image, the systemd unit, the benchmarks and the tests all start it here, so that
its options are in one place. HOST and PORT say where it listens, WEB_CONCURRENCY how many
processes there are, and every other setting is read by the site itself.
"""

from typing import Any

import uvicorn
from django.core.exceptions import ImproperlyConfigured

from chatsite.conf import env

APPLICATION = "chatsite.asgi:application"
OPTIONS: dict[str, Any] = {
    "loop": "chatsite.loop:Loop",
    "http": "chatsite.uvicorn_protocols.http:HttpProtocol",
    "ws": "chatsite.uvicorn_protocols.websockets:WebSocketProtocol",
    # A few compressed kilobytes could unpack to many messages of the largest size.
    "ws_per_message_deflate": False,
    # chatsite.security.proxies decides whom to believe.
    "proxy_headers": False,
    "server_header": False,
    # Its access lines contain paths and query strings, and so one-use links; ours do not.
    "access_log": False,
    "log_config": None,
    # Of pipelined requests each would begin with what the one before had set in its context: that
    # it was counted, its language.
    "reset_contextvars": True,
    # On SIGTERM sockets are told to reconnect (1012), and requests have these seconds to finish.
    "timeout_graceful_shutdown": 20,
}


def main() -> None:
    try:
        environment = env.read()
        uvicorn.run(APPLICATION, host=environment.host, port=environment.port, **OPTIONS)
    except ImproperlyConfigured as error:
        raise SystemExit(f"Configuration: {error}") from None
    except KeyboardInterrupt:  # before it serves; afterwards uvicorn ends in order
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
