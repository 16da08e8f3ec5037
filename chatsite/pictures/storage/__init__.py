"""Where pictures are kept: on disk or in an object store, or at Cloudinary where there is an
account.

A name shows where its picture is, so that those stored before a change of mind are still found.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from chatsite.conf.cloud import CloudAccount
from chatsite.pictures.images import Picture
from chatsite.pictures.storage import local
from chatsite.pictures.storage.local import LocalPictureStore
from chatsite.pictures.storage.names import shown
from chatsite.pictures.storage.store import PictureEntry, PictureKind, PictureStore, StorageError

if TYPE_CHECKING:
    from chatsite.files.response import FileSource
    from chatsite.pictures.storage.objects import ObjectPictureStore

__all__ = ["PictureEntry", "PictureKind", "PictureStore", "StorageError", "shown"]

_LOCAL = LocalPictureStore()


def save_for_message(display: Picture, thumbnail: Picture) -> tuple[str, str]:
    """The names of both. The thumbnail's is empty where `find` makes any width of the display.

    Raises DomainError 502, 503, 507 with nothing stored.
    """
    return stores()[-1].save_for_message(display, thumbnail)


def save(kind: PictureKind, picture: Picture) -> str:
    """One that is no message's: its name. Raises DomainError as `save_for_message` does."""
    return stores()[-1].save(kind, picture)


def find(
    kind: PictureKind, name: str, width: int | None = None
) -> "Path | FileSource | str | None":
    """A file, here or in the object store, or an address elsewhere, for whoever may see it. Raises
    DomainError 503.
    """
    store = store_of(name)
    return store.find(kind, name, width) if store else None


def read(name: str, *, withdrawn: bool) -> bytes:
    """A message's picture, for staff. Raises StorageError."""
    store = store_of(name)
    if store is None:
        raise StorageError("nothing is known of where it is kept")
    return store.read(name, withdrawn=withdrawn)


def try_to_write() -> None:
    """Raises OSError when our folder takes no picture. A service is not checked."""
    if not settings.CLOUDINARY_ACCOUNT:
        local.try_to_write()


def stores() -> list[PictureStore]:
    """Every store where pictures may be; new ones go to the last."""
    account = settings.CLOUDINARY_ACCOUNT
    ours = object_pictures() or _LOCAL
    return [ours, _cloud(account)] if account else [ours]


def object_pictures() -> "ObjectPictureStore | None":
    """Which has those on this disk, too; None without an object store."""
    if "attachments" not in settings.STORAGES:
        return None
    from chatsite.files.objects import object_store  # its packages take memory
    from chatsite.pictures.storage.objects import ObjectPictureStore

    return ObjectPictureStore(object_store())


def store_of(name: str) -> PictureStore | None:
    """None for what is no name of a picture, and for Cloudinary's without an account."""
    return next((store for store in stores() if store.owns(name)), None)


@lru_cache
def _cloud(account: CloudAccount) -> PictureStore:
    # The SDK is loaded only where it is in use.
    from chatsite.pictures.storage.cloud import CloudPictureStore

    return CloudPictureStore(account)
