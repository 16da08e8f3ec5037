"""Pictures in the object store where attachments are, or on this disk as long as they are moved.

A name is the same in both places, so no message has to be written when its picture moves.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.files.objects import ObjectStore
from chatsite.files.response import FileSource
from chatsite.files.storage import OBJECTS, bring, take_away
from chatsite.pictures.images import Picture
from chatsite.pictures.storage.local import LocalPictureStore, path_of
from chatsite.pictures.storage.store import LONG_AGO, PictureEntry, PictureKind, StorageError

FOLDER = "pictures/"
_OBJECT_KEY = re.compile(rf"{FOLDER}(messages|profiles|previews)/[0-9a-f]{{64}}\.webp")


class ObjectPictureStore(LocalPictureStore):
    """New ones go where ATTACHMENT_STORE says."""

    label = "S3_URL"

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def save_for_message(self, display: Picture, thumbnail: Picture) -> tuple[str, str]:
        if not _are_objects_chosen():
            return super().save_for_message(display, thumbnail)
        return self._saved("messages", display), self._saved("messages", thumbnail)

    def save(self, kind: PictureKind, picture: Picture) -> str:
        if not _are_objects_chosen():
            return super().save(kind, picture)
        return self._saved(kind, picture)

    def _saved(self, kind: PictureKind, picture: Picture) -> str:
        """Not by its content: so what is about to be removed never comes into use again."""
        name = f"{secrets.token_hex(32)}.webp"
        self._objects.save(_object_key(kind, name), picture.data)
        return name

    def find(self, kind: PictureKind, name: str, width: int | None) -> Path | FileSource | None:
        """Raises DomainError 503."""
        path = super().find(kind, name, width)
        return path or self._objects.find(_object_key(kind, name))

    def read(self, name: str, *, withdrawn: bool) -> bytes:
        with _translating_errors():
            found = self.find("messages", name, None)
            if not isinstance(found, FileSource):
                return super().read(name, withdrawn=withdrawn)
            with closing(found.opened(0, found.size)) as file:
                return file.read(found.size)

    def listed(self, kind: PictureKind | None = None) -> Iterator[PictureEntry]:
        yield from super().listed(kind)
        with _translating_errors():
            for key, changed_at in self._objects.listed(f"{FOLDER}{kind}/" if kind else FOLDER):
                if found := _OBJECT_KEY.fullmatch(key):
                    yield PictureEntry(cast(PictureKind, found[1]), Path(key).name, key, changed_at)

    def entries_of(self, kind: PictureKind, name: str) -> list[PictureEntry]:
        there = PictureEntry(kind, name, _object_key(kind, name), LONG_AGO)
        return [*super().entries_of(kind, name), there]

    def remove(self, unused: Sequence[PictureEntry], *, unchanged_since: datetime) -> int:
        there = [kept.location for kept in unused if _OBJECT_KEY.fullmatch(kept.location)]
        here = [kept for kept in unused if kept.location not in there]
        with _translating_errors():
            return super().remove(here, unchanged_since=unchanged_since) + self._objects.remove(
                there
            )

    def move(self, kept: PictureEntry, *, to: str) -> bool:
        """From this disk to the object store, or back; False for what is there already. May be
        stopped at any time, and repeated. Raises DomainError 503, 507, FileNotFoundError.
        """
        key, path = _object_key(kept.kind, kept.name), path_of(kept.kind, kept.name)
        is_here = kept.location != key
        if to == OBJECTS and is_here:
            take_away(self._objects, key, path)
        elif to != OBJECTS and not is_here:
            bring(self._objects, key, path)
        else:
            return False
        return True


def _are_objects_chosen() -> bool:
    return bool(settings.ATTACHMENT_STORE == OBJECTS)


def _object_key(kind: PictureKind, name: str) -> str:
    return f"{FOLDER}{kind}/{name}"


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise StorageError(error.message) from None
