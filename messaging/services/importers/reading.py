"""A file of unknown origin: what it is, and what is in it."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from messaging.services.importers import chatsite, telegram, whatsapp
from messaging.services.importers.source import (
    LARGEST_TEXT,
    Archive,
    Refused,
    Source,
    SourceMessage,
    too_large,
)
from messaging.shapes.export import DOCUMENT

BARE = (".txt", ".json")  # what is taken without a ZIP around it, too


def read(file: IO[bytes], *, file_name: str, own_name: str, zone: tzinfo) -> tuple[Source, Archive]:
    """`own_name`: of the importer in a source that does not tell. Raises Refused."""
    ending = PurePosixPath(file_name).suffix.lower()
    if ending in BARE and not zipfile.is_zipfile(file):
        file.seek(0)
        file = _packed(file, telegram.DOCUMENT if ending == ".json" else file_name)
    archive = Archive(file)
    source = _source(archive, file_name, zone)
    if source.kind == "whatsapp" and own_name:
        for chat in source.chats:
            chat.messages = _with_own(chat.messages, own_name)
    return source, archive


def _with_own(messages: Iterable[SourceMessage], own_name: str) -> Iterator[SourceMessage]:
    for message in messages:
        message.sender = "" if message.sender == own_name else message.sender
        yield message


def _source(archive: Archive, file_name: str, zone: tzinfo) -> Source:
    if archive.has(DOCUMENT):
        return chatsite.read(archive)
    if telegram.document_in(archive.names):
        return telegram.read(archive)
    if archive.has("users.json") and archive.has("channels.json"):
        words = _("The export of a Slack workspace is imported by those who run this site.")
        raise Refused(words)
    if whatsapp.text_in(archive.names):
        return whatsapp.read(archive, file_name=file_name, zone=zone)
    words = _("There is no export of Chatsite, WhatsApp or Telegram in this file.")
    raise Refused(words)


def _packed(file: IO[bytes], name: str) -> IO[bytes]:
    """In an archive of its own."""
    data = file.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise too_large(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(PurePosixPath(name).name, data)
    return packed
