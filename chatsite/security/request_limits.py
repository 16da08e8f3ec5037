"""The limits that the hot path shares with all else: how much one person may read, change, send
and upload. Counted in fixed windows of a minute in the cache `limits`.

This is apart from django-ratelimit (`ratelimits.py`), which queries the cache twice for a request:
concurrent sends are counted here in one round trip (`count_all`), and work that is repeated counts
nothing again (`CountMemo`). Calls, pages and sockets count together, so all of them count here.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Any
from zlib import crc32

from django.conf import settings
from django.core.cache import caches
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from chatsite.security.ratelimits import TooMany

WINDOW = 60  # seconds
EXPIRY_MARGIN = 5  # seconds that a count outlives its window, for clocks that differ
IPV6_PREFIX = 64  # bits of an IPv6 address that distinguish one customer from another


@dataclass(frozen=True, slots=True)
class Limit:
    """`name` is a field of `settings.LIMITS`: so many a minute."""

    name: str


WRITES = Limit("writes")
READS = Limit("reads")
SEARCHES = Limit("searches")
SENDS = Limit("sends")
UPLOADS = Limit("uploads")
PREVIEWS = Limit("previews")  # that are made of links


_were_counted = ContextVar("were_counted", default=False)


@contextmanager
def counted_before() -> Iterator[None]:
    """For a request that is gone through once more: within its limits it was before."""
    token = _were_counted.set(True)
    try:
        yield
    finally:
        _were_counted.reset(token)


def count(limit: Limit, who: str) -> int:
    """Counts one more. Returns 0 within the limit, beyond it the seconds until it is lifted."""
    return count_all([(limit, who)])[0]


def count_all(counts: Sequence[tuple[Limit, str]]) -> list[int]:
    """Counts one more of each, in their order; returns for each what `count` does.

    One round trip to the cache for all of them. One that is in there twice counts twice.
    """
    if _were_counted.get():
        return [0] * len(counts)
    if not counts:
        return []
    at = int(time.time())
    ends = [window_end(who, at) for _limit, who in counts]
    keyed = zip(counts, ends, strict=True)
    numbers: list[int] = _cache().count_all(
        [(_key(limit, who, end), WINDOW + EXPIRY_MARGIN) for (limit, who), end in keyed]
    )
    counted = zip(counts, ends, numbers, strict=True)
    return [
        0 if number <= getattr(settings.LIMITS, limit.name) else end - at
        for (limit, _who), end, number in counted
    ]


def check(limit: Limit, who: str) -> None:
    """Counts one more. Raises TooMany beyond the limit."""
    if wait := count(limit, who):
        raise TooMany(wait)


class CountMemo:
    """Counts for work that may be repeated: each limit is counted the first time alone."""

    def __init__(self) -> None:
        self._waits: dict[Limit, int] = {}

    def check(self, limit: Limit, who: str) -> None:
        """Raises TooMany beyond the limit."""
        if limit not in self._waits:
            self._waits[limit] = count(limit, who)
        if wait := self._waits[limit]:
            raise TooMany(wait)


MAX_CONCURRENT_SEARCHES = 2
_searching: Counter[str] = Counter()
_lock = Lock()


@contextmanager
def searching(who: str) -> Iterator[None]:
    """Counts one more search. Raises TooMany beyond the limit, and while two of theirs are at work
    in this process.
    """
    check(SEARCHES, who)
    with _lock:
        if _searching[who] >= MAX_CONCURRENT_SEARCHES:
            raise TooMany(1)
        _searching[who] += 1
    try:
        yield
    finally:
        with _lock:
            _searching[who] -= 1
            if not _searching[who]:
                del _searching[who]


def check_messages(who: str, number: int) -> None:
    """Counts so many. Raises TooMany unless there is room for all of them."""
    if wait := max(count_all([(SENDS, who)] * number)):
        raise TooMany(wait)


def check_message(who: str, picture: object) -> None:
    check(SENDS, who)
    check_upload(who, picture)


def check_upload(who: str, picture: object) -> None:
    if picture is not None:
        check(UPLOADS, who)


def _cache() -> Any:
    return caches["limits"]


def window_end(who: str, at: int) -> int:
    """The second in which the next one begins, which is not the same for everybody."""
    return at + WINDOW - (at + crc32(who.encode())) % WINDOW


@lru_cache(maxsize=10_000)
def _key(limit: Limit, who: str, end: int) -> str:
    """`who` may be of any length, and made up by anybody."""
    return sha256(f"{limit.name}:{end}:{who}".encode()).hexdigest()


class ApiThrottle(BaseThrottle):
    """For every call of the API."""

    _wait = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = READS if request.method in SAFE_METHODS else WRITES
        self._wait = count(limit, user_or_network(request))
        return not self._wait

    def wait(self) -> float:
        return self._wait


def user_or_network(request: Any) -> str:
    if request.user.is_authenticated:
        return str(request.user.pk)
    return client_network(request.META.get("REMOTE_ADDR", ""))


def client_network(address: str) -> str:
    """What counts as one address: of IPv6 the network, whose other bits are its owner's choice."""
    try:
        ip = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip_network((int(ip), IPV6_PREFIX), strict=False).network_address)
