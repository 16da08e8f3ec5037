"""Who has listened to voice messages. Who spoke is told as far as they see what the other reads."""

from collections.abc import Iterable
from datetime import datetime

from chatsite.fastpath.statements import SelectAmong
from messaging.models import Listening
from messaging.queries.privacy import rules
from messaging.shapes.record import MessageRecord

_OWN = SelectAmong(
    lambda messages, *, me: Listening.objects.filter(
        message__pk__in=messages, user_id=me
    ).values_list("message_id", "user_id")
)
_OTHERS = SelectAmong(
    lambda messages: Listening.objects.filter(message__pk__in=messages).values_list(
        "message_id", "user_id", "at"
    )
)


def add_listened(me: str, records: Iterable[MessageRecord]) -> None:
    """One query for the voice messages of others, and one for one's own."""
    voice = {each.id: each for each in records if each.attachments and is_voice(each)}
    if not voice:
        return
    mine = [key for key, record in voice.items() if record.sender_id == me]
    theirs = voice.keys() - set(mine)
    for message, _me in _OWN.rows_among(theirs, me=me):
        voice[message].listened = True
    shown = rules()
    blocked = shown.blocks.get(me, {})
    for message, person, at in _OTHERS.rows_among(mine):
        if shown.sees("read_receipts", me, person) and at <= blocked.get(person, at):
            voice[message].listened = True


def is_voice(record: MessageRecord) -> bool:
    return any(each.waveform for each in record.attachments or ())


def listened_at(message: str) -> dict[str, datetime]:
    """When each person first listened to it."""
    return dict(Listening.objects.filter(message_id=message).values_list("user_id", "at"))
