"""The fields of a message that differ from one reader to another."""

from collections.abc import Iterable

from messaging.queries.blocks import hide_changes_by_blocked, show_former_names
from messaging.queries.listenings import add_listened
from messaging.queries.openings import add_opened
from messaging.queries.reactions import add_own_reactions
from messaging.shapes.record import MessageRecord


def add_own(me: str, records: Iterable[MessageRecord]) -> None:
    """Most messages have none of these fields, and cost no query."""
    records = list(records)
    show_former_names(me, records)
    hide_changes_by_blocked(me, records)
    add_own_reactions(me, records)
    add_listened(me, records)
    add_opened(me, records)
