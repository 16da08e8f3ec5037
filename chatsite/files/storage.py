"""Where attachments are kept. What is still being uploaded is written here, piece by piece, and
handed to the store when it is complete.
"""

import fcntl
import io
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import DISK_FULL, DomainError
from chatsite.pictures.storage.local import READABLE

logger = logging.getLogger(__name__)
FOLDER = "attachments"  # in MEDIA_ROOT
PIECE = 2**18  # bytes that are read at once
RESERVE = 2**30  # bytes of the disk that are left free; of a small one, a tenth
_NAME = re.compile("[0-9a-f]{32}t?")
THUMBNAIL = "t"  # what comes after the name of the file that it shows


@dataclass(frozen=True, slots=True)
class Kept:
    """One file that is there, whether anybody refers to it or not."""

    name: str
    changed_at: datetime


class Store(Protocol):
    """A place for complete files, by names that `new_name` makes."""

    def take(self, name: str) -> None:
        """The upload of that name is complete. May be repeated."""

    def save(self, name: str, data: bytes) -> None:
        """Something small that we made. Raises DomainError 503, 507."""

    def find(self, name: str) -> Path | str | None:
        """A file, or an address elsewhere that opens it for a while."""

    def touch(self, name: str) -> None:
        """It is about to be used again: `remove` spares it for a while."""

    def remove(self, names: Iterable[str], *, unchanged_since: datetime | None = None) -> int:
        """Deletes them for good, but what was touched later; returns how many."""

    def listed(self) -> Iterator[Kept]:
        """Everything that is kept, uploads included."""


class LocalStore:
    """Beside the pictures. An upload is where the file is going to be: so it is never moved, and no
    crash finds it in between.
    """

    def take(self, name: str) -> None:
        pass

    def save(self, name: str, data: bytes) -> None:
        with _stored_or_refused():
            _path(name).unlink(missing_ok=True)  # of an attempt that was cut short
            begin(name)
            with _path(name).open("r+b", buffering=0) as file:
                _write(file, data)
                os.fsync(file.fileno())

    def find(self, name: str) -> Path | None:
        path = _path(name)
        return path if path.is_file() else None

    def touch(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.utime(_path(name))

    def remove(self, names: Iterable[str], *, unchanged_since: datetime | None = None) -> int:
        return sum(_removed(_path(name), unchanged_since) for name in names)

    def listed(self) -> Iterator[Kept]:
        for path in Path(settings.MEDIA_ROOT, FOLDER).glob("[0-9a-f][0-9a-f]/*"):
            if _NAME.fullmatch(path.name) and (changed_at := _changed_at(path)):
                yield Kept(path.name, changed_at)


store: Store = LocalStore()


def new_name() -> str:
    """Which nobody can guess, and tells nothing of the content."""
    return secrets.token_hex(16)


def thumbnail_of(name: str) -> str:
    return f"{name}{THUMBNAIL}"


# Uploads, on this disk whatever the store is


def begin(name: str) -> None:
    """Raises DomainError 503, 507."""
    path = _path(name)
    with _stored_or_refused():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=READABLE, exist_ok=False)
        path.chmod(READABLE)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name, so that a power cut does not lose it
        finally:
            os.close(folder)


def size_of(name: str) -> int | None:
    """How much of an upload is there; None for none."""
    try:
        return _path(name).stat().st_size
    except FileNotFoundError:
        return None


def head_of(name: str, size: int) -> bytes:
    with _path(name).open("rb") as file:
        return file.read(size)


class Uploading:
    """An upload that nobody else writes to meanwhile."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.offset = file.seek(0, os.SEEK_END)

    def append(self, read: Callable[[int], bytes], *, most: int) -> bool:
        """All that `read` gives, which is on disk afterwards, whatever is raised; False when it
        gives more than `most` bytes. What was written before a full disk stays, too.
        """
        try:
            while piece := read(PIECE):
                most -= len(piece)
                if most < 0:
                    return False
                self.write(piece)
        finally:
            self.sync()
        return True

    def write(self, data: bytes) -> None:
        """Raises DomainError 503, 507."""
        if not _has_room():
            raise no_room()
        with _stored_or_refused():
            _write(self._file, data)

    def sync(self) -> None:
        self.offset = self._file.tell()
        with _stored_or_refused():
            os.fsync(self._file.fileno())

    def cut_back(self, offset: int) -> None:
        self._file.truncate(offset)
        os.fsync(self._file.fileno())
        self.offset = offset


@contextmanager
def uploading(name: str) -> Iterator[Uploading]:
    """Raises DomainError 423 while somebody else does, FileNotFoundError."""
    with _path(name).open("r+b", buffering=0) as file:
        try:
            # Of this file alone, also between workers, and gone with a process that dies.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = _("This upload is being written to by another request.")
            raise DomainError(message, 423, code="locked", wait=1) from None
        yield Uploading(file)


@contextmanager
def _stored_or_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            logger.warning("no room for attachments in %s", settings.MEDIA_ROOT)
            raise no_room() from None
        logger.error("an attachment could not be stored: %s", error)
        message = _("Files cannot be stored at the moment. Please try again later.")
        raise DomainError(message, 503, code="storage") from None


def _has_room() -> bool:
    """Messages and whatever else is on this disk need some of it: files alone never fill it."""
    disk = shutil.disk_usage(Path(settings.MEDIA_ROOT, FOLDER))
    return disk.free > min(RESERVE, disk.total // 10)


def no_room() -> DomainError:
    return DomainError(_("There is no room for more files here."), 507, code="no_room")


def _write(file: io.FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return Path(settings.MEDIA_ROOT, FOLDER, name[:2], name)


def _removed(path: Path, unchanged_since: datetime | None) -> bool:
    changed_at = _changed_at(path)
    if changed_at is None or (unchanged_since and changed_at > unchanged_since):
        return False
    path.unlink(missing_ok=True)
    return True


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
