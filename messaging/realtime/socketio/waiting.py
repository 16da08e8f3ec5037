"""How many Engine.IO sessions may wait for the packet that says who they are."""

from collections import Counter

from django.conf import settings

STRANGERS = 1000  # whose cookie says nothing, at this process
AT_AN_ADDRESS = 100
SECONDS = 10  # after which a session is closed that nobody was let in by


class WaitingRoom:
    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()
        self._strangers = 0

    def lets_in(self, who: str, *, is_known: bool) -> bool:
        """`who`: a person by their token, who may have so many at all; else an address."""
        most = settings.LIMITS.sockets_per_person if is_known else AT_AN_ADDRESS
        if self._waiting[who] >= most or (self._strangers >= STRANGERS and not is_known):
            return False
        self._waiting[who] += 1
        self._strangers += not is_known
        return True

    def leave(self, who: str, *, is_known: bool) -> None:
        self._strangers -= not is_known
        self._waiting[who] -= 1
        if not self._waiting[who]:
            del self._waiting[who]

    @property
    def is_empty(self) -> bool:
        return not self._waiting and not self._strangers
