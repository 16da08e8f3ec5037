"""How many frames may come: so many a second, twice as many at once."""

import time

LARGE = 2**18  # characters, which take about as long to read as a small frame to handle


class Flood:
    __slots__ = ("_allowed", "_at", "_burst", "_rate", "_refused")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = 2 * self._rate
        self._allowed = float(self._burst)
        self._at = time.monotonic()
        self._refused = 0

    def refuses(self, size: int = 0) -> float:
        """Counts a frame of `size` characters, a large one as several.

        Returns the seconds to wait before the next; 0 when this one is welcome.
        """
        now = time.monotonic()
        self._allowed = min(self._burst, self._allowed + (now - self._at) * self._rate)
        self._at = now
        if self._allowed >= 1:
            self._allowed -= 1 + size // LARGE
            self._refused = 0
            return 0
        self._refused += 1
        return (1 - self._allowed) / self._rate

    @property
    def is_over(self) -> bool:
        """Went on regardless of the refusals."""
        return self._refused > self._burst
