"""Pictures on disk, named after their content: the same picture is kept once, and a name never
changes its bytes.
"""

import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import DISK_FULL, DomainError
from chatsite.pictures.images import Picture
from chatsite.pictures.storage.store import LONG_AGO, PictureEntry, PictureKind, StorageError

if TYPE_CHECKING:
    from chatsite.files.response import FileSource

logger = logging.getLogger(__name__)
READABLE = 0o644  # by the web server in front, too; who comes into the folder decides its owner
# Apart, so that the name of a message's picture opens nothing among those that all may see.
FOLDERS: dict[PictureKind, str] = {"messages": "", "profiles": "profiles", "previews": "previews"}
_NAME = re.compile(r"[0-9a-f]{64}\.webp")


def path_of(kind: PictureKind, name: str) -> Path:
    return Path(settings.MEDIA_ROOT, FOLDERS[kind], name[:2], name)


class LocalPictureStore:
    """Serving checks who may see a picture, so a deleted one stays where it is, for staff."""

    label = "MEDIA_ROOT"
    withdraws = False

    def owns(self, name: str) -> bool:
        return _NAME.fullmatch(name) is not None

    def save_for_message(self, display: Picture, thumbnail: Picture) -> tuple[str, str]:
        image, small = _save("messages", [display, thumbnail])
        return image, small

    def save(self, kind: PictureKind, picture: Picture) -> str:
        (name,) = _save(kind, [picture])
        return name

    def find(self, kind: PictureKind, name: str, width: int | None) -> "Path | FileSource | None":
        path = path_of(kind, name)
        return path if path.is_file() else None

    def read(self, name: str, *, withdrawn: bool) -> bytes:
        try:
            return path_of("messages", name).read_bytes()
        except OSError as error:
            raise StorageError(str(error)) from None

    def keep(self, name: str) -> None:
        _still_there(path_of("messages", name))

    def withdraw(self, name: str) -> None:
        pass

    def give_back(self, name: str) -> None:
        pass

    def listed(self, kind: PictureKind | None = None) -> Iterator[PictureEntry]:
        for each in [kind] if kind else FOLDERS:
            for path in Path(settings.MEDIA_ROOT, FOLDERS[each]).glob("[0-9a-f][0-9a-f]/*"):
                if changed_at := _changed_at(path):
                    yield PictureEntry(each, path.name, str(path), changed_at)

    def entries_of(self, kind: PictureKind, name: str) -> list[PictureEntry]:
        return [PictureEntry(kind, name, str(path_of(kind, name)), LONG_AGO)]

    def remove(self, unused: Sequence[PictureEntry], *, unchanged_since: datetime) -> int:
        try:
            return sum(_removed(Path(kept.location), unchanged_since) for kept in unused)
        except OSError as error:
            raise StorageError(str(error)) from None


def _save(kind: PictureKind, pictures: Sequence[Picture]) -> list[str]:
    """Each file whole or not at all, and all of them or none."""
    names = list(_names_of(pictures))
    try:
        with ExitStack() as undo:
            written = [
                (_written(path, picture.data, undo), path)
                for name, picture in zip(names, pictures, strict=True)
                if not _still_there(path := path_of(kind, name))
            ]
            for temporary, path in written:
                temporary.replace(path)
    except OSError as error:
        logger.error("a picture could not be stored: %s", error)
        raise _no_room() if error.errno in DISK_FULL else _not_writable() from None
    return names


def _names_of(pictures: Sequence[Picture]) -> Iterator[str]:
    """A small one is named after its large one, too, so that it is unused once that is."""
    # Keyed by the secret, so that nobody can tell from a name whether a known picture is here.
    digest = hashlib.blake2b(key=settings.SECRET_KEY[:64].encode(), digest_size=32)
    for picture in pictures:
        digest.update(picture.data)
        yield f"{digest.hexdigest()}.webp"


def _still_there(path: Path) -> bool:
    """Freshly used, too, so that it is not taken for one that nobody refers to."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _written(path: Path, data: bytes, undo: ExitStack) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        undo.callback(Path(file.name).unlink, missing_ok=True)
        file.write(data)
        os.fchmod(file.fileno(), READABLE)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)


def try_to_write() -> None:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


def _removed(path: Path, unchanged_since: datetime) -> bool:
    """Moved aside first: whoever saves the same picture right now either finds it there, which
    shows in its time, or writes it anew.
    """
    aside = path.with_name(f"{path.name}.unused")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    changed_at = _changed_at(aside)
    if changed_at and changed_at > unchanged_since:
        aside.replace(path)
        return False
    aside.unlink()
    return True


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # removed meanwhile
        return None


def _no_room() -> DomainError:
    return DomainError(_("There is no room for more pictures here."), 507, code="no_room")


def _not_writable() -> DomainError:
    message = _("Pictures cannot be stored at the moment. Please try again later.")
    return DomainError(message, 503, code="storage")
