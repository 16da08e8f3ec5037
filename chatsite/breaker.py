"""For services that do not answer: one request finds out whether they are back, others go on."""

import time


class Breaker:
    def __init__(self, pause: float) -> None:
        """`pause`: seconds between two attempts at a service that did not answer."""
        self._pause = pause
        self._is_open = False
        self._again_at = 0.0

    def lets_through(self) -> bool:
        if not self._is_open:
            return True
        if (now := time.monotonic()) < self._again_at:
            return False
        self._again_at = now + self._pause
        return True

    def failed(self) -> bool:
        """Returns whether that is news."""
        is_news = not self._is_open
        self._is_open, self._again_at = True, time.monotonic() + self._pause
        return is_news

    def worked(self) -> bool:
        """Returns whether that is news."""
        is_news, self._is_open = self._is_open, False
        return is_news
