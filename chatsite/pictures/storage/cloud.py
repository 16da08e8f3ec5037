"""Pictures at Cloudinary: signed uploads, delivered in the format, quality and width that suit.

A message's picture is of type `authenticated`: only addresses that we sign open it. Withdrawn, it
is `private`, under a name that nobody has seen: smaller versions of private ones need no signature.
"""

import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.conf.cloud import CloudAccount
from chatsite.errors import DomainError
from chatsite.pictures.images import Picture
from chatsite.pictures.storage.names import shown
from chatsite.pictures.storage.sdk import Sdk
from chatsite.pictures.storage.store import LONG_AGO, PictureEntry, PictureKind, StorageError

logger = logging.getLogger(__name__)
SHOWN: dict[PictureKind, str] = {
    "messages": "authenticated",
    "profiles": "upload",
    "previews": "authenticated",
}
WITHDRAWN = "private"
# The site, still or moving, what addresses show; of a message's also what they do not show.
_NAME = re.compile(r"[0-9a-f]{8}[sm][0-9a-f]{32}(_[0-9a-f]{32})?")
_MOVING = re.compile(r"[0-9a-f]{8}m")


class CloudPictureStore:
    """Each upload is a picture of its own, so that withdrawing it touches no other; what is
    forwarded is shared.
    """

    label = "Cloudinary"
    withdraws = True

    def __init__(self, account: CloudAccount) -> None:
        self._sdk = Sdk(account)

    def owns(self, name: str) -> bool:
        return _NAME.fullmatch(name) is not None

    def save_for_message(self, display: Picture, thumbnail: Picture) -> tuple[str, str]:
        name = f"{_new_name(display)}_{secrets.token_hex(16)}"
        self._upload("messages", shown(name), display)
        return name, name if display.moving else ""

    def save(self, kind: PictureKind, picture: Picture) -> str:
        name = _new_name(picture)
        self._upload(kind, name, picture)
        return name

    def _upload(self, kind: PictureKind, name: str, picture: Picture) -> None:
        try:
            self._sdk.upload(picture.data, _public_id(kind, name), SHOWN[kind])
        except StorageError as error:
            logger.warning("a picture could not be stored: %s", error)
            message = _("The picture could not be stored. Please try again later.")
            raise DomainError(message, 502, code="storage") from None

    def find(self, kind: PictureKind, name: str, width: int | None) -> str:
        """Signed, except for what all may see."""
        public_id, signed = _public_id(kind, shown(name)), kind != "profiles"
        return self._sdk.address(
            public_id, SHOWN[kind], signed=signed, **_transformation(name, width)
        )

    def read(self, name: str, *, withdrawn: bool) -> bytes:
        """Looks in both places: it may be on its way from one to the other."""
        locations = [_shown_at(name), _withdrawn_at(name)]
        for public_id, kind in reversed(locations) if withdrawn else locations:
            if (data := self._sdk.download(public_id, kind)) is not None:
                return data
        raise StorageError("it is not there")

    def keep(self, name: str) -> None:
        """Their age is that of the upload."""

    def withdraw(self, name: str) -> None:
        self._sdk.rename(*_shown_at(name), *_withdrawn_at(name))

    def give_back(self, name: str) -> None:
        self._sdk.rename(*_withdrawn_at(name), *_shown_at(name))

    def listed(self, kind: PictureKind | None = None) -> Iterator[PictureEntry]:
        """This site's alone: another may use the same account."""
        for each in [kind] if kind else SHOWN:
            yield from self._listed(each, SHOWN[each])
        if kind in (None, "messages"):
            yield from self._listed("messages", WITHDRAWN)

    def _listed(self, kind: PictureKind, delivery: str) -> Iterator[PictureEntry]:
        for resource in self._sdk.listed(_public_id(kind, _site()), delivery):
            public_id = resource["public_id"]
            name, created_at = public_id.rpartition("/")[2], resource["created_at"]
            is_withdrawn = delivery == WITHDRAWN
            yield PictureEntry(
                kind, name, public_id, datetime.fromisoformat(created_at), is_withdrawn
            )

    def entries_of(self, kind: PictureKind, name: str) -> list[PictureEntry]:
        there = PictureEntry(kind, shown(name), _public_id(kind, shown(name)), LONG_AGO)
        if kind != "messages":
            return [there]
        return [there, PictureEntry(kind, name, _withdrawn_at(name)[0], LONG_AGO, withdrawn=True)]

    def remove(self, unused: Sequence[PictureEntry], *, unchanged_since: datetime) -> int:
        """Nothing comes into use again here: what no message shows any more nobody can forward."""
        for delivery in {*SHOWN.values(), WITHDRAWN}:
            self._sdk.delete(
                [each.location for each in unused if _delivery(each) == delivery], delivery
            )
        return len(unused)


def _new_name(picture: Picture) -> str:
    return f"{_site()}{'m' if picture.moving else 's'}{secrets.token_hex(16)}"


def _site() -> str:
    key = settings.SECRET_KEY[:64].encode()
    return blake2b(b"pictures at Cloudinary", key=key, digest_size=4).hexdigest()


def _public_id(kind: PictureKind, name: str) -> str:
    return f"chatsite/{kind}/{name}"


def _transformation(name: str, width: int | None) -> dict[str, Any]:
    """What moves is delivered as it was stored: Cloudinary would cut a long one short."""
    if _MOVING.match(name):
        return {}
    smaller = {"width": width, "crop": "limit"} if width else {}
    return {"fetch_format": "auto", "quality": "auto", **smaller}


def _shown_at(name: str) -> tuple[str, str]:
    return _public_id("messages", shown(name)), SHOWN["messages"]


def _withdrawn_at(name: str) -> tuple[str, str]:
    return _public_id("messages", name), WITHDRAWN


def _delivery(kept: PictureEntry) -> str:
    return WITHDRAWN if kept.withdrawn else SHOWN[kept.kind]
