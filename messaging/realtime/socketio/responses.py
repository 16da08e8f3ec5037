"""Responses to requests of Engine.IO, with the headers of any other response of the site."""

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.fastpath.headers import Headers, learned
from chatsite.fastpath.responses import refusal
from chatsite.interfaces import Message, Scope, Send
from chatsite.security.handshakes import header

TEXT = (b"content-type", b"text/plain; charset=utf-8")
_CONTENT_TYPE = b"content-type"


class Responses:
    """`send` takes what the engine responds, one body at once."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._status = 200

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            await self._respond(self._status, message["body"], [TEXT])

    async def refuse(self, error: DomainError) -> None:
        response = refusal(error)
        content_type = (_CONTENT_TYPE, b"application/json")
        await self._respond(response.status, response.body, [content_type, *response.headers])

    async def _respond(self, status: int, body: bytes, own: Headers) -> None:
        length = (b"content-length", str(len(body)).encode())
        headers = [*_of_the_site(self._scope), *own, length]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _of_the_site(scope: Scope) -> Headers:
    origin = header(scope, b"origin") or ""
    listed = origin if origin in settings.CLIENT_URLS else ""
    headers = learned(scope["scheme"], header(scope, b"host") or "", listed, small=True)
    return [(name, value) for name, value in headers if name != _CONTENT_TYPE]
