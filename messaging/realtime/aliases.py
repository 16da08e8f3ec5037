"""Other names for the same things, by which forks of the original know them.

Beside these, `PATCH /api/messages/read/:peer` is what forks have for `PUT` (api/views.py).
"""

from messaging import events

COMMANDS = {"userTyping": "typing", "userStoppedTyping": "stopTyping"}
# Told to clients of Socket.IO, after the event itself.
EVENTS = {events.TYPING: "userTyping", events.STOPPED_TYPING: "userStoppedTyping"}

_BEGINNINGS = {events.beginning(name): events.beginning(other) for name, other in EVENTS.items()}


def also(frame: str) -> str | None:
    """The same frame by the name that forks have for its event, if they have one."""
    ours = frame[: frame.index(",") + 1]
    theirs = _BEGINNINGS.get(ours)
    return theirs and theirs + frame[len(ours) :]
