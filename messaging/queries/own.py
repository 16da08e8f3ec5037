"""What only its reader is told of a message, since it differs from one to the other."""

from collections.abc import Iterable

from messaging.queries.blocks import name_as_known, take_back_what_blocked_did
from messaging.queries.listenings import add_listened
from messaging.queries.openings import add_opened
from messaging.queries.reactions import add_own_reactions
from messaging.shapes.record import MessageRecord


def add_own(me: str, records: Iterable[MessageRecord]) -> None:
    """Nothing is asked for messages that have nothing of the kind, as most have."""
    records = list(records)
    name_as_known(me, records)
    take_back_what_blocked_did(me, records)
    add_own_reactions(me, records)
    add_listened(me, records)
    add_opened(me, records)
