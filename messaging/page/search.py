"""What is found in the side bar, below the chats whose names have the words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from accounts.record import PersonRecord, picture_path, picture_url
from chatsite.keys import is_key
from chatsite.language import clock, full_date, short_day
from chatsite.text import has_words
from chatsite.wire import absolute
from messaging.models import Conversation, direct_key, is_group, saved_key
from messaging.page.peers import Author, authors_among, find_peer, saved_peer
from messaging.page.side_bar import ChatRow
from messaging.page.times import day_label
from messaging.presence import online_seen_by
from messaging.queries.chats import chats_of
from messaging.queries.people import contacts_page, visible_people_among
from messaging.queries.search import YEARS, Order, SearchCriteria
from messaging.shapes.record import MessageRecord
from messaging.shapes.search_text import FoundMessage

_FILTER = re.compile(r'(?<!\S)(from|in|has|before|after):("[^"]+"|[^\s"]\S*)', re.IGNORECASE)
_BEING_TYPED = re.compile(
    r'(?<!\S)(from|in|has|before|after):("[^"]*|"[^"]+"|[^\s"]*)$', re.IGNORECASE
)
_SPACES = re.compile(r"\s+")
OFFERED = 5
_LABELS = {
    "from": gettext_lazy("From"),
    "in": gettext_lazy("In"),
    "after": gettext_lazy("After"),
    "before": gettext_lazy("Before"),
    "has": gettext_lazy("With"),
}
_KINDS = {
    "picture": gettext_lazy("Pictures"),
    "video": gettext_lazy("Videos"),
    "audio": gettext_lazy("Audio"),
    "file": gettext_lazy("Files"),
    "link": gettext_lazy("Links"),
    "voice": gettext_lazy("Voice messages"),
}


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """A filter, or one that can be chosen."""

    name: str  # what is typed before its colon
    value: str  # a key, a day or a kind
    words: str
    picture: str = ""

    @property
    def label(self) -> str:
        return str(_LABELS[self.name])


@dataclass(frozen=True, slots=True)
class Offer:
    """For a filter that is being typed."""

    name: str
    choices: list[FilterChoice]

    @property
    def label(self) -> str:
        return str(_LABELS[self.name])


@dataclass(frozen=True, slots=True)
class ParsedSearch:
    criteria: SearchCriteria
    chips: list[FilterChoice]
    rest: str  # of what was typed, without the filters that are chips now
    offer: Offer | None
    addable: list[tuple[str, str]]  # what can be added yet, with its label


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, and the chat that it is in."""

    found: FoundMessage
    peer: str
    name: str
    picture: str
    author: Author | None  # in a group, unless the reader wrote it
    is_mine: bool
    time: str
    full_date: str


def parse_search(user: User, query: str, chosen: Mapping[str, str]) -> ParsedSearch:
    """With filters that are typed: `from:` and `in:` a name, `has:`, `before:` and `after:` a day
    like 2026-01-31. What is no such filter counts as words. What is `chosen`, by the same names,
    is a chip already; what is typed becomes one with the space after it.
    """
    found = {
        name: choice
        for name in _LABELS
        if (value := chosen.get(name)) and (choice := _chosen(user, name, value))
    }
    chips = dict(found)

    typed: set[str] = set()

    def take(match: re.Match[str]) -> str:
        name, value = match[1].lower(), match[2].strip('"')
        if name in typed:  # each asks for all chats, or for people
            return match[0]
        typed.add(name)
        choice = next(iter(_choices(user, name, value)), None)
        if choice is None:
            return match[0]
        found[name] = choice
        if match.end() == len(query):
            return match[0]
        chips[name] = choice
        return ""

    rest = _SPACES.sub(" ", _FILTER.sub(take, query)).lstrip()
    last = _BEING_TYPED.search(query)
    words = rest
    if last and (not last[2] or last[2][0] == '"' or last[1].lower() in found):
        words = rest.removesuffix(last[0])
    order: Order = "best" if chosen.get("order") == "best" else "newest"
    criteria = SearchCriteria(words=words.strip(), order=order, **_criteria_fields(found))
    return ParsedSearch(
        criteria,
        [chips[name] for name in _LABELS if name in chips and name != "has"],
        rest,
        _offer(user, last[1].lower(), last[2].strip('"')) if last else None,
        [(name, str(label)) for name, label in _LABELS.items() if name not in {*chips, "has"}],
    )


def _criteria_fields(found: Mapping[str, FilterChoice]) -> dict[str, Any]:
    fields = {"from": "person", "in": "chat"}
    return {
        fields.get(name, name): _day(each.value) if name in _DAYS else each.value
        for name, each in found.items()
    }


