"""Backoff between tries: none after the first few, then longer and longer, until one succeeds."""

import time
from typing import Any

from django.core.cache import caches

from chatsite.security.ratelimits import HOUR, TooMany

FREE = 5  # tries without a pause
FIRST = 1  # second; each further pause is twice as long
MAX_WAIT = 30  # seconds
MEMORY = HOUR  # from the first failure on


class Backoff:
    """Of whoever tries by this `key`. A try counts as failed until it is known to have succeeded,
    so that a hundred at once gain nothing.
    """

    def __init__(self, key: str) -> None:
        self._cache: Any = caches["limits"]
        self._failures = f"failures:{key}".replace(" ", ":")
        self._pause = f"pause:{key}".replace(" ", ":")

    def check(self) -> None:
        """Raises TooMany while the pause after the try before is not over."""
        tries = self._cache.count(self._failures, MEMORY)
        if tries <= FREE:
            return
        pause = min(MAX_WAIT, FIRST * 2 ** min(tries - FREE - 1, MAX_WAIT))
        now = time.time()
        if not self._cache.add(self._pause, now + pause, pause):
            self.refund()
            raise TooMany(self._cache.get(self._pause, now) - now)

    def reset(self) -> None:
        """The password was right."""
        self._cache.delete(self._failures)
        self._cache.delete(self._pause)

    def refund(self) -> None:
        """A try in which no password was checked does not count."""
        try:
            self._cache.decr(self._failures)
        except ValueError:
            return
