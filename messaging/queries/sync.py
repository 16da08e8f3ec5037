"""What changed for a person since a cursor: how a client that was away catches up without
fetching everything.

No clock takes part. A conversation counts its changes in `version`, under its row's lock, and a
message keeps the version that its last change made. A membership counts what concerns its person
alone, such as that they muted the chat. A cursor holds the sums of both over the person's
conversations, which are spread over buckets, each conversation into two of them.

Why nothing is missed: versions only rise and no conversation leaves its buckets, so none has made
more steps since the cursor than the sum of either bucket has grown; every change since lies in the
last so many versions of its conversation. A version that can be read was committed with all changes
up to it. (So a membership lasts as long as its person does: whoever leaves a group is marked as
gone, and gets changes to what they may still see, and nothing else.) A response's cursor is
made of versions that are read before the messages, so what is committed meanwhile comes next time,
and what comes twice an upsert does not mind. What somebody may see only since they came back to a
group is history, and no change. What they have deleted for themselves is in the `hidden` of
its chat, which their membership's version brings.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Annotated, Any, NamedTuple
from zlib import crc32

import msgspec
from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.errors import DomainError
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import Select, SelectAmong
from chatsite.keys import is_key
from messaging.models import Conversation, Membership, Message, peer_in
from messaging.queries.chats import CHUNK, Chat, chats_of
from messaging.queries.own import add_own
from messaging.queries.visibility import LAST, Stays, stays_among
from messaging.shapes.record import (
    CONVERSATION,
    RARE,
    SENDER,
    SEQ,
    MessageRecord,
    columns,
    record_of_row,
)

PAGE = 500
# Two rows of buckets, and the smaller growth counts: then what shares a bucket with a busy
# conversation is seldom sent in vain, not even to somebody with a thousand conversations.
COLUMNS = 32
Bucket = Annotated[int, msgspec.Meta(ge=0, lt=2 * COLUMNS)]
Version = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
Sums = dict[Bucket, Version]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Opaque to clients, and short enough for an address: `serializers.CURSOR_LENGTH`."""

    sums: Sums
    # Of the pages of one response: how much the sums had grown when the first one was made, and
    # after which change of which conversation to go on.
    growth: Sums = {}
    conversation: str = ""
    version: Version = 0

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode()


@dataclass(frozen=True, slots=True)
class Changes:
    messages: list[MessageRecord]
    chats: list[Chat]
    cursor: str
    more: bool


class _Span(NamedTuple):
    """Versions of a conversation: after `floor`, up to `top`; of messages after number `since`, up
    to `until`.
    """

    conversation: str
    floor: int
    top: int
    since: int = 0
    until: int = LAST


class _Versions(NamedTuple):
    conversation: int
    own: int  # of the membership


_VERSIONS = Select(
    lambda me: Membership.objects.filter(user_id=me, conversation__version__gt=0).values_list(
        "conversation_id", "conversation__version", "version"
    ),
    packed=True,
)


def sync_cursor(user: User | Principal) -> str:
    """A cursor to start from: it counts everything up to now as seen."""
    return Cursor(_sums(_versions(user))).encode()


def changes_since(user: User | Principal, since: str) -> Changes:
    """Without a cursor: one to start from. Raises DomainError 400 for a cursor that is none."""
    if not since:
        return Changes([], [], sync_cursor(user), more=False)
    decoded = _decoded(since)
    versions = _versions(user)
    cursor = decoded if isinstance(decoded, Cursor) else _from_moment(decoded, versions)
    sums = _sums(versions)
    # A sum that has fallen means nothing: all of its bucket is sent.
    known = {bucket: was for bucket, was in cursor.sums.items() if was <= sums.get(bucket, 0)}
    growth = {bucket: now - known.get(bucket, 0) for bucket, now in sums.items()}
    spans = _spans(versions, growth)
    stays = stays_among(user.pk, [span.conversation for span in spans])
    spans = [_within(span, stays) for span in spans if span.conversation in stays]
    page = _messages([span for each in spans if (span := _after(cursor, each))])
    # The first page has the chats; what changes while the others are fetched is found next time.
    first = not cursor.conversation
    chats = chats_of(user, among=[span.conversation for span in spans]) if first else []
    seen = growth if first else cursor.growth
    messages = _records(page[:PAGE], stays)
    add_own(user.pk, messages)
    if len(page) <= PAGE:
        return Changes(messages, chats, Cursor(_added(known, seen)).encode(), more=False)
    conversation, version = _position(page[PAGE - 1])
    changed = {bucket: grown for bucket, grown in seen.items() if grown}
    following = Cursor(known, changed, conversation, version)
    return Changes(messages, chats, following.encode(), more=True)


def _versions(user: User | Principal) -> dict[str, _Versions]:
    if settings.MONGODB:  # which would look for each conversation by itself
        own = dict(Membership.objects.of(user.pk).values_list("conversation_id", "version"))
        conversations = Conversation.objects.filter(pk__in=list(own), version__gt=0)
        there = conversations.values_list("pk", "version")
        return {key: _Versions(version, own[key]) for key, version in there}
    return {key: _Versions(*versions) for key, *versions in _VERSIONS.rows(me=user.pk)}


def _buckets(conversation: str) -> tuple[Bucket, Bucket]:
    row, other = divmod(crc32(conversation.encode()) % COLUMNS**2, COLUMNS)
    return row, COLUMNS + other


