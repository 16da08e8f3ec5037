"""Sends one message to the push service of a browser (RFC 8030), encrypted for that browser alone
(RFC 8291).

Anybody can name any service. So it is contacted by https only, at a public address, which is looked
up once and then connected to; redirects are not followed, and one deadline covers everything. A
slow service does not hold up messages to others.
"""

import asyncio
import re
import ssl
import time
from base64 import urlsafe_b64decode
from concurrent.futures import Future
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from hashlib import blake2b
from threading import Thread
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
from chatsite.site_limiter import RETRY_AFTER, SiteBusy, SiteLimiter

DEADLINE = 3  # seconds, for one message
SLOW = 2  # seconds after which a response is as bad as none
MAX_CONCURRENT = 2  # messages that one service takes of this process
SLOT_WAIT = 0.5  # seconds to wait for a free slot
DAY = 24 * 60 * 60
ADDRESSES = 3  # of a service that are tried
PAUSE = 30  # seconds in which a service that did not respond is left alone
MAX_WAIT = DAY  # whatever a service demands
MAX_BYTES = 3993  # bytes of a message: encrypted they are 4096
BLOCK = 256  # bytes: the service sees the length of a message no better than so
_PRINTABLE = re.compile(r"https://[!-~]+")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?")


class SubscriptionGone(Exception):
    """The browser has given this subscription up."""


class PushRefused(Exception):
    """The service will never take it. `str` says why."""


class PushUnavailable(Exception):
    """Later, perhaps: after so many seconds, if the service said so. `str` says why."""

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class PushBusy(PushUnavailable):
    """The service has enough messages of ours under way, and got no further one."""


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
    after `lifetime` seconds. Raises SubscriptionGone, PushRefused, PushUnavailable, PushBusy.
    """
    if len(message) > MAX_BYTES:
        raise PushRefused("the message is too long")
    parts = _parts(to.endpoint)
    if not _is_allowed(parts):
        raise PushRefused("it is no public https address")
    try:
        with _site_limiter.slot(_host(parts), SLOT_WAIT):
            status, headers = _post(parts, to, message, topic, urgency, lifetime)
    except SiteBusy as error:
        raise PushBusy(str(error), RETRY_AFTER) from None
    _raise_for_status(status, headers)


_site_limiter = SiteLimiter(MAX_CONCURRENT)


def _host(parts: SplitResult) -> str:
    """In one spelling."""
    return (parts.hostname or "").rstrip(".")


def _post(
    parts: SplitResult, to: Target, message: bytes, topic: str, urgency: str, lifetime: int
) -> tuple[int, Message]:
    """The status and headers. Raises PushRefused, PushUnavailable."""
    breaker = _breaker(_host(parts), parts.port or 443)
    if not breaker.allows_request():
        raise PushUnavailable(f"{parts.hostname} did not answer just now", PAUSE)
    body = _encrypted(to, message)
    request = _head(parts, len(body), topic, urgency, lifetime) + body
    began = time.monotonic()
    try:
        addresses = _addresses(parts)
        left = DEADLINE - (time.monotonic() - began)
        response = asyncio.run(_exchange(parts, addresses, request, left))
    except (OSError, TimeoutError, ValueError, EOFError, asyncio.LimitOverrunError) as error:
        breaker.record_failure()
        raise PushUnavailable(f"{parts.hostname}: {type(error).__name__}") from error
    if time.monotonic() - began > SLOW:
        breaker.record_failure()
    else:
        breaker.record_success()
    return response


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
    padded = message.ljust(min(MAX_BYTES, -(-len(message) // BLOCK) * BLOCK))
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
        # Which reveals nothing else to the service.
        f"Topic: {blake2b(f'{parts.path} {topic}'.encode(), digest_size=16).hexdigest()}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def _exchange(
    parts: SplitResult, addresses: list[str], request: bytes, left: float
) -> tuple[int, Message]:
    """Within so many seconds. Raises what `_post` takes for none."""
    async with asyncio.timeout(left):
        reader, writer = await _connected(addresses, parts.hostname or "", parts.port or 443)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.transport.abort()
    line, _end, headers = head.partition(b"\r\n")
    if not (status := _STATUS.fullmatch(line)):
        raise ValueError("no HTTP")
    return int(status[1]), BytesParser().parsebytes(headers, headersonly=True)


def _addresses(parts: SplitResult) -> list[str]:
    """Raises PushRefused, OSError, TimeoutError, ValueError."""
    host = parts.hostname or ""
    found = _resolved(host, parts.port or 443)
    if not _is_trusted(parts) and not all(map(is_public, found)):
        raise PushRefused(f"{host} is not a public address")
    return found[:ADDRESSES]


def _resolved(host: str, port: int) -> list[str]:
    """Within the deadline, which the system's look-up knows nothing of: its thread ends later."""
    found: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            found.set_result(resolve(host, port))
        except Exception as error:
            found.set_exception(error)

    Thread(target=look_up, name="push-look-up", daemon=True).start()
    return found.result(DEADLINE)


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
def _breaker(_host: str, _port: int) -> Breaker:
    return Breaker(PAUSE)


def _raise_for_status(status: int, headers: Message) -> None:
    if status < 300:
        return
    if status in (404, 410):
        raise SubscriptionGone
    if status in (408, 425, 429) or status >= 500:
        raise PushUnavailable(f"the push service answered {status}", _wait(headers))
    raise PushRefused(f"the push service answered {status}")


def _wait(headers: Message) -> float:
    """Seconds, of Retry-After; 0 where it cannot be read."""
    value = str(headers.get("Retry-After", ""))
    if value.isascii() and value.isdigit():
        return min(MAX_WAIT, int(value[:9]))
    try:
        return min(MAX_WAIT, max(0, parsedate_to_datetime(value).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return 0
