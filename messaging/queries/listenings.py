"""Who has listened to voice messages."""

from collections.abc import Iterable

from messaging.models import Listening
from messaging.queries.first_times import FirstTimes
from messaging.shapes.record import MessageRecord

_LISTENINGS = FirstTimes(Listening, "listened")
listened_at = _LISTENINGS.of


def add_listened(me: str, records: Iterable[MessageRecord]) -> None:
    _LISTENINGS.add(me, {each.id: each for each in records if each.attachments and is_voice(each)})


def is_voice(record: MessageRecord) -> bool:
    return any(each.waveform for each in record.attachments or ())
