"""Unpacked pictures are large: two at once, and the others wait, but neither long nor many."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from chatsite.errors import DomainError

PATIENCE = 10  # seconds
RETRY_AFTER = 5  # seconds

_turns = threading.BoundedSemaphore(2)
# Who waits holds a thread and a whole upload: more than these would hardly get a turn in time.
_line = threading.BoundedSemaphore(16)


@contextmanager
def turn() -> Iterator[None]:
    """Raises DomainError 503 when there is none in time."""
    with _place(_line, 0), _place(_turns, PATIENCE):
        yield


@contextmanager
def _place(places: threading.BoundedSemaphore, seconds: float) -> Iterator[None]:
    if not places.acquire(timeout=seconds):
        message = _("Many pictures are being uploaded right now. Please try again in a moment.")
        raise DomainError(message, 503, code="busy", wait=RETRY_AFTER)
    try:
        yield
    finally:
        places.release()
