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
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import DISK_FULL, DomainError
from chatsite.files.refusals import no_room, not_opened, not_stored
from chatsite.files.response import FileSource
from chatsite.pictures.storage.local import READABLE

if TYPE_CHECKING:
    from chatsite.files.objects import ObjectStore

logger = logging.getLogger(__name__)
LOCAL, OBJECTS = "local", "s3"  # ATTACHMENT_STORE
FOLDER = "attachments"  # in MEDIA_ROOT
PIECE = 2**18  # bytes that are read at once
RESERVE = 2**30  # bytes of the disk that are left free; of a small one, a tenth
_NAME = re.compile("[0-9a-f]{32}t?")
THUMBNAIL = "t"  # what comes after the name of the file that it shows


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file that is there, whether anybody refers to it or not."""

    name: str
    changed_at: datetime


class LocalFileStore:
    """Beside the pictures. An upload is where the file is going to be: so it is never moved, and no
    crash finds it in between.
    """

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

    def listed(self) -> Iterator[FileEntry]:
        for path in Path(settings.MEDIA_ROOT, FOLDER).glob("[0-9a-f][0-9a-f]/*"):
            if _NAME.fullmatch(path.name) and (changed_at := _changed_at(path)):
                yield FileEntry(path.name, changed_at)


class Files:
    """The files of people, by names that `new_name` makes: on this disk, in an object store, or, as
    long as they are moved, some here and some there.
    """

    local = LocalFileStore()

    @property
    def objects(self) -> "ObjectStore | None":
        if "attachments" not in settings.STORAGES:
            return None
        from chatsite.files.objects import object_store  # its packages take memory

        return object_store()

    def take(self, name: str) -> None:
        """The upload of that name is complete. May be repeated. Raises DomainError 503, 507, and
        FileNotFoundError once it is `taken`.
        """
        if _are_objects_chosen() and self.objects:
            self.objects.put(name, _path(name))

    def taken(self, name: str) -> None:
        """The database has the upload as complete, too: from now on nobody asks how much of it is
        here.
        """
        if _are_objects_chosen():
            self.local.remove([name])

    def save(self, name: str, data: bytes) -> None:
        """Something small that we made. Raises DomainError 503, 507."""
        store = self.objects if _are_objects_chosen() else None
        (store or self.local).save(name, data)

    def find(self, name: str) -> Path | FileSource | None:
        """Raises DomainError 503."""
        if path := self.local.find(name):
            return path
        return self.objects.find(name) if self.objects else None

    def touch(self, name: str) -> None:
        """It is about to be used again: `remove` spares it for a while, where it is here."""
        self.local.touch(name)

    def remove(self, names: Iterable[str], *, unchanged_since: datetime | None = None) -> int:
        """Deletes them for good, but what was touched later; returns how many."""
        names = list(names)
        removed = self.local.remove(names, unchanged_since=unchanged_since)
        return max(removed, self.objects.remove(names)) if self.objects and names else removed

    def listed(self) -> Iterator[FileEntry]:
        """Everything that is kept, uploads included. Raises DomainError 503."""
        yield from self.local.listed()
        if self.objects:
            for name, changed_at in self.objects.listed():
                if _NAME.fullmatch(name):
                    yield FileEntry(name, changed_at)

    def move(self, name: str, *, to: str) -> None:
        """From this disk to the object store, or back. May be stopped at any time, and repeated.
        Raises DomainError 503, 507.
        """
        objects = self.objects
        if objects is None:
            raise not_stored()
        if to == OBJECTS:
            take_away(objects, name, _path(name))
        else:
            bring(objects, name, _path(name))


store = Files()


def _are_objects_chosen() -> bool:
    return bool(settings.ATTACHMENT_STORE == OBJECTS)


def take_away(objects: "ObjectStore", name: str, path: Path) -> None:
    """From this disk to the object store. Raises DomainError 503, 507, FileNotFoundError."""
    objects.put(name, path)
    found = objects.find(name)
    if found is None or found.size != path.stat().st_size:
        raise not_stored()
    path.unlink(missing_ok=True)


def bring(objects: "ObjectStore", name: str, path: Path) -> None:
    """From the object store to this disk: under its own name only when it is there as a whole.
    Raises DomainError 503, 507.
    """
    from chatsite.files.objects import translating_errors  # as above

    source = objects.find(name)
    if source is None:  # removed meanwhile
        return
    part = path.with_suffix(".part")
    try:
        with _stored_or_refused(), translating_errors(not_opened):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not _has_room(path.parent):
                raise no_room()
            with (
                closing(source.opened(0, source.size)) as remote,
                part.open("wb", buffering=0) as file,
            ):
                while piece := remote.read(PIECE):
                    _write(file, piece)
                os.fsync(file.fileno())
            if part.stat().st_size != source.size:
                raise not_stored()
            part.chmod(READABLE)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    objects.remove([name])


def new_name() -> str:
    """Which nobody can guess, and which reveals nothing of the content."""
    return secrets.token_hex(16)


def thumbnail_of(name: str) -> str:
    return f"{name}{THUMBNAIL}"


# Uploads, on this disk whatever the store is


def check_room(size: int) -> None:
    """For so many bytes. Raises DomainError 503, 507."""
    folder = Path(settings.MEDIA_ROOT, FOLDER)
    with _stored_or_refused():
        folder.mkdir(parents=True, exist_ok=True)
        if not _has_room(folder, size):
            raise no_room()


def scratch() -> IO[bytes]:
    """A file that goes once it is closed. On the disk of the site, for /tmp is often memory."""
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


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


def opened(name: str) -> BinaryIO:
    """What has arrived of an upload. Raises FileNotFoundError."""
    return _path(name).open("rb")


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
        raise not_stored() from None


def _has_room(folder: Path | None = None, size: int = 0) -> bool:
    """Messages and whatever else is on this disk need some of it: files alone never fill it."""
    disk = shutil.disk_usage(folder or Path(settings.MEDIA_ROOT, FOLDER))
    return disk.free - size > min(RESERVE, disk.total // 10)


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
