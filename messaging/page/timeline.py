"""How a list of messages reads on the page: who wrote, what belongs together, where a day begins.

static/js/render/timeline.js does the same for what comes later; both must agree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import emoji
from django.utils import timezone

from accounts.models import User
from chatsite.language import clock, full_date
from messaging.page.attachments import (
    ShownFiles,
    ShownOnce,
    listened_state,
    shown_files,
    shown_once,
)
from messaging.page.peers import Author, Peer
from messaging.page.quotes import Quote, quote
from messaging.page.reactions import Pill, pills_of
from messaging.page.srcset import srcset
from messaging.page.times import day_label
from messaging.queries.members import Marks
from messaging.queries.visibility import Stays
from messaging.shapes.record import MessageRecord

GROUP_GAP = timedelta(minutes=5)
LARGE_EMOJI = 3
EMOJI_LENGTH = 16  # code points at the most, and some to spare


@dataclass(frozen=True)
class Line:
    """One line of the list: a day, the mark above what is unread, a message, or a link to those
    that are left out between two.
    """

    kind: str
    label: str = ""
    message: "Bubble | None" = None
    before: int = 0


@dataclass(frozen=True)
class Bubble:
    """What `_message.html` shows; its blank copy in the page has every field empty."""

    record: MessageRecord
    sender_name: str
    time: str
    full_date: str
    classes: str
    state: str
    author: Author | None = None  # of what somebody else wrote in a group
    pills: Sequence[Pill] = ()
    quote: Quote | None = None  # of what it replies to
    listened: str = ""
    once: ShownOnce | None = None
    waits: bool = False  # files of a request load once it is accepted

    @property
    def edited_date(self) -> str:
        return full_date(datetime.fromisoformat(self.record.edited_at or ""))

    @property
    def key(self) -> str:
        return self.record.id

    @property
    def text(self) -> str:
        return "" if self.once else self.record.text or ""

    @property
    def mentions(self) -> str:
        return " ".join(self.record.mentions or ())

    @property
    def files(self) -> ShownFiles | None:
        files = self.record.attachments
        return shown_files(files, waits=self.waits) if files else None

    @property
    def preview_host(self) -> str:
        """As static/js/render/parts/link-preview.js has it."""
        url = self.record.preview.url if self.record.preview else ""
        return (urlsplit(url).hostname or "").removeprefix("www.")

    @property
    def srcset(self) -> str:
        record = self.record
        return srcset(record.image or "", record.thumbnail or "", record.image_width or 0)


@dataclass(frozen=True)
class TimelineContext:
    """Who reads whose messages, and how far either has got."""

    reader: User
    peer: Peer
    last_read_seq: int
    peer_marks: Marks
    authors: dict[str, Author] = field(default_factory=dict)  # in a group
    originals: dict[str, MessageRecord] = field(default_factory=dict)  # what is replied to
    stays: Stays | None = None  # of the reader, unless they see all
    apart: int = 0  # the `seq` of the message before which others are left out, if there is one

    @property
    def names(self) -> dict[str, str]:
        """Of others."""
        if self.peer.is_group:
            return {key: author.name for key, author in self.authors.items()}
        return {self.peer.pk: self.peer.full_name}

    def sees_before(self, seq: int) -> bool:
        """Whether there may be messages before that one which the reader sees."""
        return seq > (1 if self.stays is None else min(since for since, _until in self.stays) + 1)

    def are_apart(self, message: MessageRecord, following: MessageRecord) -> bool:
        """Others are left out between the two. Elsewhere they lack because they have disappeared,
        or the reader does not see them.
        """
        if following.seq != self.apart:
            return False
        first, last = message.seq + 1, following.seq - 1
        if self.stays is None:
            return first <= last
        return any(max(first, since + 1) <= min(last, until) for since, until in self.stays)


def lines_of(messages: Sequence[MessageRecord], context: TimelineContext) -> Iterator[Line]:
    unread = _first_unread(messages, context)
    for place, message in enumerate(messages):
        before = messages[place - 1] if place else None
        after = messages[place + 1] if place + 1 < len(messages) else None
        if before and context.are_apart(before, message):
            yield Line("skipped", before=message.seq)
            before = None
        if after and context.are_apart(message, after):
            after = None
        if _begins_day(message, before):
            yield Line("day", label=day_label(_moment(message)))
        if message is unread:
            yield Line("unread")
        follows = _follows(message, before, unread)
        followed = after is not None and _follows(after, message, unread)
        yield Line("message", message=_bubble(message, context, follows, followed))


def _first_unread(
    messages: Sequence[MessageRecord], context: TimelineContext
) -> MessageRecord | None:
    """None, too, when the first unread one lies further up than these."""
    if not messages or messages[0].seq > context.last_read_seq + 1:
        return None
    unread = (message for message in messages if message.seq > context.last_read_seq)
    theirs = (each for each in unread if each.sender_id != context.reader.pk)
    return next((each for each in theirs if not each.deleted), None)


def _begins_day(message: MessageRecord, previous: MessageRecord | None) -> bool:
    return previous is None or _day(previous) != _day(message)


def _follows(
    message: MessageRecord, previous: MessageRecord | None, unread: MessageRecord | None
) -> bool:
    return (
        previous is not None
        and message is not unread
        and not _begins_day(message, previous)
        and previous.sender_id == message.sender_id
        and not (previous.system or message.system)
        and _moment(message) - _moment(previous) <= GROUP_GAP
    )


def _bubble(
    message: MessageRecord, context: TimelineContext, follows: bool, followed: bool
) -> Bubble:
    mine = message.sender_id == context.reader.pk and not message.system
    classes = {
        "is-mine": mine,
        "is-continuation": follows,
        "is-continued": followed,
        "is-emoji": is_large_emoji(message.text)
        and not (message.image or message.attachments or message.reply_to or message.forwarded),
        "is-deleted": message.deleted,
        "is-system": message.system,
        "is-disappearing": message.expires_at,
    }
    author = None if mine or message.system else context.authors.get(message.sender_id)
    other = author.name if author else context.peer.full_name
    return Bubble(
        record=message,
        sender_name=context.reader.full_name if mine else other,
        time=clock(_moment(message)),
        full_date=full_date(_moment(message)),
        classes="".join(f" {name}" for name, applies in classes.items() if applies),
        state=_state(message, context) if mine else "",
        author=author,
        pills=pills_of(message, context.reader.pk, context.names) if message.reactions else (),
        quote=_quote(message.reply_to, context) if message.reply_to else None,
        listened=listened_state(message, context.reader.pk),
        once=shown_once(message, context.reader.pk),
        waits=context.peer.closed == "request",
    )


def _quote(key: str, context: TimelineContext) -> Quote:
    original = context.originals.get(key)
    return quote(key, original, reader=context.reader, peer=context.peer, authors=context.authors)


def _state(message: MessageRecord, context: TimelineContext) -> str:
    marks = context.peer_marks
    if message.seq <= marks.read:
        return "read"
    return "delivered" if message.seq <= marks.delivered else "sent"


def is_large_emoji(text: str | None) -> bool:
    """One to three emoji and no words."""
    shown = "".join((text or "").split())
    if len(shown) > LARGE_EMOJI * EMOJI_LENGTH:
        return False
    return emoji.purely_emoji(shown) and 1 <= emoji.emoji_count(shown) <= LARGE_EMOJI


def _day(message: MessageRecord) -> date:
    return timezone.localtime(_moment(message)).date()


def _moment(message: MessageRecord) -> datetime:
    return datetime.fromisoformat(message.created_at)
