"""The stores of backups: a folder, or a bucket of an object store that speaks S3."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from chatsite.conf.attachments import objects_at
from chatsite.errors import DomainError
from chatsite.files.objects import ObjectStore
from chatsite.files.response import PIECE, FileSource, file_source

OBJECTS = ("https://", "http://")
UNFINISHED = ".unfinished"


class BackupStore(Protocol):
    """All methods raise OSError, with a text for the operator."""

    def put(self, name: str, source: FileSource) -> None:
        """Whole, or not at all."""

    def find(self, name: str) -> FileSource | None: ...

    def listed(self, beginning: str = "") -> set[str]:
        """Names: those in that folder and below, else those in no folder."""

    def remove(self, names: Iterable[str]) -> None: ...


def backup_store_at(address: str) -> BackupStore:
    """A path, or an address such as S3_URL. Raises ImproperlyConfigured."""
    if not address.startswith(OBJECTS):
        return FolderStore(Path(address))
    from storages.backends.s3 import S3Storage  # which takes memory

    options = objects_at("BACKUP_TO", address) or {}
    return BucketStore(ObjectStore(S3Storage(**options)))


class FolderStore:
    """For its owner alone: all that people wrote is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: str, source: FileSource) -> None:
        path = self._path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, source)

    def find(self, name: str) -> FileSource | None:
        path = self._path / name
        return file_source(path) if path.is_file() else None

    def listed(self, beginning: str = "") -> set[str]:
        return {
            str(path.relative_to(self._path))
            for path in (self._path / beginning).glob("**/*" if beginning else "*")
            if path.suffix != UNFINISHED and path.is_file()
        }

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)


class BucketStore:
    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def put(self, name: str, source: FileSource) -> None:
        with _as_os_errors():
            self._objects.copy(name, source)

    def find(self, name: str) -> FileSource | None:
        with _as_os_errors():
            return self._objects.find(name)

    def listed(self, beginning: str = "") -> set[str]:
        with _as_os_errors():
            return {name for name, _changed_at in self._objects.listed(beginning)}

    def remove(self, names: Iterable[str]) -> None:
        with _as_os_errors():
            self._objects.remove(names)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise OSError(error.message) from None


def write_whole(path: Path, source: FileSource, mode: int = 0o600) -> None:
    """Under its own name only when all of it is on the disk. Raises OSError."""
    unfinished = path.with_name(f"{path.name}{UNFINISHED}")
    unfinished.unlink(missing_ok=True)  # of an attempt that was cut short
    try:
        with closing(source.opened(0, source.size)) as remote, unfinished.open("xb") as file:
            os.fchmod(file.fileno(), mode)
            while piece := remote.read(PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if unfinished.stat().st_size != source.size:
            raise OSError(f"{path} was not written as a whole")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
