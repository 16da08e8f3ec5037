"""What became of a message: who has read it, whose devices have it, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from accounts.models import User
from accounts.principal import Principal
from accounts.record import PersonRecord
from messaging.models import Membership, Message, is_group
from messaging.queries.listenings import listened_at
from messaging.queries.members import marks_of, people_page
from messaging.queries.openings import opened_at
from messaging.queries.privacy import rules
from messaging.queries.visibility import membership_in, message_in

State = Literal["read", "delivered", "sent"]
STATES: tuple[State, ...] = get_args(State)
LOOKED_AT = 50  # later messages, for whether a time is that of this one


class Moment(NamedTuple):
    """A mark has the time of its last move alone. What it had passed before may have been earlier:
    then it is not exact.
    """

    at: datetime
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    person: PersonRecord
    state: State
    read: Moment | None = None
    delivered: Moment | None = None
    listened: datetime | None = None  # first, to a voice message
    opened: datetime | None = None  # what is seen once


@dataclass(frozen=True, slots=True)
class ReceiptsPage:
    receipts: list[Receipt]
    cursor: str  # of the next page, "" at the end


def receipts_page(
    user: User | Principal,
    conversation: str,
    *,
    seq: int,
    state: State | None = None,
    limit: int,
    cursor: str = "",
) -> ReceiptsPage:
    """Of those that the message was sent to, by name; with `state`, of those with whom it is at
    that. Raises DomainError 400, 403, 404.
    """
    mine = membership_in(user, conversation)
    message = message_in(mine, seq)
    memberships = {each.user_id: each for each in _receivers(message, conversation)}
    reads = set(rules().seen("read_receipts", user.pk, list(memberships)))
    states = {key: _state(each, seq, key in reads) for key, each in memberships.items()}
    wanted = [key for key, each in states.items() if state in (None, each)]
    people, following = people_page(user.pk, wanted, limit=limit, cursor=cursor)
    ends = _ends(message)
    listened = listened_at(message.pk) if message.has_voice else {}
    opened = opened_at(message.pk) if message.view_once else {}
    receipts = [
        Receipt(
            person,
            states[person.id],
            *_moments(memberships[person.id], seq, ends, person.id in reads),
            listened.get(person.id) if person.id in reads else None,
            opened.get(person.id) if person.id in reads else None,
        )
        for person in people
    ]
    return ReceiptsPage(receipts, following)


def _receivers(message: Message, conversation: str) -> Sequence[Membership]:
    there = Membership.objects.filter(conversation_id=message.conversation_id)
    there = there.exclude(user_id=message.sender_id)
    if is_group(conversation):
        there = there.filter(until_seq=None)
        # Of who came later nobody knows which of the messages before they have read.
        there = there.filter(joined_at__lte=message.created_at)
    return list(there)


def _state(membership: Membership, seq: int, shows_reading: bool) -> State:
    marks = marks_of(membership.last_read_seq, membership.last_delivered_seq)
    if seq <= marks.read and shows_reading:
        return "read"
    return "delivered" if seq <= marks.delivered else "sent"


def _moments(
    membership: Membership, seq: int, ends: Mapping[str, int], shows_reading: bool
) -> tuple[Moment | None, Moment | None]:
    """When it was read, and when it was delivered."""
    # A mark that has passed nothing but what its person wrote since moved for this message.
    end = ends.get(membership.user_id, ends[""])
    read = _moment(membership.last_read_seq, membership.read_at, seq, end)
    delivered = _moment(membership.last_delivered_seq, membership.delivered_at, seq, end)
    if not shows_reading:
        return None, delivered
    # What was read before a device acknowledged it was delivered by then.
    return read, delivered or (Moment(read.at, is_exact=False) if read else None)


def _moment(mark: int | None, at: datetime | None, seq: int, end: int) -> Moment | None:
    return Moment(at, mark < end) if at and mark is not None and mark >= seq else None


def _ends(message: Message) -> dict[str, int]:
    """After the message, by person, the first that somebody else wrote; by "" of everybody who did
    not write the next one.
    """
    later = Message.objects.filter(conversation=message.conversation_id, seq__gt=message.seq)
    rows = list(later.order_by("seq").values_list("seq", "sender_id")[:LOOKED_AT])
    if not rows:
        return {"": message.seq + 1}
    writer = rows[0][1]
    others = (seq for seq, sender in rows if sender != writer)
    return {"": message.seq + 1, writer: next(others, rows[-1][0] + 1)}


def message_of(user: User | Principal, conversation: str, seq: int) -> Message:
    """The message itself. Raises DomainError 403, 404."""
    return message_in(membership_in(user, conversation), seq)
