"""What every format is read to, and the archive that it is read from."""

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext as _

from chatsite.db import now
from messaging.shapes.system_messages import SystemDetails

MAX_FILES = 200_000  # of an archive
MAX_DIRECTORY_BYTES = 2**24  # of the list of them
MAX_TEXT_BYTES = 32 * 2**20  # of a file that is read as a whole
MAX_DOCUMENT_BYTES = 2**30  # of one that is read piece by piece
MAX_PARTS = 2**21  # of such a file: each may take a hundred times the bytes that it has there
MAX_MESSAGES = 1_000_000  # of one import
RATIO = 200  # how much smaller than itself something may be packed that is larger than a little
LITTLE = 2**24
PERSON_LENGTH = 100  # of the key of a person in the source
MAX_REACTIONS = 1000  # that are taken of one message
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # that a key may be of
# What may be unpacked of an archive in all, however often it names the same file: so many times
# what it is itself, and so many bytes whatever it is.
UNPACKED, UNPACKED_LEAST = 10, 2**30
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ImportRefused(Exception):
    """It cannot be imported. `str` says why, in a sentence for its owner."""


def too_large(name: str) -> ImportRefused:
    return ImportRefused(_("%(name)s is too large to be read.") % {"name": name})


@dataclass(slots=True)
class SourceFile:
    """A file of a message, by its path in the archive; "" for one that is not there."""

    name: str
    path: str
    content_type: str = ""
    caption: str = ""
    duration: int | None = None  # milliseconds
    waveform: str = ""


@dataclass(frozen=True, slots=True)
class SourceReaction:
    person: str  # as of senders
    emoji: str  # as its source writes it


@dataclass(slots=True)
class SourceMessage:
    id: str  # in its chat, and the same whenever it is read
    sender: str  # the key of a person in the source; "" is the importer
    at: datetime
    text: str = ""
    files: list[SourceFile] = field(default_factory=list)
    reply_to: str = ""
    edited_at: datetime | None = None
    forwarded: bool = False
    mentions: list[str] = field(default_factory=list)  # as of senders
    reactions: list[SourceReaction] = field(default_factory=list)
    pinned_at: datetime | None = None
    system: SystemDetails | None = None


@dataclass(slots=True)
class SourceChat:
    """Its messages are read once, the oldest first."""

    id: str  # in its source, and the same whenever it is read
    name: str
    messages: Iterable[SourceMessage]


@dataclass(slots=True)
class ImportSource:
    kind: str  # "chatsite", "whatsapp", "telegram", "slack"
    chats: Iterable[SourceChat]  # read once, each before the next
    names: dict[str, str] = field(default_factory=dict)  # of people, by their keys in the source
    emails: dict[str, str] = field(default_factory=dict)  # of those whose address it has
    total: int = 0  # messages, about; 0: unknown
    left_out: Counter[str] = field(default_factory=Counter)  # by what it was, in words


def moment(read: Callable[[], datetime | None]) -> datetime | None:
    """What `read` makes of a date of a file, if not before 1970 or in the future, and else the
    nearest that is not. None for what is no date, or has no zone.
    """
    try:
        at = read()
        if at is None or at.utcoffset() is None:
            return None
        return min(max(at.astimezone(UTC), EARLIEST), now())
    except (ValueError, OverflowError, OSError):
        return None


class Archive:
    """A ZIP from outside. Nothing of it is unpacked to a path that it names."""

    def __init__(self, file: IO[bytes], check_cancelled: Callable[[], None] = lambda: None) -> None:
        """`check_cancelled` raises what ends the reading; it is called before each file. Raises
        ImportRefused.
        """
        self.check_cancelled = check_cancelled
        self._room = max(UNPACKED * file.seek(0, io.SEEK_END), UNPACKED_LEAST)
        try:
            self._zip = zipfile.ZipFile(_BoundedReader(file))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise ImportRefused(_("This is not a ZIP, or it is damaged.")) from None
        entries = self._zip.infolist()
        if len(entries) > MAX_FILES:
            raise _too_many_files()
        for entry in entries:
            _check(entry)
        self._entries = {entry.filename: entry for entry in entries if not entry.is_dir()}
        if len(self._entries) < sum(not entry.is_dir() for entry in entries):
            raise ImportRefused(_("This ZIP has two files of the same name."))

    @property
    def names(self) -> list[str]:
        return list(self._entries)

    def has(self, path: str) -> bool:
        return path in self._entries

    def size(self, path: str) -> int:
        return self._entries[path].file_size

    def text(self, path: str, *, parts: bytes = b"{[,") -> bytes:
        """The whole of a small file; `parts`: what begins those of JSON. Raises ImportRefused."""
        if not self.has(path):
            raise ImportRefused(_("%(name)s is missing in this ZIP.") % {"name": path})
        if self.size(path) > MAX_TEXT_BYTES:
            raise too_large(path)
        with self.opened(path) as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) != self.size(path):
            raise ImportRefused(_("%(name)s is damaged.") % {"name": path})
        if sum(map(data.count, parts)) > MAX_PARTS:
            raise too_large(path)
        return data

    def opened(self, path: str, *, again: bool = False) -> AbstractContextManager[IO[bytes]]:
        """`again`: it takes no more room than before. Raises ImportRefused, and what
        `check_cancelled` does. What opens it raises ImportRefused, also while it is read.
        """
        self.check_cancelled()
        self._room -= 0 if again else self.size(path)
        if self._room < 0:
            raise _too_large_unpacked()
        return self._open(path)

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        try:
            if self._entries[path].compress_type not in METHODS:
                raise NotImplementedError
            with self._zip.open(self._entries[path]) as file:
                yield file
        except (
            zipfile.BadZipFile,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            zlib.error,
        ):
            raise ImportRefused(_("%(name)s is damaged.") % {"name": path}) from None


class BareFile(Archive):
    """One file, as if it were packed."""

    def __init__(
        self, file: IO[bytes], name: str, check_cancelled: Callable[[], None] = lambda: None
    ) -> None:
        self.check_cancelled = check_cancelled
        entry = zipfile.ZipInfo(name)
        entry.file_size = file.seek(0, io.SEEK_END)
        self._file, self._entries, self._room = file, {name: entry}, UNPACKED * entry.file_size

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        self._file.seek(0)
        yield self._file


class _BoundedReader:
    """A file of which nobody reads much at once: `ZipFile` does so with the list of what is in it,
    and makes objects of all of that.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        most = MAX_DIRECTORY_BYTES + 1
        data = self._file.read(most if size < 0 else min(size, most))
        if len(data) == most:
            raise _too_many_files()
        return data


def _too_many_files() -> ImportRefused:
    return ImportRefused(_("There are too many files in this ZIP."))


def _check(entry: zipfile.ZipInfo) -> None:
    """Raises ImportRefused."""
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.orig_filename:
        raise ImportRefused(_("This ZIP names files outside of it."))
    if entry.flag_bits & 1:
        raise ImportRefused(_("This ZIP is locked by a password."))
    if entry.file_size > LITTLE and entry.file_size > RATIO * max(entry.compress_size, 1):
        raise _too_large_unpacked()


def _too_large_unpacked() -> ImportRefused:
    return ImportRefused(_("This ZIP would become too large when it is unpacked."))
