"""Where limits are counted: in Redis, and in this process's memory while Redis is away."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from threading import Lock
from typing import Any, ClassVar, TypeVar

import msgspec
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.retry import Retry

from chatsite import strict_json
from chatsite.breaker import Breaker

logger = logging.getLogger(__name__)
PATIENCE = 0.5  # seconds; a healthy Redis responds within a thousandth of it
FEW = 300  # counts, as in Django, where nothing says how many
PAUSE = 5  # seconds in which a Redis that did not respond is left alone
Result = TypeVar("Result")
_read = strict_json.reader(Any)
Counts = Sequence[tuple[str, int]]
"""Keys to count one more of, the first for so many seconds; one may be there several times."""


class MemoryCounters(BaseCache):
    """Counts of this process, kept as they are: Django's own cache packs and unpacks them.

    Those that were not raised for the longest time make room for new ones.
    """

    _all: ClassVar[dict[str, OrderedDict[str, tuple[int, float]]]] = {}
    _lock: ClassVar[Lock] = Lock()

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._counts = self._all.setdefault(name, OrderedDict())
        self._room = params.get("OPTIONS", {}).get("MAX_ENTRIES", FEW)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        key = self.make_key(key, version)
        with self._lock:
            if self._live(key):
                return False
            self._put(key, value, self.get_backend_timeout(timeout) or inf)
            return True

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        with self._lock:
            live = self._live(self.make_key(key, version))
        return live[0] if live else default

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        key = self.make_key(key, version)
        with self._lock:
            live = self._live(key)
            if live is None:
                raise ValueError(f"Key '{key}' not found.")
            self._put(key, live[0] + delta, live[1])
            return live[0] + delta

    def count(self, key: str, seconds: int) -> int:
        return self.count_all([(key, seconds)])[0]

    def count_all(self, counts: Counts) -> list[int]:
        """Returns how many there are of each, in their order."""
        with self._lock:
            return [self._count(self.make_key(key), seconds) for key, seconds in counts]

    def delete(self, key: Any, version: int | None = None) -> bool:
        with self._lock:
            return self._counts.pop(self.make_key(key, version), None) is not None

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()

    def _count(self, key: str, seconds: int) -> int:
        number, expires_at = self._live(key) or (0, time.time() + seconds)
        self._put(key, number + 1, expires_at)
        return number + 1

    def _live(self, key: str) -> tuple[int, float] | None:
        found = self._counts.get(key)
        return found if found and found[1] > time.time() else None

    def _put(self, key: str, count: int, expires_at: float) -> None:
        self._counts[key] = count, expires_at
        self._counts.move_to_end(key)
        if len(self._counts) > self._room:
            self._counts.popitem(last=False)


# Several counts in one round trip, each of which ends with the window that it began. A pipeline
# would take two to three times as long, and a second round trip for what is new.
COUNT_ALL = """
local numbers = {}
for place, key in ipairs(KEYS) do
    numbers[place] = redis.call('INCR', key)
    if numbers[place] == 1 then
        redis.call('EXPIRE', key, ARGV[place])
    end
end
return numbers
"""


class RedisWithFallback(BaseCache):
    """Counts in Redis. Without it each process counts for itself, from nothing.

    So nobody is refused who would not be refused otherwise, and guessing passwords stays slow. It
    knows no more than counting takes.
    """

    def __init__(self, url: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCounters(url, params)
        self._breaker = _breaker(url)
        self._memory = MemoryCounters(f"instead of {url}", params)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return self._run(lambda cache: cache.add(key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._run(lambda cache: cache.get(key, default, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return self._run(lambda cache: cache.incr(key, delta, version))

    def count(self, key: str, seconds: int) -> int:
        return self.count_all([(key, seconds)])[0]

    def count_all(self, counts: Counts) -> list[int]:
        """Returns how many there are of each, in their order; all in one round trip."""
        return self._run(lambda cache: cache.count_all(counts))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._run(lambda cache: cache.delete(key, version))

    def _run(self, operation: Callable[["RedisCounters | MemoryCounters"], Result]) -> Result:
        if self._breaker.allows_request():
            try:
                result = operation(self._redis)
            except RedisError as error:
                if self._breaker.record_failure():
                    logger.warning("limits are counted without Redis (%s)", type(error).__name__)
            else:
                if self._breaker.record_success():
                    logger.warning("limits are counted in Redis again")
                return result
        return operation(self._memory)


class RedisCounters(BaseCache):
    """Counts in Redis. With one client in a process, where Django's own cache makes one a request:
    to make one takes longer than a round trip.
    """

    def __init__(self, url: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis, self._count_all = _client(url)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        seconds: Any = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        stored = msgspec.json.encode(value)
        return bool(self._redis.set(self.make_key(key, version), stored, ex=seconds, nx=True))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        found: Any = self._redis.get(self.make_key(key, version))
        value = None if found is None else _read(found)
        return default if value is None else value  # also for what another release stored

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """In one round trip. A count is at least 1, so one that is no more than `delta` afterwards
        was not there.
        """
        name = self.make_key(key, version)
        count: Any = self._redis.incrby(name, delta)
        if count == delta:
            self._redis.delete(name)
            raise ValueError(f"Key '{key}' not found.")
        return int(count)

    def count_all(self, counts: Counts) -> list[int]:
        """Each in one step, so that of many at once none is lost."""
        if not counts:
            return []
        keys = [self.make_key(key) for key, _seconds in counts]
        numbers: list[int] = self._count_all(keys, [seconds for _key, seconds in counts])
        return numbers

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._redis.delete(self.make_key(key, version)))


_breaker = cache(lambda url: Breaker(PAUSE))


@cache
def _client(url: str) -> tuple[Redis, Any]:
    redis = Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        # A connection from before a restart of Redis is replaced at once; silence is not repeated.
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
    )
    return redis, redis.register_script(COUNT_ALL)
