"""What is found in the side bar, below the chats whose names have the words."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.record import PersonRecord, picture_path
from chatsite.text import has_words
from chatsite.wire import absolute
from messaging.models import Conversation, direct_key, is_group, saved_key
from messaging.page.peers import Author, authors_among, saved_peer
from messaging.page.side_bar import Row
from messaging.page.times import clock, day_label, full_date
from messaging.presence import online_seen_by
from messaging.queries.chats import chats_of
from messaging.queries.search import Asked, Found
from messaging.shapes.record import MessageRecord
from messaging.shapes.search_text import HAS, FoundMessage

_FILTER = re.compile(r'(?<!\S)(from|in|has|before|after):("[^"]+"|\S+)', re.IGNORECASE)


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


def asked(user: User, query: str, has: str) -> Asked:
    """With filters that are typed: `from:` and `in:` a name, `has:`, `before:` and `after:` a day
    like 2026-01-31. What is no such filter counts as words.
    """
    given: dict[str, Any] = {"has": has} if has in HAS else {}

    def take(match: re.Match[str]) -> str:
        name, value = match[1].lower(), match[2].strip('"')
        field, read = _READERS[name]
        wanted = read(user, value)
        if wanted is None:
            return match[0]
        given[field] = wanted
        return ""

    words = _FILTER.sub(take, query).strip()
    return Asked(words=words, **given)


def _person(user: User, name: str) -> str | None:
    if name.lower() == "me":
        return str(user.pk)
    people = User.objects.contacts_of(user.pk, name).values_list("pk", flat=True)
    return people.first() or (user.pk if has_words(user.full_name, name) else None)


def _chat(user: User, name: str) -> str | None:
    """The latest of those with such a name."""
    peers = (chat.peer for chat in chats_of(user))
    return next((peer.id for peer in peers if has_words(peer.full_name, name)), None)


def _has(_user: User, kind: str) -> str | None:
    return kind.lower() if kind.lower() in HAS else None


def _day(_user: User, day: str) -> datetime | None:
    """Its beginning, where the reader is."""
    try:
        return timezone.make_aware(datetime.strptime(day, "%Y-%m-%d"))
    except (ValueError, OverflowError):
        return None


_READERS: dict[str, tuple[str, Any]] = {
    "from": ("person", _person),
    "in": ("chat", _chat),
    "has": ("has", _has),
    "before": ("before", _day),
    "after": ("after", _day),
}


def hits(user: User, found: Found) -> list[Hit]:
    messages = [each.message for each in found.messages]
    peers = {_peer_of(each, user) for each in messages}
    groups = Conversation.objects.filter(pk__in=[key for key in peers if is_group(key)])
    shown: dict[str, tuple[str, str]] = {
        each.pk: (each.title, absolute(picture_path(each.pk, each.title, each.picture)))
        for each in groups
    }
    people = authors_among({key for key in peers if not is_group(key)} | _senders(messages))
    shown |= {key: (each.name, each.picture) for key, each in people.items()}
    saved = saved_peer(user)
    shown[saved.pk] = saved.full_name, saved.picture
    return [_hit(each, user, shown, people) for each in found.messages]


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


def people_without_chats(user: User, people: list[PersonRecord]) -> list[Row]:
    """The others are found among the chats."""
    keys = [direct_key(user.pk, each.id) for each in people]
    there = Conversation.objects.filter(key__in=keys, last_seq__gt=0).values_list("key", flat=True)
    chats, online = set(there), online_seen_by(user.pk)
    return [
        Row(each.id, each.full_name, each.profile_pic, online=each.id in online)
        for each in people
        if direct_key(user.pk, each.id) not in chats
    ]
