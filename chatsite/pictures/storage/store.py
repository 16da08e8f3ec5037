"""The interface of the stores of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from chatsite.pictures.images import Picture

if TYPE_CHECKING:
    from chatsite.files.response import FileSource

PictureKind = Literal["messages", "profiles", "previews"]
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class StorageError(Exception):
    """The store does not respond, or denies access; the text is for operators."""


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """One picture that is there, whether anybody refers to it or not."""

    kind: PictureKind
    name: str  # as in addresses, or the whole stored name of one that is withdrawn
    location: str  # its key in the store
    changed_at: datetime
    withdrawn: bool = False


class PictureStore(Protocol):
    label: str
    withdraws: bool  # has addresses of its own: pictures of deleted messages have to move

    def owns(self, name: str) -> bool:
        """Whether it gives names like this."""

    def save_for_message(self, display: Picture, thumbnail: Picture) -> tuple[str, str]:
        """The names of both; that of the thumbnail is empty where `find` makes any width.

        Raises DomainError 502, 503, 507 with nothing stored.
        """

    def save(self, kind: PictureKind, picture: Picture) -> str:
        """One that is no message's: its name. Raises DomainError as `save_for_message` does."""

    def find(
        self, kind: PictureKind, name: str, width: int | None
    ) -> "Path | FileSource | str | None":
        """A file, or an address elsewhere; `width` is a wish. Raises DomainError 503."""

    def read(self, name: str, *, withdrawn: bool) -> bytes:
        """A message's picture, for staff. Raises StorageError."""

    def keep(self, name: str) -> None:
        """A message's picture is about to be used again: `remove` spares it for a while."""

    def withdraw(self, name: str) -> None:
        """Makes a message's picture unreachable but for `read`; may be repeated.

        Raises StorageError.
        """

    def give_back(self, name: str) -> None:
        """Undoes `withdraw`; may be repeated. Raises StorageError."""

    def listed(self, kind: PictureKind | None = None) -> Iterator[PictureEntry]:
        """Everything that is kept for this site, or of one kind. Raises StorageError."""

    def entries_of(self, kind: PictureKind, name: str) -> list[PictureEntry]:
        """Where a picture may be, whenever it was stored."""

    def remove(self, unused: Sequence[PictureEntry], *, unchanged_since: datetime) -> int:
        """Deletes them for good, but what was used again meanwhile; returns how many.

        Raises StorageError.
        """
