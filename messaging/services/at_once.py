"""Plain messages that are sent at once, stored by one statement a table.

Rules and outcome are those of `send_message`, to which each is left that is not quite plain: the
first to somebody, what was sent before, and whoever may not send.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, Self

from accounts.caller import live_claims
from accounts.tokens import Claims
from chatsite.db import now, on_commit
from chatsite.fastpath.bulk import LEFT, Bulk
from chatsite.fastpath.statements import can_prepare
from chatsite.guard.counting import Limit, count_all
from chatsite.guard.ratelimits import Once
from chatsite.keys import new_key
from chatsite.monitoring import metrics
from messaging import audience, events
from messaging.models import Message
from messaging.record import COLUMNS, MessageRecord, record_of_row
from messaging.services.advances import Advance, advances_of, store


@dataclass(slots=True, eq=False)
class Sending(Bulk):
    """One message, whose text and client message id are as they may be stored: work for a database
    thread, with others or by itself.
    """

    alone: Callable[[], Any]
    answer: Callable[[MessageRecord], Any]
    sender_id: str
    peer_id: str
    conversation: str  # its key
    text: str
    client_message_id: str
    limits: Sequence[Limit]
    once: Once
    claims: Claims | None = None  # whose session has to be looked at
    origin: str = ""  # the socket that sends, if one does

    def __call__(self) -> Any:
        return self.alone()

    @classmethod
    def let_in(cls, works: Sequence[Self]) -> list[bool]:
        if not can_prepare():
            return [False] * len(works)
        live = live_claims({each.claims for each in works if each.claims})
        known = [each.claims is None or each.claims in live for each in works]
        asking = [each for each, is_known in zip(works, known, strict=True) if is_known]
        waits = iter(
            count_all([(limit, each.sender_id) for each in asking for limit in each.limits])
        )
        return [
            is_known and each._is_within_limits(waits)
            for each, is_known in zip(works, known, strict=True)
        ]

    def _is_within_limits(self, waits: Iterator[int]) -> bool:
        """`waits` goes on with the seconds until each of them is lifted."""
        found = [next(waits) for _limit in self.limits]
        for limit, wait in zip(self.limits, found, strict=True):
            self.once.note(limit, wait)
        return not any(found)

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        advances = advances_of(each.conversation for each in works)
        if not advances:
            return [LEFT] * len(works)
        sent = _Sent()
        answers = [
            sent.add(each, advances[each.conversation]) if each.conversation in advances else LEFT
            for each in works
        ]
        store(sent.rows, list(advances.values()))
        sent.publish()
        return answers


class _Sent:
    """Messages that are stored and told together."""

    def __init__(self) -> None:
        self._moment = now()
        self.rows: list[dict[str, Any]] = []
        self._events: list[events.Event] = []

    def add(self, sending: Sending, advance: Advance) -> Any:
        """Returns the answer to who sends it."""
        key = new_key()
        advance.by(sending.sender_id, key, self._moment)
        moment = advance.changed_at
        row = _blank() | {
            "id": key,
            "conversation_id": advance.pk,
            "sender_id": sending.sender_id,
            "seq": advance.seq,
            "version": advance.version,
            "text": sending.text,
            "client_message_id": sending.client_message_id,
            "created_at": moment,
            "updated_at": moment,
        }
        self.rows.append(row)
        payload = record_of_row(_shown(row), sending.peer_id)
        to = audience.between(sending.sender_id, sending.peer_id)
        self._events.append((events.NEW_MESSAGE, payload, to, sending.origin))
        return sending.answer(payload)

    def publish(self) -> None:
        on_commit(lambda: metrics.MESSAGES_SENT.inc(len(self.rows)))
        events.publish_all(self._events)


_shown = itemgetter(*COLUMNS)


@cache
def _blank() -> dict[str, Any]:
    """What a message without a picture is, by column."""
    return {field.attname: field.get_default() for field in Message._meta.concrete_fields}
