"""A file of unknown origin: what it is, and what is in it."""

import logging
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from messaging.services.importers import chatsite, telegram, whatsapp
from messaging.services.importers.source import (
    MAX_MESSAGES,
    MAX_REACTIONS,
    PERSON_LENGTH,
    Archive,
    BareFile,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceMessage,
    too_large,
)
from messaging.shapes.export import DOCUMENT

logger = logging.getLogger(__name__)
# In one import:
MAX_CHATS = 10_000
MAX_PEOPLE = 50_000
BARE = (".txt", ".json")  # what is taken without a ZIP around it, too


def read(
    file: IO[bytes],
    *,
    file_name: str,
    own_name: str,
    zone: tzinfo,
    check_cancelled: Callable[[], None] = lambda: None,
) -> tuple[ImportSource, Archive]:
    """`own_name`: the name of the importer, where the source does not have it. `check_cancelled`
    raises what ends the reading. Raises ImportRefused, also while messages are read.
    """
    with _refusing(file_name):
        source, archive = _read(file, file_name, own_name, zone, check_cancelled)
    source.chats = _Bounds(file_name, source.left_out).chats(source.chats)
    return source, archive


class _Bounds:
    """Of what is taken of one file, in all its chats."""

    def __init__(self, file_name: str, left_out: Counter[str]) -> None:
        self._file_name, self._left_out = file_name, left_out
        self._messages = 0
        self._people: set[str] = set()

    def chats(self, chats: Iterable[SourceChat]) -> Iterator[SourceChat]:
        """Raises ImportRefused."""
        with _refusing(self._file_name):
            for number, chat in enumerate(chats, 1):
                if number > MAX_CHATS:
                    raise too_large(self._file_name)
                chat.messages = self._within(chat.messages)
                yield chat

    def _within(self, messages: Iterable[SourceMessage]) -> Iterator[SourceMessage]:
        """Raises ImportRefused."""
        with _refusing(self._file_name):
            for message in messages:
                message.sender = message.sender[:PERSON_LENGTH]
                if (beyond := len(message.reactions) - MAX_REACTIONS) > 0:
                    self._left_out[_("Reactions that nobody has here")] += beyond
                message.reactions = [
                    replace(each, person=each.person[:PERSON_LENGTH])
                    for each in message.reactions[:MAX_REACTIONS]
                ]
                message.mentions = [each[:PERSON_LENGTH] for each in message.mentions]
                self._messages += 1
                self._people.add(message.sender)
                self._people.update(each.person for each in message.reactions)
                if self._messages > MAX_MESSAGES or len(self._people) > MAX_PEOPLE:
                    raise too_large(self._file_name)
                yield message


@contextmanager
def _refusing(file_name: str) -> Iterator[None]:
    """Whatever a reader stumbles over, it would stumble over again."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        logger.warning("An import could not be read", exc_info=error)
        raise ImportRefused(_("%(name)s cannot be read.") % {"name": file_name}) from None


def _read(
    file: IO[bytes],
    file_name: str,
    own_name: str,
    zone: tzinfo,
    check_cancelled: Callable[[], None],
) -> tuple[ImportSource, Archive]:
    ending = PurePosixPath(file_name).suffix.lower()
    if ending in BARE and not zipfile.is_zipfile(file):
        name = telegram.DOCUMENT if ending == ".json" else PurePosixPath(file_name).name
        archive: Archive = BareFile(file, name, check_cancelled)
    else:
        archive = Archive(file, check_cancelled)
    source = _source(archive, file_name, zone)
    if source.kind == "whatsapp" and own_name:
        for chat in source.chats:
            chat.messages = _with_own(chat.messages, own_name)
    return source, archive


def _with_own(messages: Iterable[SourceMessage], own_name: str) -> Iterator[SourceMessage]:
    for message in messages:
        message.sender = "" if message.sender == own_name else message.sender
        yield message


def _source(archive: Archive, file_name: str, zone: tzinfo) -> ImportSource:
    if archive.has(DOCUMENT):
        return chatsite.read(archive)
    if telegram.document_in(archive.names):
        return telegram.read(archive)
    if archive.has("users.json") and archive.has("channels.json"):
        words = _("The export of a Slack workspace is imported by those who run this site.")
        raise ImportRefused(words)
    if whatsapp.text_in(archive.names):
        return whatsapp.read(archive, file_name=file_name, zone=zone)
    words = _("There is no export of Chatsite, WhatsApp or Telegram in this file.")
    raise ImportRefused(words)
