"""Decoding takes memory and processor time: a process of the site decodes two pictures at a time.
A few others wait, for a short time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from chatsite import disconnect
from chatsite.errors import DomainError
from chatsite.pictures.decoding import Decoder

MAX_CONCURRENT = 2
# Each holds a thread and a whole upload: more would hardly get a decoder in time.
MAX_WAITING = 14
PATIENCE = 10  # seconds
RETRY_AFTER = 5  # seconds

_free = [Decoder() for _number in range(MAX_CONCURRENT)]
_changed = threading.Condition()
_waiting = 0


@contextmanager
def pooled_decoder() -> Iterator[Decoder]:
    """A free decoder. Raises DomainError 503 when there is none in time."""
    decoder = _acquired()
    try:
        yield decoder
    finally:
        with _changed:
            _free.append(decoder)
            _changed.notify()


def _acquired() -> Decoder:
    global _waiting
    client = disconnect.current()
    with client.on_disconnect(_wake_waiting), _changed:
        if not _free and _waiting >= MAX_WAITING:
            raise busy()
        _waiting += 1
        try:
            _changed.wait_for(lambda: _free or client.is_gone, PATIENCE)
        finally:
            _waiting -= 1
        if client.is_gone or not _free:
            raise busy()
        return _free.pop()


def _wake_waiting() -> None:
    with _changed:
        _changed.notify_all()


def busy() -> DomainError:
    message = _("Many pictures are being uploaded right now. Please try again in a moment.")
    return DomainError(message, 503, code="busy", wait=RETRY_AFTER)