def _offer(user: User, name: str, value: str) -> Offer:
    """Any kind, whatever is typed: they are few."""
    choices = _choices(user, name, "" if name == "has" else value)
    return Offer(name, choices if name == "has" else choices[:OFFERED])


def _choices(user: User, name: str, value: str) -> list[FilterChoice]:
    """The first is what is meant by it."""
    if name == "from":
        return _people(user, value)
    if name == "in":
        chats = (chat.peer for chat in chats_of(user))
        peers = [peer for peer in chats if has_words(peer.full_name, value)]
        return [FilterChoice(name, peer.id, peer.full_name, peer.profile_pic) for peer in peers]
    if name == "has":
        return [
            FilterChoice(name, kind, str(words))
            for kind, words in _KINDS.items()
            if value.lower() in ("", kind)
        ]
    day = _day(value)
    return [FilterChoice(name, value, _day_in_words(day))] if day else []


def _people(user: User, name: str) -> list[FilterChoice]:
    me = FilterChoice("from", str(user.pk), gettext("me"), picture_url(user))
    if name.lower() == "me":
        return [me]
    others = contacts_page(user, search=name, limit=OFFERED).people
    found = [FilterChoice("from", each.id, each.full_name, each.profile_pic) for each in others]
    return [*found, me] if not name or has_words(user.full_name, name) else found


def _chosen(user: User, name: str, value: str) -> FilterChoice | None:
    if name == "from":
        if value == user.pk:
            return _people(user, "me")[0]
        keys = [value] if is_key(value) else []
        found = authors_among(keys, user.pk, seen=visible_people_among(user.pk, keys))
        return FilterChoice(name, value, found[value].name) if found else None
    if name == "in":
        peer = find_peer(user, value)
        return FilterChoice(name, value, peer.full_name) if peer else None
    return next(iter(_choices(user, name, value)), None)


_DAYS = ("before", "after")


def _day_in_words(day: datetime) -> str:
    return short_day(day) if day > timezone.now() else day_label(day)


def _day(day: str) -> datetime | None:
    """Its beginning, where the reader is."""
    try:
        begin = timezone.make_aware(datetime.strptime(day, "%Y-%m-%d"))
    except (ValueError, OverflowError):
        return None
    return begin if begin.year in YEARS else None


def hits(user: User, all_found: Sequence[FoundMessage]) -> list[Hit]:
    messages = [each.message for each in all_found]
    peers = {_peer_of(each, user) for each in messages}
    groups = Conversation.objects.filter(pk__in=[key for key in peers if is_group(key)])
    shown: dict[str, tuple[str, str]] = {
        each.pk: (each.title, absolute(picture_path(each.pk, each.title, each.picture)))
        for each in groups
    }
    keys = {key for key in peers if not is_group(key)} | _senders(messages)
    people = authors_among(keys, user.pk)
    shown |= {key: (each.name, each.picture) for key, each in people.items()}
    saved = saved_peer(user)
    shown[saved.pk] = saved.full_name, saved.picture
    return [_hit(each, user, shown, people) for each in all_found]


def _senders(messages: list[MessageRecord]) -> set[str]:
    return {each.sender_id for each in messages if is_group(each.receiver_id)}


def _peer_of(message: MessageRecord, reader: User) -> str:
    return message.sender_id if message.receiver_id == reader.pk else message.receiver_id


def _hit(
    found: FoundMessage,
    reader: User,
    shown: dict[str, tuple[str, str]],
    people: dict[str, Author],
) -> Hit:
    message = found.message
    peer, is_mine = _peer_of(message, reader), message.sender_id == reader.pk
    moment = datetime.fromisoformat(message.created_at)
    is_today = timezone.localtime(moment).date() >= timezone.localdate()
    return Hit(
        found,
        peer,
        *shown[peer],
        author=None if is_mine or not is_group(peer) else people[message.sender_id],
        is_mine=is_mine and peer != saved_key(reader.pk),
        time=clock(moment) if is_today else day_label(moment),
        full_date=full_date(moment),
    )


def people_without_chats(user: User, people: list[PersonRecord]) -> list[ChatRow]:
    """The others are found among the chats."""
    keys = [direct_key(user.pk, each.id) for each in people]
    there = Conversation.objects.filter(key__in=keys, last_seq__gt=0).values_list("key", flat=True)
    chats, online = set(there), online_seen_by(user.pk)
    return [
        ChatRow(each.id, each.full_name, each.profile_pic, online=each.id in online)
        for each in people
        if direct_key(user.pk, each.id) not in chats
    ]
