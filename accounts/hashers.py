"""Passwords: bcrypt over SHA-256, because bcrypt alone fails above 72 bytes.

The cost comes from the environment. It is a good part of a second of a processor core, so few are
hashed at once, in threads of a lower priority. Where too many wait, or one waits too long, Busy is
raised, which is 503 with `Retry-After`.
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

MAX_CONCURRENT = max(1, (os.cpu_count() or 1) // 2)
MAX_WAITING = 32  # each holds the thread of a request
PATIENCE = 10  # seconds
_NICENESS = 5  # the niceness of the threads


def _lower_priority() -> None:
    """Linux has a priority for each thread; elsewhere this would be that of the process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_threads = ThreadPoolExecutor(MAX_CONCURRENT, "passwords", _lower_priority)
_slots = threading.BoundedSemaphore(MAX_CONCURRENT + MAX_WAITING)


class BcryptHasher(BCryptSHA256PasswordHasher):
    """Whatever checks or sets a password comes to `encode`."""

    rounds = settings.BCRYPT_ROUNDS

    def encode(self, password: str, salt: str) -> str:
        return _hash_in_thread(lambda: super(BcryptHasher, self).encode(password, salt))


def _hash_in_thread(work: Callable[[], str]) -> str:
    """Raises Busy when no thread is free in time."""
    release()
    if not _slots.acquire(blocking=False):
        raise Busy
    future = _threads.submit(work)
    future.add_done_callback(lambda _future: _slots.release())
    try:
        return future.result(PATIENCE)
    except TimeoutError:
        future.cancel()
        raise Busy from None
