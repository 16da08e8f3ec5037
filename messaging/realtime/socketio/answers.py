"""Answers to requests of Engine.IO, with the headers of any other answer of the site."""

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.fastpath.answers import refusal
from chatsite.fastpath.headers import Headers, learned
from chatsite.interfaces import Message, Scope, Send
from messaging.realtime.handshake import header

TEXT = (b"content-type", b"text/plain; charset=utf-8")
_KIND = b"content-type"


class Answers:
    """`send` takes what the engine answers, one body at once."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._status = 200

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            await self._answer(self._status, message["body"], [TEXT])

    async def refuse(self, error: DomainError) -> None:
        answer = refusal(error)
        kind = (_KIND, b"application/json")
        await self._answer(answer.status, answer.body, [kind, *answer.headers])

    async def _answer(self, status: int, body: bytes, own: Headers) -> None:
        length = (b"content-length", str(len(body)).encode())
        headers = [*_of_the_site(self._scope), *own, length]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _of_the_site(scope: Scope) -> Headers:
    origin = header(scope, b"origin") or ""
    listed = origin if origin in settings.CLIENT_URLS else ""
    headers = learned(scope["scheme"], header(scope, b"host") or "", listed, small=True)
    return [(name, value) for name, value in headers if name != _KIND]
