"""How many sockets a person may have at this process.

Beyond that a handshake is refused rather than an older socket closed: the page that is refused
polls, while one that is closed would come back and push out the next.
"""

from dataclasses import dataclass, field

from django.conf import settings

from messaging.realtime.flood import Flood

SIGNALS = 10  # a second: that somebody types, or has read; of all their sockets together


@dataclass(slots=True)
class Person:
    sockets: set[object] = field(default_factory=set)
    signals: Flood = field(default_factory=lambda: Flood(SIGNALS))


_crowd: dict[str, Person] = {}


def lets_in(user_id: str, socket: object) -> bool:
    person = _crowd.setdefault(user_id, Person())
    if len(person.sockets) >= settings.LIMITS.sockets_per_person:
        return False
    person.sockets.add(socket)
    return True


def leave(user_id: str, socket: object) -> None:
    """Nothing happens when it was not let in."""
    if person := _crowd.get(user_id):
        person.sockets.discard(socket)
        if not person.sockets:
            del _crowd[user_id]


def refuses_signal(user_id: str) -> float:
    """The seconds to wait before the next; 0 when this one is welcome."""
    person = _crowd.get(user_id)
    return person.signals.refuses() if person else 0
