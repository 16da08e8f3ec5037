"""How many Engine.IO sessions may wait for the packet that says who they are."""

from collections import Counter

from django.conf import settings

MAX_UNIDENTIFIED = 1000  # whose cookie says nothing, at this process
MAX_PER_ADDRESS = 100
TIMEOUT = 10  # seconds after which a session is closed that nobody was admitted by


class PendingSessions:
    def __init__(self) -> None:
        self._pending: Counter[str] = Counter()
        self._unidentified = 0

    def add(self, who: str, *, is_identified: bool) -> bool:
        """`who`: a person by their token, who may have so many at all; else an address.

        False when there are too many already.
        """
        most = settings.LIMITS.sockets_per_person if is_identified else MAX_PER_ADDRESS
        if self._pending[who] >= most or (
            self._unidentified >= MAX_UNIDENTIFIED and not is_identified
        ):
            return False
        self._pending[who] += 1
        self._unidentified += not is_identified
        return True

    def remove(self, who: str, *, is_identified: bool) -> None:
        self._unidentified -= not is_identified
        self._pending[who] -= 1
        if not self._pending[who]:
            del self._pending[who]

    @property
    def is_empty(self) -> bool:
        return not self._pending and not self._unidentified
