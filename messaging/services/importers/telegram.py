"""Telegram Desktop's export as JSON: `result.json`, of one chat or of all, and files beside it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from chatsite import strict_json
from messaging.services.importers.source import (
    MOST_MESSAGES,
    Archive,
    Refused,
    Source,
    SourceChat,
    SourceFile,
    SourceMessage,
    moment,
    too_large,
)

DOCUMENT = "result.json"


class _Part(msgspec.Struct):
    text: str = ""
    href: str = ""


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


class _Chat(msgspec.Struct):
    id: int
    type: str = ""
    name: str | None = None
    messages: list[_Message] = []


class _Chats(msgspec.Struct):
    chats: list[_Chat] = msgspec.field(name="list", default_factory=list)


class _Me(msgspec.Struct):
    user_id: int | None = None


class _Document(msgspec.Struct):
    """Of all chats, or itself the only one."""

    chats: _Chats | None = None
    left_chats: _Chats | None = None
    personal_information: _Me | None = None
    id: int | None = None
    type: str = ""
    name: str | None = None
    messages: list[_Message] | None = None


_read = strict_json.reader(_Document)


def document_in(names: Iterable[str]) -> str:
    """Of these files, the document; "" for none."""
    found = [name for name in names if PurePosixPath(name).name == DOCUMENT]
    return min(found, key=len, default="")


def read(archive: Archive) -> Source:
    """Raises Refused."""
    path = document_in(archive.names)
    document = _read(archive.text(path))
    if document is None or (document.chats is None and document.messages is None):
        raise Refused(_("%(name)s is not an export of Telegram.") % {"name": DOCUMENT})
    if document.messages is not None:
        chats = [_Chat(document.id or 0, document.type, document.name, document.messages)]
    else:
        chats = [
            chat for part in (document.chats, document.left_chats) if part for chat in part.chats
        ]
    me = document.personal_information
    own = f"user{me.user_id}" if me and me.user_id else ""
    source = Source("telegram", [], total=sum(len(chat.messages) for chat in chats))
    if source.total > MOST_MESSAGES:
        raise too_large(DOCUMENT)
    reading = _Reading(archive, path.removesuffix(DOCUMENT), own, source)
    source.chats = [
        SourceChat(str(chat.id), reading.name(chat), reading.messages(chat))
        for chat in chats
        if chat.messages
    ]
    for chat in chats:
        for message in chat.messages:
            if message.type == "message":
                source.names[message.from_id or "?"] = message.from_ or ""
    return source


class _Reading:
    def __init__(self, archive: Archive, folder: str, own: str, source: Source) -> None:
        self._archive, self._folder, self._own = archive, folder, own
        self._left_out = source.left_out

    def name(self, chat: _Chat) -> str:
        if chat.type == "saved_messages":
            return _("Saved messages")
        return chat.name or _("Deleted account")

    def messages(self, chat: _Chat) -> Iterator[SourceMessage]:
        for message in chat.messages:
            if message.type != "message":
                self._left_out[_("Lines of Telegram itself")] += 1
                continue
            at = _moment(message.date_unixtime, message.date)
            if at is None:
                self._left_out[_("Messages without a date that could be read")] += 1
                continue
            yield self._message(message, at)

    def _message(self, message: _Message, at: datetime) -> SourceMessage:
        sender = message.from_id or "?"
        text = _text(message.text)
        if extra := self._extra(message):
            text = f"{text}\n{extra}".strip("\n")
        return SourceMessage(
            id=str(message.id),
            sender="" if sender == self._own else sender,
            at=at,
            text=text,
            files=self._files(message),
            reply_to=str(message.reply_to_message_id or ""),
            edited_at=_moment(message.edited_unixtime, ""),
            forwarded=bool(message.forwarded_from or message.saved_from),
        )

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


def _text(text: str | list[str | _Part]) -> str:
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else _with_link(part) for part in text)


def _with_link(part: _Part) -> str:
    return f"{part.text} ({part.href})" if part.href and part.href != part.text else part.text


def _moment(seconds: str, written: str) -> datetime | None:
    """The first is exact; older exports have but the second, of nobody knows which zone."""
    if seconds:
        return moment(lambda: datetime.fromtimestamp(int(seconds), UTC))
    return moment(lambda: datetime.fromisoformat(written).replace(tzinfo=UTC))
