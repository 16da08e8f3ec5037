"""Shared pictures, files, voice messages and links, as the details of a conversation list them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.models import User
from chatsite import language
from messaging.page.attachments import ShownFiles, listened_state, shown_files
from messaging.page.peers import Peer, authors_among
from messaging.page.times import when
from messaging.queries.shared import Kind, shared_with
from messaging.shapes.record import MessageRecord

PER_PAGE = 30


class ShownPicture(NamedTuple):
    url: str
    thumbnail: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class SharedItem:
    record: MessageRecord
    author: str
    when: str
    month: str  # where it begins, else ""
    listened: str  # of a voice message

    @property
    def pictures(self) -> list[ShownPicture]:
        record, files = self.record, self.files
        album = (each.record for each in files.album)
        shown = [ShownPicture(each.url, each.thumbnail or "", each.caption or "") for each in album]
        if record.image:
            shown.insert(0, ShownPicture(record.image, record.thumbnail or record.image))
        return shown

    @property
    def files(self) -> ShownFiles:
        return shown_files(self.record.attachments or ())


@dataclass(frozen=True, slots=True)
class SharedItems:
    kind: Kind
    items: list[SharedItem]
    before: int | None  # where the next page begins, if there is one
    month: str  # of the last one
    is_first: bool  # of the pages


def shared_items(
    user: User, peer: Peer, kind: Kind, *, before: int | None = None, month: str = ""
) -> SharedItems:
    """A page; `month` is that of the last one of the page before. Of a request nothing is shown."""
    if peer.closed == "request":
        return SharedItems(kind, [], None, "", before is None)
    page = shared_with(user, peer.pk, kind=kind, limit=PER_PAGE, before=before)
    names = _names(user, peer, page.messages)
    items = list(_items(user.pk, page.messages, names, month))
    last = _month(page.messages[-1]) if items else month
    return SharedItems(kind, items, page.before, last, before is None)


def _items(
    me: str, records: list[MessageRecord], names: dict[str, str], month: str
) -> Iterator[SharedItem]:
    for record in records:
        before, month = month, _month(record)
        new_month = month if month != before else ""
        author, listened = names[record.sender_id], listened_state(record, me)
        yield SharedItem(record, author, when(_sent(record)), new_month, listened)


def _names(user: User, peer: Peer, records: list[MessageRecord]) -> dict[str, str]:
    others = {record.sender_id for record in records} - {user.pk}
    if peer.is_group:
        authors = authors_among(others, user.pk) if others else {}
        names = {key: author.name for key, author in authors.items()}
    else:
        names = {peer.pk: peer.full_name}
    return names | {user.pk: _("You")}


def _sent(record: MessageRecord) -> datetime:
    return datetime.fromisoformat(record.created_at)


def _month(record: MessageRecord) -> str:
    """ "November 2026", where the reader is."""
    return language.month(_sent(record))
