"""A circuit breaker for services that do not respond: one request at a time tries them again."""

import time


class Breaker:
    def __init__(self, pause: float) -> None:
        """`pause`: seconds between two attempts at a service that did not respond."""
        self._pause = pause
        self._is_open = False
        self._again_at = 0.0

    def allows_request(self) -> bool:
        if not self._is_open:
            return True
        if (now := time.monotonic()) < self._again_at:
            return False
        self._again_at = now + self._pause
        return True

    def record_failure(self) -> bool:
        """Returns whether that is news."""
        is_news = not self._is_open
        self._is_open, self._again_at = True, time.monotonic() + self._pause
        return is_news

    def record_success(self) -> bool:
        """Returns whether that is news."""
        is_news, self._is_open = self._is_open, False
        return is_news
