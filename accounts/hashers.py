"""Passwords: bcrypt over SHA-256, because bcrypt alone fails above 72 bytes.

The cost comes from the environment. It is a good part of a second of a processor core, so few are
hashed at once, in threads of their own that yield to the site. Whoever finds the line too long, or
waits too long, is told to come back: Busy, which is 503 with `Retry-After`.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher

from chatsite.db import release
from chatsite.errors import Busy

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
LINE = 32  # each holds the thread of a request
PATIENCE = 10  # seconds
_LOWER = 5  # the niceness of the threads


def _yield_to_the_site() -> None:
    """Linux has a priority for each thread; elsewhere this would be that of the process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWER)


_threads = ThreadPoolExecutor(AT_ONCE, "passwords", _yield_to_the_site)
_places = threading.BoundedSemaphore(AT_ONCE + LINE)


class BcryptHasher(BCryptSHA256PasswordHasher):
    """Whatever checks or sets a password comes to `encode`."""

    rounds = settings.BCRYPT_ROUNDS

    def encode(self, password: str, salt: str) -> str:
        return _in_turn(lambda: super(BcryptHasher, self).encode(password, salt))


def _in_turn(work: Callable[[], str]) -> str:
    """Raises Busy when there is no turn in time."""
    release()
    if not _places.acquire(blocking=False):
        raise Busy
    turn = _threads.submit(work)
    turn.add_done_callback(lambda _turn: _places.release())
    try:
        return turn.result(PATIENCE)
    except TimeoutError:
        turn.cancel()
        raise Busy from None
