"""For sites that strangers name: so many are asked something of each at a time, so that a slow one
does not keep those waiting who wait for others.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

LATER = 5  # seconds after which it is asked for again


class Taken(Exception):
    """The site has others of ours to answer, and was not asked. `str` says so."""


class SiteTurns:
    """Of this process."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._taken: Counter[str] = Counter()
        self._one_less = Condition()

    @contextmanager
    def take(self, host: str, patience: float = 0) -> Iterator[None]:
        """Within so many seconds. Raises Taken."""
        site = site_of(host)
        with self._one_less:
            if not self._one_less.wait_for(lambda: self._taken[site] < self._at_once, patience):
                raise Taken(f"{site} has others to answer")
            self._taken[site] += 1
        try:
            yield
        finally:
            with self._one_less:
                self._taken[site] -= 1
                if not self._taken[site]:
                    del self._taken[site]
                self._one_less.notify_all()

    def __len__(self) -> int:
        """The sites that are asked something."""
        return len(self._taken)


def site_of(host: str) -> str:
    """Of which anybody may have any number of hosts: the last two labels of a name."""
    host = host.rstrip(".")
    return host if host[-1:].isdigit() else ".".join(host.rsplit(".", 2)[-2:])
