"""Telegram Desktop's export as JSON: `result.json`, of one chat or of all, and files beside it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import IO, Any

import ijson
import msgspec
from django.utils.translation import gettext as _

from accounts.models import NAME_LENGTH
from messaging.services.importers.source import (
    MAX_DOCUMENT_BYTES,
    MAX_REACTIONS,
    PERSON_LENGTH,
    Archive,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceFile,
    SourceMessage,
    SourceReaction,
    moment,
    too_large,
)

DOCUMENT = "result.json"
MAX_DEPTH = 50  # of nested parts
MAX_KEY_LENGTH = 200
MAX_PART_BYTES = 2**20
MAX_PARTS = 100_000  # of one message
MAX_MESSAGE_LENGTH = 2**18  # characters of all its keys and texts: of what is sent, 4,096
PIECE = 2**16  # bytes
# Where a chat is: the document itself is one, or has those that one is in, and those of before.
_PLACES = ("", "chats.list.item.", "left_chats.list.item.")
_FIELDS = {f"{place}{name}": name for place in _PLACES for name in ("id", "type", "name")}
_MESSAGES = {f"{place}messages.item" for place in _PLACES}
_OWN = "personal_information.user_id"
_LISTS = {f"{place}messages" for place in _PLACES} | {"chats.list", "left_chats.list"}


class _Part(msgspec.Struct):
    text: str = ""
    href: str = ""
    user_id: int | None = None  # of somebody who is mentioned by a name


class _Reacted(msgspec.Struct):
    from_: str | None = msgspec.field(name="from", default=None)
    from_id: str | None = None


class _Reaction(msgspec.Struct):
    count: int = 0
    emoji: str = ""  # none, where it is one of Telegram's own
    recent: list[_Reacted] = []


class _Message(msgspec.Struct):
    id: int
    type: str
    date: str = ""
    date_unixtime: str = ""
    edited_unixtime: str = ""
    from_: str | None = msgspec.field(name="from", default=None)
    from_id: str | None = None
    text: str | list[str | _Part] = ""
    photo: str | None = None
    file: str | None = None
    file_name: str | None = None
    mime_type: str = ""
    duration_seconds: int | None = None
    reply_to_message_id: int | None = None
    forwarded_from: str | None = None
    saved_from: str | None = None
    sticker_emoji: str | None = None
    contact_information: dict[str, Any] | None = None
    location_information: dict[str, Any] | None = None
    poll: dict[str, Any] | None = None
    reactions: list[_Reaction] = []


class _Chat(msgspec.Struct):
    id: int = 0
    type: str = ""
    name: str | None = None


def document_in(names: Iterable[str]) -> str:
    """Of these files, the document; "" for none."""
    found = [name for name in names if PurePosixPath(name).name == DOCUMENT]
    return min(found, key=len, default="")


def read(archive: Archive) -> ImportSource:
    """Piece by piece, as the chats are read: the document of years is larger than memory. Raises
    ImportRefused.
    """
    path = document_in(archive.names)
    if archive.size(path) > MAX_DOCUMENT_BYTES:
        raise too_large(path)
    source = ImportSource("telegram", [])
    reading = _DocumentReader(archive, path, source)
    chats = reading.chats()
    first = next(chats, None)
    if not reading.is_telegram:
        raise ImportRefused(_("%(name)s is not an export of Telegram.") % {"name": DOCUMENT})
    source.chats = chain([first], chats) if first else []
    return source


class _PieceReader:
    """A file that is read in pieces, of which no part may be long: its reader keeps it whole."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.waiting = 0  # bytes since something was found in it

    def read(self, size: int) -> bytes:
        if size:
            self.waiting += size
            if self.waiting > MAX_PART_BYTES:
                raise too_large(self._name)
        return self._file.read(size)

    def events(self) -> Iterator[tuple[str, Any]]:
        """Raises ImportRefused, ijson.JSONError."""
        for event, value in ijson.basic_parse(self, use_float=True, buf_size=PIECE):
            self.waiting = 0
            if event == "map_key" and len(value) > MAX_KEY_LENGTH:
                raise too_large(self._name)
            yield event, value


