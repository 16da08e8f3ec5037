"""When people first did something with a message of another: listened to it, opened it. Its sender
is notified as far as they see what the other reads.
"""

from collections.abc import Mapping
from datetime import datetime

from chatsite.fastpath.statements import SelectAmong
from messaging.models import Listening, Opening
from messaging.queries.privacy import rules
from messaging.shapes.record import MessageRecord


class FirstTimes:
    """The rows of `model`, shown in the field `name` of a record."""

    def __init__(self, model: type[Listening | Opening], name: str) -> None:
        self._model, self._name = model, name
        self._own = SelectAmong(
            lambda messages, *, me: model._default_manager.filter(
                message__pk__in=messages, user_id=me
            ).values_list("message_id", "user_id")
        )
        self._others = SelectAmong(
            lambda messages: model._default_manager.filter(message__pk__in=messages).values_list(
                "message_id", "user_id", "at"
            )
        )

    def add(self, me: str, records: Mapping[str, MessageRecord]) -> None:
        """One query for the messages of others, and one for one's own; none for none."""
        if not records:
            return
        mine = [key for key, record in records.items() if record.sender_id == me]
        theirs = records.keys() - set(mine)
        for message, _me in self._own.rows_among(theirs, me=me):
            setattr(records[message], self._name, True)
        shown = rules()
        blocked = shown.blocks.get(me, {})
        for message, person, at in self._others.rows_among(mine):
            if shown.sees("read_receipts", me, person) and at <= blocked.get(person, at):
                setattr(records[message], self._name, True)

    def of(self, message: str) -> dict[str, datetime]:
        """By person."""
        rows = self._model._default_manager.filter(message_id=message)
        return dict(rows.values_list("user_id", "at"))
