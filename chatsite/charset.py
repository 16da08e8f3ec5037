"""Requests are read as UTF-8, whatever charset they claim."""

import re

from chatsite.interfaces import Application, Receive, Scope, Send

# Parameters whose name ends with an asterisk say their charset themselves.
_CHARSET = re.compile(rb";\s*(?:charset|[^;=]*\*)\s*=[^;]*", re.IGNORECASE)


class Utf8:
    """Django would look up any name, and fail at the codecs that are none, or are for no text."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [_without_charset(*header) for header in scope["headers"]]}
        await self.app(scope, receive, send)


def _without_charset(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return name, _CHARSET.sub(b"", value) if name.lower() == b"content-type" else value
