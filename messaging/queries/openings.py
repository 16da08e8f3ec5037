"""Who has opened what is seen once, and who may load it at the moment."""

from collections.abc import Iterable

from chatsite.db import now
from messaging.models import Opening
from messaging.queries.first_times import FirstTimes
from messaging.shapes.record import MessageRecord

_OPENINGS = FirstTimes(Opening, "opened")
opened_at = _OPENINGS.of


def add_opened(me: str, records: Iterable[MessageRecord]) -> None:
    _OPENINGS.add(me, {each.id: each for each in records if each.view_once})


def is_open(user_id: str, message: str, client_id: str) -> bool:
    """For whoever has just opened it by that id, of their choice."""
    mine = Opening.objects.filter(message_id=message, user_id=user_id, until__gt=now())
    return bool(client_id) and mine.filter(client_id=client_id).exists()
