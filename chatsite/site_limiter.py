"""Limits concurrent requests to each site that strangers name, so that a slow one does not hold up
requests to others.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

RETRY_AFTER = 5  # seconds after which a request is tried again


class SiteBusy(Exception):
    """The site has enough requests of ours, and got no further one. `str` says so."""


class SiteLimiter:
    """Of this process: at most `max_concurrent` requests to a site."""

    def __init__(self, max_concurrent: int) -> None:
        self._max_concurrent = max_concurrent
        self._used: Counter[str] = Counter()
        self._released = Condition()

    @contextmanager
    def slot(self, host: str, patience: float = 0) -> Iterator[None]:
        """Waits for one for `patience` seconds. Raises SiteBusy."""
        site = site_of(host)
        with self._released:
            if not self._released.wait_for(
                lambda: self._used[site] < self._max_concurrent, patience
            ):
                raise SiteBusy(f"{site} has others to answer")
            self._used[site] += 1
        try:
            yield
        finally:
            with self._released:
                self._used[site] -= 1
                if not self._used[site]:
                    del self._used[site]
                self._released.notify_all()

    def __len__(self) -> int:
        """The sites with a request under way."""
        return len(self._used)


def site_of(host: str) -> str:
    """Of which anybody may have any number of hosts: the last two labels of a name."""
    host = host.rstrip(".")
    return host if host[-1:].isdigit() else ".".join(host.rsplit(".", 2)[-2:])
