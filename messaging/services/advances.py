"""What messages that are stored at once make of their conversations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from chatsite.fastpath.bulk import Undone
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import InsertNew, SelectAmong, run_at_once
from chatsite.locks import is_held
from messaging.models import Conversation, Membership, Message
from messaging.services.conversations import MARK_NEXT, MOVE_ON, mark_of, publish_read

PEOPLE = 2  # in a conversation
_INSERT = InsertNew(Message)
_MEMBERS = (
    Membership.objects.filter(conversation=OuterRef("pk"))
    .values("conversation")
    .annotate(count=Count("pk"))
    .values("count")
)
_ALL_LOCKED = SelectAmong(
    lambda keys: (
        Conversation.objects.select_for_update(skip_locked=True)
        .filter(key__in=keys, last_seq__gt=0)
        .order_by("key")
        .values_list("key", "pk", "last_seq", "version", "changed_at", Subquery(_MEMBERS))
    )
)
_MARKS = SelectAmong(
    lambda conversations: Membership.objects.filter(conversation__pk__in=conversations).values_list(
        "conversation_id", "user_id", "last_read_seq"
    )
)


@dataclass(slots=True)
class Advance:
    """What several messages make of a conversation."""

    key: str
    pk: str
    seq: int
    version: int
    changed_at: datetime
    message_id: str = ""
    sent: dict[str, list[int]] = field(default_factory=dict)  # by sender

    def by(self, sender_id: str, message_id: str, moment: datetime) -> None:
        """Adds a message, whose number, version and time are then those of this."""
        self.seq += 1
        self.version += 1
        self.message_id = message_id
        self.changed_at = max(self.changed_at, moment)
        self.sent.setdefault(sender_id, []).append(self.seq)

    @property
    def change(self) -> Mapping[str, Any]:
        return {
            "key": self.pk,
            "seq": self.seq,
            "version": self.version,
            "message": self.message_id,
            "moment": self.changed_at,
        }

    @property
    def marks(self) -> Iterable[Mapping[str, Any]]:
        """Where those who sent have read to, if they had read what was there before."""
        for reader, seqs in self.sent.items():
            before = seqs[-1] - len(seqs)  # no mark is there when somebody else wrote in between
            yield {"conversation": self.pk, "reader": reader, "before": before, "seq": seqs[-1]}


def advances_of(keys: Iterable[str]) -> dict[str, Advance]:
    """By key, the rows locked until the commit. One that has no messages yet lacks, or that another
    transaction holds, or one of whose people is gone.
    """
    rows = _ALL_LOCKED.rows_among(sorted(key for key in keys if not is_held(key)))
    return {key: Advance(key, *row) for key, *row, members in rows if members == PEOPLE}


def store(rows: Sequence[Values], advances: Sequence[Advance]) -> None:
    """The messages, by column, and what `conversations.advance` would make of their conversations
    for each. Raises Undone when one of them is there already.
    """
    moves = [advance.change for advance in advances]
    marks = [mark for advance in advances for mark in advance.marks]
    stored, _moved, marked = run_at_once((_INSERT, rows), (MOVE_ON, moves), (MARK_NEXT, marks))
    if stored < len(rows):
        raise Undone
    if marked < len(marks):
        _mark_the_rest({advance.pk: advance for advance in advances})


def _mark_the_rest(advances: Mapping[str, Advance]) -> None:
    """Those who wrote before they had read, which the others are told."""
    for conversation_id, reader, mark in _MARKS.rows_among(advances):
        advance = advances[conversation_id]
        seqs = advance.sent.get(reader)
        if seqs and mark < seqs[-1]:
            mark_of(conversation_id, reader).update(last_read_seq=seqs[-1])
            publish_read(Conversation(pk=conversation_id, key=advance.key), reader, seqs[-1])
