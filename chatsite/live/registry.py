"""Which sockets of this process receive what."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)
Message = dict[str, Any]
Deliver = Callable[[Message], None]
LOST = "lost"  # the type of the message that something may have been missed


class Registry:
    """A subscriber is a callable. It is called in the thread of the event loop, must return at
    once, and may not change the message, which is one for all.
    """

    def __init__(self) -> None:
        self.groups: dict[str, dict[Deliver, None]] = {}
        self._groups_of: dict[Deliver, tuple[str, ...]] = {}

    def subscribe(self, group: str, deliver: Deliver) -> None:
        members = self.groups.setdefault(group, {})
        if deliver not in members:
            members[deliver] = None
            self._groups_of[deliver] = (*self._groups_of.get(deliver, ()), group)

    def unsubscribe(self, deliver: Deliver) -> None:
        """From all of its groups. Nothing happens when it is in none."""
        for group in self._groups_of.pop(deliver, ()):
            members = self.groups[group]
            del members[deliver]
            if not members:
                del self.groups[group]

    def deliver(self, groups: Sequence[str], message: Message) -> None:
        is_delivered = False
        for group in groups:
            if members := self.groups.get(group):
                _call_each(members, message)
                is_delivered = True
        # Observed once: for each of a thousand sockets it would be a tenth of what they cost.
        if is_delivered and (committed_at := message.get("committed_at")):
            metrics.observe_delivery(committed_at)

    def report_loss(self) -> None:
        """To everybody: only the sockets' clients can make up for it."""
        _call_each(self._groups_of, {"type": LOST})


def _call_each(subscribers: dict[Deliver, Any], message: Message) -> None:
    """One that fails does not keep the others from it."""
    for deliver in tuple(subscribers):
        try:
            deliver(message)
        except Exception:
            logger.exception("a live event was not delivered")
