"""Finding messages by what they say, files by their names, people and groups.

The messages of a conversation are in blocks of the index (services/search_index.py), but for the
last ones, which are read themselves. So a search reads the blocks of the searcher's conversations,
which the database goes through, and at most BLOCK messages of each. Whatever it finds is read
again: what counts is what the message says now, and whether they may see it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import attrgetter, or_
from typing import Any, Literal, NamedTuple, get_args

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.db.models.lookups import GreaterThan
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from accounts.record import PersonRecord, picture_path
from chatsite import disconnect
from chatsite.db import now
from chatsite.errors import Busy, NotFound
from chatsite.fastpath.prepared import Row
from chatsite.fastpath.statements import ROOM, Select, SelectAmong
from chatsite.keys import is_key
from chatsite.text import has_words
from chatsite.wire import absolute, timestamp
from messaging.models import (
    BLOCK,
    Conversation,
    Membership,
    Message,
    SearchBlock,
    SearchBuild,
    is_group,
    peer_in,
)
from messaging.queries.listenings import is_voice
from messaging.queries.own import add_own
from messaging.queries.people import bad_cursor, contacts_page, people_among
from messaging.queries.visibility import Stays, check_peer, conversation_with, is_there
from messaging.shapes import search_text
from messaging.shapes.record import (
    COLUMNS,
    CONVERSATION,
    SENDER,
    SEQ,
    MessageRecord,
    record_of_row,
)
from messaging.shapes.search_text import (
    FILES,
    TEXT,
    FoundFile,
    FoundGroup,
    FoundMessage,
    Has,
    Terms,
    entries_of,
    entry,
    passages,
)

WORDS_LENGTH = 200
PEOPLE = 5  # and as many groups and files
BEST = 200  # of the newest
# How many blocks are queried at once: common words are in the newest, rare ones in few.
PARTS = (slice(0, 64), slice(64, 1024), slice(1024, None))
CHUNK = 8  # blocks whose messages are read together, if they are not large
# How many characters a search folds of the last messages, and again of those in blocks: an eighth
# of a second, 25,000 common messages. To look at one in a block costs PLAIN times less than that.
SCAN_LIMIT = 1_000_000
PLAIN = 16
TEXT_PREFIX = 1000  # characters of a text that are read with its message

Moment = tuple[str, str]  # when it was sent, and its key
_Latest = tuple[str, str, str, int, list[Any]]  # a Moment, conversation, `seq`, search_text.COLUMNS
Order = Literal["newest", "best"]
ORDERS: tuple[Order, ...] = get_args(Order)
LAST_KEY = "f" * 24
YEARS = range(1970, 3000)  # that can be searched: neither end of time exists in every zone


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCriteria:
    """At least one of these but `chat` has to be given."""

    words: str = ""
    chat: str = ""  # in the chat with this peer
    person: str = ""  # whose messages
    before: datetime | None = None
    after: datetime | None = None  # or at that moment
    has: Has | None = None
    order: Order = "newest"

    @property
    def is_filtered(self) -> bool:
        return bool(self.chat or self.person or self.before or self.after or self.has)


@dataclass(frozen=True, slots=True)
class SearchResults:
    messages: list[FoundMessage]  # a page may have fewer than others
    cursor: str  # of the next page, "" at the end
    people: list[PersonRecord] = field(default_factory=list)
    groups: list[FoundGroup] = field(default_factory=list)
    files: list[FoundMessage] = field(default_factory=list)  # by their names
    is_building: bool = False  # what is older may be missing yet


class _SearchedChat(NamedTuple):
    """A conversation, as the searcher sees it."""

    conversation: str
    peer: str
    last_seq: int
    stays: Stays
    title: str
    picture: str

    @property
    def indexed_seq(self) -> int:
        """The last `seq` that is in a block."""
        return self.last_seq - self.last_seq % BLOCK


def search(
    user: User | Principal, criteria: SearchCriteria, *, limit: int, cursor: str = ""
) -> SearchResults:
    """The first page has people, groups and files, too, whose names have the words; filters leave
    them out. Best first is one page, of the newest BEST. Without criteria nothing is found.
    Raises DomainError 400, 404, and Busy to a client that is gone.
    """
    if criteria.person and not is_key(criteria.person):
        raise NotFound(_("No such person."))
    terms = Terms(criteria.words, has=criteria.has, sender=criteria.person)
    after = _decoded(cursor) if cursor else None
    chats = _searched_chats(user.pk)
    if criteria.chat:
        check_peer(criteria.chat, user.pk)
        within = conversation_with(user.pk, criteria.chat)
        chats = {key: chat for key, chat in chats.items() if key == within}
    if not (terms.words or criteria.person or criteria.has or criteria.before or criteria.after):
        return SearchResults([], "")
    latest = _latest_of(chats.values())
    messages, more = _found_messages(_Search(user.pk, criteria, terms, chats, latest, limit, after))
    is_building = SearchBuild.objects.exists()
    if cursor or criteria.is_filtered:
        return SearchResults(messages, more, is_building=is_building)
    people = contacts_page(user, search=criteria.words, limit=PEOPLE).people
    named = Terms(criteria.words, has="file", in_names=True)
    with_files = [each for each in latest if each[-1][FILES]]
    running = _Search(user.pk, SearchCriteria(), named, chats, with_files, PEOPLE, None)
    files, _more = _found_messages(running)
    groups = _groups(chats.values(), criteria.words)
    return SearchResults(messages, more, people, groups, files, is_building)


_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)([0-9a-f]{24})", re.ASCII)


def _decoded(cursor: str) -> tuple[datetime, Moment]:
    match = _CURSOR.fullmatch(cursor)
    try:
        moment = parse_datetime(match[1]) if match else None
    except ValueError:
        moment = None
    if not match or not moment:
        raise bad_cursor()
    return moment, (match[1], match[2])


_MINE = Select(
    lambda me: Membership.objects.filter(user_id=me).values_list(
        "conversation_id", "since_seq", "until_seq", "earlier_stays"
    ),
    packed=True,
)
# Not in one query: MongoDB would look for each conversation by itself.
_CONVERSATIONS = SelectAmong(
    lambda keys: Conversation.objects.filter(pk__in=keys).values_list(
        "pk", "key", "last_seq", "title", "picture"
    ),
    packed=True,
)


def _searched_chats(me: str) -> dict[str, _SearchedChat]:
    """By conversation: those in which they see anything, but for chats with who is gone."""
    mine = {conversation: Stays.of(*stay) for conversation, *stay in _MINE.rows(me=me)}
    chats = [
        _SearchedChat(conversation, peer_in(key, me), last_seq, mine[conversation], title, picture)
        for conversation, key, last_seq, title, picture in _CONVERSATIONS.rows_among(mine)
        if mine[conversation].last(last_seq)
    ]
    there = people_among({chat.peer for chat in chats if not is_group(chat.peer)})
    return {chat.conversation: chat for chat in chats if is_group(chat.peer) or chat.peer in there}


def _groups(chats: Iterable[_SearchedChat], words: str) -> list[FoundGroup]:
    groups = [each for each in chats if each.title and has_words(each.title, words)]
    groups.sort(key=lambda each: (each.title.casefold(), each.peer))
    return [
        FoundGroup(
            each.peer, each.title, absolute(picture_path(each.peer, each.title, each.picture))
        )
        for each in groups[:PEOPLE]
    ]


def _latest(pairs: Iterable[tuple[Any, Any]]) -> QuerySet[Message, Row]:
    """Of each conversation, what was sent after that `seq`; of a long text only the beginning."""
    ends = (Q(conversation_id=conversation, seq__gt=seq) for conversation, seq in pairs)
    columns = ["beginning" if each == "text" else each for each in search_text.COLUMNS]
    found = Message.objects.filter(reduce(or_, ends))
    return found.annotate(beginning=Substr("text", 1, TEXT_PREFIX + 1)).values_list(
        "created_at", "pk", "conversation_id", "seq", *columns
    )


_LATEST = SelectAmong(_latest, width=2, packed=True)


def _latest_of(chats: Iterable[_SearchedChat]) -> list[_Latest]:
    """What is in no block yet, also what they do not see."""
    ends = [
        (chat.conversation, chat.indexed_seq)
        for chat in chats
        if chat.stays.last(chat.last_seq) > chat.indexed_seq
    ]
    return [
        (timestamp(created_at), key, conversation, seq, row)
        for created_at, key, conversation, seq, *row in _LATEST.rows_among(ends)
    ]


_TEXTS = SelectAmong(
    lambda keys: Message.objects.filter(pk__in=keys).values_list("pk", "text"), packed=True
)


def _messages(pairs: Iterable[tuple[Any, Any]], *, moment: Any) -> QuerySet[Message, Row]:
    each = (Q(conversation_id=conversation, seq=seq) for conversation, seq in pairs)
    return Message.objects.filter(reduce(or_, each), is_there(moment)).values_list(*COLUMNS)


_MESSAGES = SelectAmong(_messages, width=2, packed=True)


@dataclass
class _Search:
    me: str
    criteria: SearchCriteria
    terms: Terms
    chats: dict[str, _SearchedChat]
    latest: list[_Latest]
    limit: int
    after: tuple[datetime, Moment] | None  # where this page begins

    def __post_init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()
        self._found: list[MessageRecord] = []
        self._since = timestamp(self.criteria.after) if self.criteria.after else ""
        self._until = timestamp(self.criteria.before) if self.criteria.before else "~"
        self._client = disconnect.current()
        self._scanned = 0
        # What is older was not gone through, because that would have taken too long.
        self._end: Moment = ("", "")

    def page(self) -> tuple[list[MessageRecord], str]:
        """Newest first, at most `limit`; and the cursor of the next page. There is one also where
        this one ends before it is full, or is empty, so that a search goes on in several steps.
        """
        limit = self.limit
        if self.criteria.order == "best":
            self.limit = BEST
        self._read(self._among_latest())
        self._read_blocks()
        if self.criteria.order == "best":
            self._found.sort(key=self._rank, reverse=True)  # of equal ones the newest
            return self._found[:limit], ""
        found = [each for each in self._found if (each.created_at, each.id) >= self._end]
        if len(found) > self.limit:
            self._end = found[self.limit - 1].created_at, found[self.limit - 1].id
        return found[: self.limit], "".join(self._end)

    def _rank(self, record: MessageRecord) -> int:
        return self.terms.rank(record.text or "", record.attachments or ())

    def _read_blocks(self) -> None:
        self._scanned = 0
        begin = self.after[1][0] if self.after else "~"
        for part in PARTS if self.chats else ():
            count = 0
            for blocks in _in_chunks(self._blocks()[part].iterator(chunk_size=CHUNK)):
                self._check_client()
                newest = timestamp(blocks[0][2])
                if self._is_full(newest) or newest < self._end[0]:
                    return
                # At least what lies across the beginning, so that the next page is another one.
                if self._scanned > SCAN_LIMIT and newest < begin:
                    self._end = newest, LAST_KEY
                    return
                self._scanned += sum(len(text) for *_block, text in blocks) // PLAIN
                self._read(pair for block in blocks for pair in self._in_block(*block))
                count += len(blocks)
            if part.stop is None or count < part.stop - part.start:
                break

    def _check_client(self) -> None:
        """Stops when nobody waits for the result: whoever types searches again and again."""
        if self._client.is_gone:
            raise Busy

    def _is_full(self, moment: str) -> bool:
        """Nothing sent up to that moment is of this page."""
        return len(self._found) > self.limit and self._found[self.limit].created_at > moment

    def _among_latest(self) -> list[tuple[str, int]]:
        rows = [
            (created_at, key, conversation, seq, row)
            for created_at, key, conversation, seq, row in self.latest
            if self._is_candidate(conversation, seq, row[0]) and self._is_in_time(created_at, key)
        ]
        rows.sort(reverse=True)
        found: list[tuple[str, int]] = []
        for created_at, key, conversation, seq, row in self._with_texts(rows):
            self._check_client()
            self._scanned += len(row[TEXT]) + len(row[FILES] or "")
            # Most messages have no files.
            is_candidate = row[FILES] or self.terms.are_in(row[TEXT])
            if (
                is_candidate
                and self.terms.match(entry(row))
                and self.terms.matches_voice(row[FILES])
            ):
                found.append((conversation, seq))
            if len(found) > self.limit:
                break
            if self._scanned > SCAN_LIMIT:
                self._end = created_at, key
                break
        return found

    def _with_texts(self, rows: list[_Latest]) -> Iterator[_Latest]:
        """With all of the long ones, or with none where only names are looked at."""
        for start in range(0, len(rows), ROOM):
            some = rows[start : start + ROOM]
            if self.terms.in_names:
                texts = {key: "" for _at, key, *_place in some}
            else:
                long = [key for _at, key, *_place, row in some if len(row[TEXT]) > TEXT_PREFIX]
                texts = dict(_TEXTS.rows_among(long))
            for created_at, key, conversation, seq, row in some:
                text = texts.get(key, row[TEXT])
                yield created_at, key, conversation, seq, [*row[:TEXT], text, *row[TEXT + 1 :]]

    def _is_candidate(self, conversation: str, seq: int, sender: str) -> bool:
        return self.criteria.person in ("", sender) and self.chats[conversation].stays.see(seq)

    def _is_in_time(self, created_at: str, key: str) -> bool:
        if not self._since <= created_at < self._until:
            return False
        return self.after is None or (created_at, key) < self.after[1]

    def _blocks(self) -> QuerySet[SearchBlock, Row]:
        """Those that may have such messages, the newest first."""
        blocks = SearchBlock.objects.filter(conversation_id__in=list(self.chats))
        # Three times as quick as LIKE on PostgreSQL.
        for part in self.terms.parts:
            blocks = blocks.filter(GreaterThan(StrIndex("text", Value(part)), 0))
        if self.criteria.before:
            blocks = blocks.filter(first_at__lt=self.criteria.before)
        if self.criteria.after:
            blocks = blocks.filter(last_at__gte=self.criteria.after)
        if self.after:
            blocks = blocks.filter(first_at__lte=self.after[0])
        return blocks.order_by("-last_at", "-pk").values_list(
            "conversation_id", "number", "last_at", "text"
        )

    def _in_block(
        self, conversation: str, number: int, _last_at: datetime, text: str
    ) -> Iterator[tuple[str, int]]:
        stays = self.chats[conversation].stays
        for seq, each in enumerate(entries_of(text), start=number * BLOCK + 1):
            if self.terms.match(each) and stays.see(seq):
                yield conversation, seq

    def _read(self, pairs: Iterable[tuple[str, int]]) -> None:
        new = [pair for pair in pairs if pair not in self._seen]
        self._seen.update(new)
        for row in _MESSAGES.rows_among(new, moment=now()):
            sender = row[SENDER]
            if not self._is_candidate(row[CONVERSATION], row[SEQ], sender):
                continue
            peer = self.chats[row[CONVERSATION]].peer
            record = record_of_row(row, peer if sender == self.me or is_group(peer) else self.me)
            if not self._is_in_time(record.created_at, record.id):
                continue
            self._scanned += len(record.text or "")
            self._scanned += sum(len(each.caption or "") for each in record.attachments or ())
            if _matches(record, self.terms):
                self._found.append(record)
        self._found.sort(key=attrgetter("created_at", "id"), reverse=True)
        del self._found[self.limit + 1 :]


def _in_chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Never all rows at once."""
    blocks: list[Row] = []
    for block in rows:
        blocks.append(block)
        if len(blocks) == CHUNK or sum(len(text) for *_block, text in blocks) > SCAN_LIMIT // PLAIN:
            yield blocks
            blocks = []
    if blocks:
        yield blocks


def _matches(record: MessageRecord, terms: Terms) -> bool:
    """As it is now."""
    return (
        record.system is None
        and terms.are_in(record.text or "", record.attachments or ())
        and (is_voice(record) or not terms.in_voice)
    )


def _found_messages(running: _Search) -> tuple[list[FoundMessage], str]:
    """With the cursor of the next page."""
    found, more = running.page()
    add_own(running.me, found)
    return [_found_message(each, running.terms) for each in found], more


def _found_message(record: MessageRecord, terms: Terms) -> FoundMessage:
    files = [
        FoundFile(
            each.id,
            passages(each.name, terms),
            passages(each.caption, terms) if each.caption else None,
        )
        for each in record.attachments or ()
        if terms.marked(each.name) or terms.marked(each.caption or "")
    ]
    return FoundMessage(record, passages(record.text or "", terms), files or None)