class _DocumentReader:
    def __init__(self, archive: Archive, path: str, source: ImportSource) -> None:
        self._archive, self._path, self._source = archive, path, source
        self._folder = path.removesuffix(DOCUMENT)
        self._left_out = source.left_out
        self._own = ""
        self.is_telegram = False

    def chats(self) -> Iterator[SourceChat]:
        """Each with the messages that are read from there on."""
        for _number, part in groupby(self._parts(), key=itemgetter(0)):
            first = next(part)
            chat = first[1]
            messages = (message for _number, _chat, message in chain([first], part))
            yield SourceChat(str(chat.id), self.name(chat), self._messages(messages))

    def _parts(self) -> Iterator[tuple[int, _Chat, _Message]]:
        """Each message, with its chat and the number of that. Raises ImportRefused."""
        events = self._events()
        number, fields = 0, dict[str, Any]()  # of the chat
        for place, event, value in events:
            if place in _FIELDS:
                fields[_FIELDS[place]] = value
            elif place in _LISTS:
                self.is_telegram = True
            elif place == _OWN:
                self._own = f"user{value}"
            elif event == "start_map" and f"{place}." in _PLACES:
                number, fields = number + 1, {}
            elif event == "start_map" and place in _MESSAGES:
                message = _built(events, place)
                yield number, msgspec.convert(fields, _Chat), msgspec.convert(message, _Message)

    def _events(self) -> Iterator[tuple[str, str, Any]]:
        """Where, what begins or ends or is there, and what it is. Raises ImportRefused."""
        with self._archive.opened(self._path) as file:
            try:
                yield from _placed(_PieceReader(file, self._path).events())
            except ijson.JSONError:
                raise ImportRefused(_("%(name)s cannot be read.") % {"name": self._path}) from None

    def name(self, chat: _Chat) -> str:
        if chat.type == "saved_messages":
            return _("Saved messages")
        return chat.name or _("Deleted account")

    def _messages(self, messages: Iterable[_Message]) -> Iterator[SourceMessage]:
        for message in messages:
            if message.type != "message":
                self._left_out[_("Lines of Telegram itself")] += 1
                continue
            at = _moment(message.date_unixtime, message.date)
            if at is None:
                self._left_out[_("Messages without a date that could be read")] += 1
                continue
            yield self._message(message, at)

    def _message(self, message: _Message, at: datetime) -> SourceMessage:
        sender = (message.from_id or "?")[:PERSON_LENGTH]
        self._source.names[sender] = (message.from_ or "")[:NAME_LENGTH]
        text = _text(message.text)
        if extra := self._extra(message):
            text = f"{text}\n{extra}".strip("\n")
        return SourceMessage(
            id=str(message.id),
            sender=self._person(sender),
            at=at,
            text=text,
            files=self._files(message),
            reply_to=str(message.reply_to_message_id or ""),
            edited_at=_moment(message.edited_unixtime, ""),
            forwarded=bool(message.forwarded_from or message.saved_from),
            mentions=[
                self._person(f"user{part.user_id}")
                for part in message.text
                if isinstance(part, _Part) and part.user_id
            ],
            reactions=list(self._reactions(message)),
        )

    def _person(self, key: str) -> str:
        return "" if key == self._own else key

    def _reactions(self, message: _Message) -> Iterator[SourceReaction]:
        """Telegram names the last people of many."""
        room = MAX_REACTIONS
        for reaction in message.reactions:
            named = [each for each in reaction.recent if each.from_id][:room]
            room -= len(named)
            for each in named:
                person = str(each.from_id)[:PERSON_LENGTH]
                self._source.names.setdefault(person, (each.from_ or "")[:NAME_LENGTH])
                yield SourceReaction(self._person(person), reaction.emoji)
            if (unnamed := reaction.count - len(named)) > 0:
                self._left_out[_("Reactions of people who are not named")] += unnamed

    def _files(self, message: _Message) -> list[SourceFile]:
        found = []
        for path in (message.photo, message.file):
            if not path:
                continue
            place = f"{self._folder}{path}"
            is_there = self._archive.has(place)
            name = message.file_name or (PurePosixPath(path).name if is_there else _("File"))
            seconds = message.duration_seconds
            found.append(
                SourceFile(
                    name,
                    place if is_there else "",
                    message.mime_type if path == message.file else "image/jpeg",
                    duration=seconds * 1000 if seconds else None,
                )
            )
        return found

    def _extra(self, message: _Message) -> str:
        """What there is no place for, in words."""
        if message.location_information:
            place = message.location_information
            return f"{place.get('latitude')}, {place.get('longitude')}"
        if message.contact_information:
            values = message.contact_information.values()
            return " ".join(str(value) for value in values if isinstance(value, str) and value)
        if message.poll:
            self._left_out[_("Polls, but for their questions")] += 1
            return str(message.poll.get("question", ""))
        is_bare = not (message.file or message.photo)
        return message.sticker_emoji or "" if is_bare else ""


def _placed(events: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """As `ijson.parse`, which makes a path of the keys around each part of a piece, however long
    these are, before it yields the first. Raises ImportRefused.
    """
    place, around = "", list[str]()  # where it is, and what is open around it
    for event, value in events:
        if event == "map_key":
            yield around[-1], event, value
            place = _under(around[-1], value)
        elif event in ("start_map", "start_array"):
            yield place, event, value
            around.append(place)
            if len(around) > MAX_DEPTH:
                raise too_large(DOCUMENT)
            place = _under(place, "item") if event == "start_array" else place
        else:
            place = around.pop() if event in ("end_map", "end_array") else place
            yield place, event, value


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _built(events: Iterable[tuple[str, str, Any]], place: str) -> Any:
    """What has just begun there, up to its end. Raises ImportRefused."""
    builder = ijson.ObjectBuilder()
    builder.event("start_map", None)
    size = 0
    for count, (where, event, value) in enumerate(events):
        size += len(value) if isinstance(value, str) else 0
        if count > MAX_PARTS or size > MAX_MESSAGE_LENGTH:
            raise too_large(DOCUMENT)
        builder.event(event, value)
        if event == "end_map" and where == place:
            break
    return builder.value


def _text(text: str | list[str | _Part]) -> str:
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else _plain(part) for part in text)


def _plain(part: _Part) -> str:
    if part.user_id:  # as mentions are written here
        return f"@{part.text.removeprefix('@')}"
    return f"{part.text} ({part.href})" if part.href and part.href != part.text else part.text


def _moment(seconds: str, written: str) -> datetime | None:
    """The first is exact; older exports have only the second, in an unknown zone."""
    if seconds:
        return moment(lambda: datetime.fromtimestamp(int(seconds), UTC))
    return moment(lambda: datetime.fromisoformat(written).replace(tzinfo=UTC))
