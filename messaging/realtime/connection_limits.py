"""How many sockets a person may have at this process, and how often they may signal by them.

Beyond that a handshake is refused rather than an older socket closed: the page that is refused
polls, while one that is closed would come back and push out the next.
"""

from dataclasses import dataclass, field

from django.conf import settings

from messaging.realtime.token_bucket import TokenBucket

SIGNALS_PER_SECOND = 10  # that somebody types, or has read; of all their sockets together


@dataclass(slots=True)
class _PersonUsage:
    connections: set[object] = field(default_factory=set)
    signals: TokenBucket = field(default_factory=lambda: TokenBucket(SIGNALS_PER_SECOND))


_people: dict[str, _PersonUsage] = {}


def add(user_id: str, connection: object) -> bool:
    """False when there are too many."""
    usage = _people.setdefault(user_id, _PersonUsage())
    if len(usage.connections) >= settings.LIMITS.sockets_per_person:
        return False
    usage.connections.add(connection)
    return True


def remove(user_id: str, connection: object) -> None:
    """Nothing happens when it was not added."""
    if usage := _people.get(user_id):
        usage.connections.discard(connection)
        if not usage.connections:
            del _people[user_id]


def take_signal(user_id: str) -> float:
    """The seconds to wait before the next; 0 when this one is accepted."""
    usage = _people.get(user_id)
    return usage.signals.take() if usage else 0
