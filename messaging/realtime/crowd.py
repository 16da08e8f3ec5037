"""How many sockets a person may have at this process.

Beyond that a handshake is refused rather than an older socket closed: the page that is refused
polls, while one that is closed would come back and push out the next.
"""

from collections import defaultdict

from django.conf import settings

_crowd: defaultdict[str, set[object]] = defaultdict(set)


def lets_in(user_id: str, socket: object) -> bool:
    if len(_crowd[user_id]) >= settings.LIMITS.sockets_per_person:
        return False
    _crowd[user_id].add(socket)
    return True


def leave(user_id: str, socket: object) -> None:
    """Nothing happens when it was not let in."""
    _crowd[user_id].discard(socket)
    if not _crowd[user_id]:
        del _crowd[user_id]
