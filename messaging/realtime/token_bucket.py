"""How many frames may come: so many a second, twice as many at once."""

import time

LARGE = 2**18  # characters, which take about as long to read as a small frame to handle


class TokenBucket:
    __slots__ = ("_at", "_burst", "_rate", "_refused", "_tokens")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = 2 * self._rate
        self._tokens = float(self._burst)
        self._at = time.monotonic()
        self._refused = 0

    def take(self, size: int = 0) -> float:
        """For a frame of `size` characters; a large one counts as several.

        Returns the seconds to wait before the next; 0 when this one is accepted.
        """
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1 + size // LARGE
            self._refused = 0
            return 0
        self._refused += 1
        return (1 - self._tokens) / self._rate

    @property
    def is_ignored(self) -> bool:
        """The client went on regardless of the refusals."""
        return self._refused > self._burst
