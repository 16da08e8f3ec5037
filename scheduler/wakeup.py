"""Signals for the runner of this process, if it has one."""

from threading import Event

event = Event()  # something is due, or a thread free
_stopping = Event()


def stop() -> None:
    """Nothing more is taken; long jobs check `is_stopping` now and then."""
    _stopping.set()
    event.set()


def is_stopping() -> bool:
    return _stopping.is_set()
