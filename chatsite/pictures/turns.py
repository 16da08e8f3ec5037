"""Decoding takes memory and processor time: two pictures at once in a process of the site. The
others wait, but neither long nor many.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from chatsite import departure
from chatsite.errors import DomainError
from chatsite.pictures.decoding import Decoder

AT_ONCE = 2
LINE = 14  # who waits holds a thread and a whole upload: more would hardly get a turn in time
PATIENCE = 10  # seconds
RETRY_AFTER = 5  # seconds

_free = [Decoder() for _number in range(AT_ONCE)]
_changed = threading.Condition()
_waiting = 0


@contextmanager
def turn() -> Iterator[Decoder]:
    """Raises DomainError 503 when there is none in time."""
    decoder = _taken()
    try:
        yield decoder
    finally:
        with _changed:
            _free.append(decoder)
            _changed.notify()


def _taken() -> Decoder:
    global _waiting
    client = departure.current()
    with client.calling(_look_again), _changed:
        if not _free and _waiting >= LINE:
            raise busy()
        _waiting += 1
        try:
            _changed.wait_for(lambda: _free or client.is_gone, PATIENCE)
        finally:
            _waiting -= 1
        if client.is_gone or not _free:
            raise busy()
        return _free.pop()


def _look_again() -> None:
    with _changed:
        _changed.notify_all()


def busy() -> DomainError:
    message = _("Many pictures are being uploaded right now. Please try again in a moment.")
    return DomainError(message, 503, code="busy", wait=RETRY_AFTER)