def _sums(versions: Mapping[str, _Versions]) -> Sums:
    sums: Counter[int] = Counter()
    for conversation, each in versions.items():
        for bucket in _buckets(conversation):
            sums[bucket] += each.conversation + each.own
    return dict(sums)


def _added(sums: Sums, growth: Sums) -> Sums:
    return {bucket: sums.get(bucket, 0) + growth.get(bucket, 0) for bucket in {**sums, **growth}}


def _spans(versions: Mapping[str, _Versions], growth: Sums) -> list[_Span]:
    """Where changes may be, in the order in which they are sent."""
    spans = []
    for conversation, (version, _own) in sorted(versions.items()):
        steps = min(growth[bucket] for bucket in _buckets(conversation))
        if steps:
            spans.append(_Span(conversation, max(0, version - steps), version))
    return spans


def _within(span: _Span, stays: Mapping[str, Stays]) -> _Span:
    """From the beginning of the first stay to the end of the last."""
    theirs = stays[span.conversation]
    first, last = min(since for since, _ in theirs), max(until for _, until in theirs)
    return span._replace(since=first, until=last)


def _after(cursor: Cursor, span: _Span) -> _Span | None:
    """What of it the pages before did not have."""
    if span.conversation == cursor.conversation:
        span = span._replace(floor=max(span.floor, cursor.version))
    return span if span.conversation >= cursor.conversation and span.floor < span.top else None


def _messages(spans: Collection[_Span]) -> list[Row]:
    """One more than a page, if there are as many."""
    found: list[Row] = []
    left = list(spans)
    while left and (room := PAGE + 1 - len(found)) > 0:
        some = list(_fitting(left, room))
        del left[: len(some)]
        # The last stands in where one lacks, so that a few statements do for any number.
        count = 1 << (len(some) - 1).bit_length()
        some += some[-1:] * (count - len(some))
        given = {
            f"{name}{place}": value
            for place, span in enumerate(some)
            for name, value in span._asdict().items()
        }
        rows = _CHANGED.rows(count, **given)
        found += rows[:room] if count == 1 else sorted(rows, key=_position)
    return found


def _changed(count: int, **given: Any) -> QuerySet[Message, Row]:
    """In so many spans. Those of several are sorted here, lest an index be read from end to end for
    the order.
    """
    changed = Q()
    for place in range(count):
        conversation, floor, top, since, until = (given[f"{name}{place}"] for name in _Span._fields)
        changed |= Q(
            conversation_id=conversation,
            version__gt=floor,
            version__lte=top,
            seq__gt=since,
            seq__lte=until,
        )
    messages = Message.objects.filter(changed).values_list("version", *columns())
    return messages.order_by("version")[: PAGE + 1] if count == 1 else messages


_CHANGED = Select(_changed, packed=True, rare=RARE)
_position = itemgetter(1 + CONVERSATION, 0)


_KEYS = SelectAmong(lambda keys: Conversation.objects.filter(pk__in=keys).values_list("pk", "key"))


def _records(rows: Collection[Row], stays: Mapping[str, Stays]) -> list[MessageRecord]:
    """But of conversations that were removed meanwhile, and between two stays."""
    keys: dict[str, str] = dict(_KEYS.rows_among({row[1 + CONVERSATION] for row in rows}))
    return [
        record_of_row(message, peer_in(keys[message[CONVERSATION]], message[SENDER]))
        for _version, *message in rows
        if message[CONVERSATION] in keys and stays[message[CONVERSATION]].see(message[SEQ])
    ]


def _fitting(spans: list[_Span], room: int) -> Iterator[_Span]:
    """As many as one query is to look for: one, or several that cannot find more than `room`."""
    for index, span in enumerate(spans[:CHUNK]):
        room -= span.top - span.floor
        if index and room < 0:
            return
        yield span
        if room < 0:
            return


def _from_moment(moment: datetime, versions: Mapping[str, _Versions]) -> Cursor:
    """Of the cursors that there were before, which said when; clocks may have been wrong by an
    hour. Each chat is sent, since its marks may have moved.
    """
    changed = Message.objects.filter(
        conversation__in=list(versions), updated_at__gte=moment - timedelta(hours=1)
    )
    first = dict(changed.values_list("conversation").annotate(Min("version")))
    before = {
        key: _Versions(min(first.get(key, version), version) - 1, own)
        for key, (version, own) in versions.items()
    }
    return Cursor(_sums(before))


_decode = msgspec.msgpack.Decoder(Cursor).decode
_MOMENT = re.compile(rb"(\d{1,14})\.(?:[0-9a-f]{24})?(?:\.\d{1,14})?")


def _decoded(text: str) -> Cursor | datetime:
    try:
        decoded = base64.b64decode(text, b"-_", validate=True)
        if match := _MOMENT.fullmatch(decoded):
            return datetime.fromtimestamp(int(match[1]) / 1000, UTC)
        cursor = _decode(decoded)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise _bad_cursor() from None
    if cursor.conversation and not is_key(cursor.conversation):
        raise _bad_cursor()
    return cursor


def _bad_cursor() -> DomainError:
    message = _("This cursor is not valid.")
    return DomainError(message, code="cursor", errors={"since": [message]})
