"""Slack's export of a workspace: people, channels, and the messages of each day."""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from emoji import emojize

from chatsite import strict_json
from messaging.services.importers.source import (
    Archive,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceFile,
    SourceMessage,
    SourceReaction,
    moment,
)

_MARKUP = re.compile(r"<(?P<kind>[@#!]?)(?P<what>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
# Subtypes whose text somebody wrote.
_MESSAGE_SUBTYPES = {
    "",
    "bot_message",
    "me_message",
    "thread_broadcast",
    "file_share",
    "reply_broadcast",
}


class _Profile(msgspec.Struct):
    real_name: str = ""
    display_name: str = ""
    email: str | None = None


class _User(msgspec.Struct):
    id: str
    name: str = ""
    real_name: str | None = None
    profile: _Profile = msgspec.field(default_factory=_Profile)


class _Pin(msgspec.Struct):
    id: str = ""  # of a message, its `ts`
    created: float = 0


class _Channel(msgspec.Struct):
    id: str
    name: str
    members: list[str] = []
    pins: list[_Pin] | None = None


class _File(msgspec.Struct):
    name: str | None = None
    title: str | None = None
    url_private: str | None = None


class _Reaction(msgspec.Struct):
    name: str
    users: list[str] = []
    count: int = 0


class _Message(msgspec.Struct):
    ts: str = ""
    type: str = ""
    subtype: str = ""
    user: str | None = None
    username: str | None = None
    bot_id: str | None = None
    text: str | None = ""
    thread_ts: str | None = None
    files: list[_File | None] | None = None
    edited: dict[str, Any] | None = None
    reactions: list[_Reaction] | None = None


_read_users = strict_json.reader(list[_User])
_read_channels = strict_json.reader(list[_Channel])
_read_day = strict_json.reader(list[_Message])


class Workspace:
    """As its export has it."""

    def __init__(self, archive: Archive) -> None:
        """Raises ImportRefused."""
        self._archive = archive
        users = _read_users(archive.text("users.json"))
        channels = _read_channels(archive.text("channels.json"))
        if users is None or channels is None:
            raise ImportRefused(_("This is not an export of Slack."))
        if archive.has("groups.json"):  # private channels
            channels += _read_channels(archive.text("groups.json")) or []
        self.channels = channels
        self.source = ImportSource("slack", [])
        self.source.names = {each.id: _name(each) for each in users}
        self.source.emails = {each.id: each.profile.email for each in users if each.profile.email}
        self.source.chats = [
            SourceChat(each.id, each.name, self._messages(each)) for each in channels
        ]

    def members(self, channel: str) -> list[str]:
        return next((each.members for each in self.channels if each.id == channel), [])

    def _messages(self, channel: _Channel) -> Iterator[SourceMessage]:
        folder = f"{channel.name}/"
        pins = {each.id: _moment(str(each.created)) for each in channel.pins or ()}
        days = [name for name in self._archive.names if name.startswith(folder)]
        for day in sorted(days):
            found = _read_day(self._archive.text(day)) if day.endswith(".json") else []
            if found is None:
                self.source.left_out[_("Days that could not be read")] += 1
                continue
            for message in sorted(found, key=lambda each: each.ts):
                if read := self._message(message):
                    read.pinned_at = pins.get(read.id)
                    yield read

    def _message(self, message: _Message) -> SourceMessage | None:
        at = _moment(message.ts)
        if message.type != "message" or message.subtype not in _MESSAGE_SUBTYPES or at is None:
            self.source.left_out[_("Lines of Slack itself")] += 1
            return None
        sender = message.user or message.bot_id or message.username or "?"
        if message.username and sender not in self.source.names:
            self.source.names[sender] = message.username
        text = message.text or ""
        files = [each for each in message.files or () if each]
        is_reply = message.thread_ts and message.thread_ts != message.ts
        return SourceMessage(
            id=message.ts,
            sender=sender,
            at=at,
            text=plain(text, self.source.names),
            mentions=[each["what"] for each in _MARKUP.finditer(text) if each["kind"] == "@"],
            files=[SourceFile(each.name or each.title or _("File"), "") for each in files],
            reply_to=message.thread_ts or "" if is_reply else "",
            edited_at=_moment(str(message.edited.get("ts", ""))) if message.edited else None,
            reactions=[
                SourceReaction(person, _emoji(each.name))
                for each in message.reactions or ()
                for person in each.users
            ],
        )


def _emoji(name: str) -> str:
    """That Slack calls so, as `thumbsup` or `+1::skin-tone-2`; the name where it is its own."""
    return emojize(f":{name.partition('::')[0]}:", language="alias")


def _name(user: _User) -> str:
    profile = user.profile
    return profile.display_name or profile.real_name or user.real_name or user.name or user.id


def plain(text: str, names: Mapping[str, str]) -> str:
    """Without Slack's marks for people, channels and links."""

    def shown(found: re.Match[str]) -> str:
        kind, what, label = found["kind"], found["what"], found["label"]
        if kind == "@":
            return f"@{label or names.get(what, what)}"
        if kind == "#":
            return f"#{label or what}"
        if kind == "!":
            return label or f"@{what.partition('^')[0]}"
        return what if label in (None, "", what) else f"{label} ({what})"

    return html.unescape(_MARKUP.sub(shown, text))


def _moment(ts: str) -> datetime | None:
    return moment(lambda: datetime.fromtimestamp(float(ts), UTC))
