"""What the page shows of a message's receipts."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.page.times import when
from messaging.queries.receipts import Moment, Receipt


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    id: str
    name: str
    picture: str
    read: str
    delivered: str
    listened: str  # to a voice message
    opened: str  # what is seen once

    @property
    def time(self) -> str:
        return self.read or self.delivered


@dataclass(frozen=True, slots=True)
class ReceiptRows:
    """Those with whom a message is at the same."""

    state: str
    rows: Sequence[ReceiptRow]
    cursor: str


def receipt_row(receipt: Receipt) -> ReceiptRow:
    person = receipt.person
    times = _words(receipt.read), _words(receipt.delivered)
    firsts = (when(each) if each else "" for each in (receipt.listened, receipt.opened))
    return ReceiptRow(person.id, person.full_name, person.profile_pic, *times, *firsts)


def _words(moment: Moment | None) -> str:
    if moment is None:
        return ""
    time = when(moment.at)
    return time if moment.is_exact else _("{time} or earlier").format(time=time)
