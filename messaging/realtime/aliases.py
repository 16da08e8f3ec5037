"""Other names for the same things, in the original and its forks.

Beside these, `PATCH /api/messages/read/:peer` is what forks have for `PUT` (api/views.py).
"""

import re

from messaging import events

COMMANDS = {"userTyping": "typing", "userStoppedTyping": "stopTyping"}
# Sent to clients of Socket.IO, after the event itself.
EVENTS = {events.TYPING: "userTyping", events.STOPPED_TYPING: "userStoppedTyping"}

_BEGINNINGS = {events.beginning(name): events.beginning(other) for name, other in EVENTS.items()}


def also(frame: str) -> str | None:
    """The same frame by the name that forks have for its event, if they have one."""
    ours = frame[: frame.index(",") + 1]
    theirs = _BEGINNINGS.get(ours)
    return theirs and theirs + frame[len(ours) :]


_SENDER = re.compile('"senderId":"([0-9a-f]{24})"')  # quotes inside of texts have a backslash
_last = ("", "")  # a frame goes to its receivers in a row


def by_group(frame: str, group: str) -> str:
    """What somebody does in a group, as the group itself would: clients of the original sort what
    comes in by its sender alone. Who it really was is `authorId`.
    """
    global _last
    if frame is not _last[0]:
        by = rf'"senderId":"{group}","authorId":"\1"'
        _last = (frame, _SENDER.sub(by, frame, count=1))
    return _last[1]
