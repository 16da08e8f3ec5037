"""Sends one message to the push service of a browser (RFC 8030), encrypted for that browser alone
(RFC 8291).

Anybody can name any service: it is asked by https only, at an address that lies outside, which is
looked up once and then connected to; redirects are not followed, and all of it has one deadline.
"""

import asyncio
import re
import ssl
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from hashlib import blake2b
from urllib.parse import SplitResult, urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from django.conf import settings

from chatsite.breaker import Breaker
from chatsite.push.keys import authorization
from chatsite.security.public_addresses import is_public, resolve

DEADLINE = 10  # seconds, for one message
DAY = 24 * 60 * 60
ADDRESSES = 3  # of a service that are tried
PAUSE = 30  # seconds in which a service that did not answer is left alone
LONGEST_WAIT = DAY  # however long a service asks for
MOST = 3993  # bytes of a message: encrypted they are 4096
BLOCK = 256  # bytes: the service sees the length of a message no better than so
_PRINTABLE = re.compile(r"https://[!-~]+")


class Gone(Exception):
    """The browser has given this subscription up."""


class Refused(Exception):
    """The service will never take it. `str` says why."""


class Unavailable(Exception):
    """Later, perhaps: after so many seconds, if the service said so. `str` says why."""

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True, slots=True)
class Target:
    """As a browser gives it: the address that takes messages for it, and its keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str

    def is_valid(self) -> bool:
        try:
            EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _decoded(self.p256dh))
            return len(_decoded(self.auth)) == 16 and _is_allowed(_parts(self.endpoint))
        except ValueError:
            return False

    @property
    def shows_all(self) -> bool:
        """Whether each message has to show something, lest the subscription ends."""
        return (urlsplit(self.endpoint).hostname or "").endswith(".push.apple.com")


def send(
    to: Target, message: bytes, *, topic: str, urgency: str = "high", lifetime: int = DAY
) -> None:
    """One that waits at the service is replaced by a later one of the same `topic`, and dropped
    after `lifetime` seconds. Raises Gone, Refused, Unavailable.
    """
    if len(message) > MOST:
        raise Refused("the message is too long")
    parts = _parts(to.endpoint)
    if not _is_allowed(parts):
        raise Refused("it is no public https address")
    breaker = _breaker(parts.netloc)
    if not breaker.lets_through():
        raise Unavailable(f"{parts.hostname} did not answer just now", PAUSE)
    body = _encrypted(to, message)
    try:
        status, headers = asyncio.run(
            _exchange(parts, _head(parts, len(body), topic, urgency, lifetime) + body)
        )
    except (OSError, TimeoutError, ValueError, EOFError, asyncio.LimitOverrunError) as error:
        breaker.failed()
        raise Unavailable(f"{parts.hostname}: {type(error).__name__}") from error
    breaker.worked()
    _judge(status, headers)


def _parts(endpoint: str) -> SplitResult:
    """Raises ValueError."""
    if not _PRINTABLE.fullmatch(endpoint):
        raise ValueError(endpoint)
    return urlsplit(endpoint)


def _is_allowed(parts: SplitResult) -> bool:
    """Raises ValueError."""
    if not parts.hostname or "@" in parts.netloc:
        return False
    return _is_trusted(parts) or (parts.port or 443) == 443


def _is_trusted(parts: SplitResult) -> bool:
    return parts.netloc.lower() in settings.PUSH_TRUSTED_HOSTS


def _decoded(text: str) -> bytes:
    """Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encrypted(to: Target, message: bytes) -> bytes:
    padded = message.ljust(min(MOST, -(-len(message) // BLOCK) * BLOCK))
    encrypted: bytes = http_ece.encrypt(
        padded,
        private_key=generate_private_key(SECP256R1()),
        dh=_decoded(to.p256dh),
        auth_secret=_decoded(to.auth),
        version="aes128gcm",
    )
    return encrypted


def _head(parts: SplitResult, length: int, topic: str, urgency: str, lifetime: int) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Authorization: {authorization(f'https://{parts.netloc}')}",
        "Content-Type: application/octet-stream",
        "Content-Encoding: aes128gcm",
        f"Content-Length: {length}",
        f"TTL: {lifetime}",
        f"Urgency: {urgency}",
        # Which tells the service nothing else.
        f"Topic: {blake2b(f'{parts.path} {topic}'.encode(), digest_size=16).hexdigest()}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def _exchange(parts: SplitResult, request: bytes) -> tuple[int, Message]:
    """The status and headers of the answer. Raises what `send` takes for no answer, and Refused."""
    host, port = parts.hostname or "", parts.port or 443
    async with asyncio.timeout(DEADLINE):
        reader, writer = await _connected(await _addresses(parts, host, port), host, port)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.transport.abort()
    line, _end, headers = head.partition(b"\r\n")
    return int(line.split(b" ", 2)[1]), BytesParser().parsebytes(headers, headersonly=True)


async def _addresses(parts: SplitResult, host: str, port: int) -> list[str]:
    found = await asyncio.to_thread(resolve, host, port)
    if not _is_trusted(parts) and not all(map(is_public, found)):
        raise Refused(f"{host} is not a public address")
    return found[:ADDRESSES]


async def _connected(
    addresses: list[str], host: str, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first that can be reached. The name is what its certificate has to be for."""
    for place, address in enumerate(addresses, start=1):
        try:
            return await asyncio.open_connection(
                address, port, ssl=_context(), server_hostname=host
            )
        except ssl.SSLError:
            raise
        except OSError:
            if place == len(addresses):
                raise
    raise OSError("no address")


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1000)
def _breaker(_service: str) -> Breaker:
    return Breaker(PAUSE)


def _judge(status: int, headers: Message) -> None:
    if status < 300:
        return
    if status in (404, 410):
        raise Gone
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable(f"the push service answered {status}", _wait(headers))
    raise Refused(f"the push service answered {status}")


def _wait(headers: Message) -> float:
    """Seconds, of Retry-After; 0 where it says nothing that can be read."""
    said = str(headers.get("Retry-After", ""))
    if said.isascii() and said.isdigit():
        return min(LONGEST_WAIT, int(said[:9]))
    try:
        return min(LONGEST_WAIT, max(0, parsedate_to_datetime(said).timestamp() - time.time()))
    except ValueError:
        return 0
