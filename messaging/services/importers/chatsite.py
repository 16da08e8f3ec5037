"""An export of a site of this kind: docs/export.md."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

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
from messaging.shapes.export import (
    DOCUMENT,
    FORMAT,
    VERSION,
    ExportDocument,
    ExportedChat,
    ExportedMessage,
    ExportedMessages,
)

_read_document = strict_json.reader(ExportDocument)
_read_messages = strict_json.reader(ExportedMessages)


def read(archive: Archive) -> ImportSource:
    """Raises ImportRefused."""
    document = _read_document(archive.text(DOCUMENT))
    if document is None or document.format != FORMAT:
        raise ImportRefused(
            _("%(name)s is not an export of a site like this.") % {"name": DOCUMENT}
        )
    if document.version > VERSION:
        raise ImportRefused(_("This export is of a newer version: update this site first."))
    own = document.me.id
    source = ImportSource("chatsite", [])
    source.names = {each.id: each.full_name for each in document.people}
    source.emails = {
        each.id: each.email for each in document.people if each.email and each.id != own
    }
    read: set[str] = set()  # pages: one that is named again has nothing more
    source.chats = [
        SourceChat(chat.id, chat.name, _messages(archive, chat, own, source, read))
        for chat in document.chats
        if chat.pages
    ]
    return source


def _messages(
    archive: Archive, chat: ExportedChat, own: str, source: ImportSource, read: set[str]
) -> Iterator[SourceMessage]:
    for page in chat.pages:
        if not archive.has(page):
            source.left_out[_("Pages of chats that are not in the ZIP")] += 1
            continue
        if page in read:
            continue
        read.add(page)
        found = _read_messages(archive.text(page))
        if found is None:
            raise ImportRefused(_("%(name)s cannot be read.") % {"name": page})
        for message in found.messages:
            if message.expires_at:  # it would outlast its time here
                source.left_out[_("Messages that disappear")] += 1
            elif at := _moment(message.sent_at):
                yield _message(archive, message, at, own, source)
            else:
                source.left_out[_("Messages without a date that could be read")] += 1


def _message(
    archive: Archive, message: ExportedMessage, at: datetime, own: str, source: ImportSource
) -> SourceMessage:
    def person(key: str) -> str:
        return "" if key == own else key

    reactions = [
        SourceReaction(person(key), each.emoji) for each in message.reactions for key in each.people
    ]
    reactions += [SourceReaction("", emoji) for emoji in message.reacted]
    reactions = list(dict.fromkeys(reactions))
    if unnamed := sum(each.count for each in message.reactions) - len(reactions):
        source.left_out[_("Reactions of people who are not named")] += unnamed
    return SourceMessage(
        id=message.id,
        sender=person(message.sender_id),
        at=at,
        text="" if message.system else message.text,
        files=[
            SourceFile(
                each.name,
                each.path if each.path and archive.has(each.path) else "",
                each.type,
                each.caption or "",
                each.duration,
                each.waveform or "",
            )
            for each in message.files
        ],
        reply_to=message.reply_to or "",
        edited_at=_moment(message.edited_at),
        forwarded=message.forwarded,
        mentions=[person(key) for key in message.mentions],
        reactions=reactions,
        pinned_at=_moment(message.pinned_at),
        system=message.system,
    )


def _moment(written: str | None) -> datetime | None:
    return moment(lambda: parse_datetime(written or ""))
