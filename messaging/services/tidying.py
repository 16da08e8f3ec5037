"""Pictures and files that nobody refers to, and pictures that are still where their message no
longer is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from accounts.models import User
from chatsite.db import now
from chatsite.files.storage import THUMBNAIL, store
from chatsite.pictures import storage
from chatsite.pictures.storage import PictureEntry, PictureKind, PictureStore
from messaging.models import (
    Attachment,
    Block,
    Conversation,
    Export,
    Import,
    Message,
    Report,
    ReportKind,
)
from messaging.queries.pictures import with_picture
from messaging.services.attachments import forget_deleted
from messaging.services.pictures import settle
from messaging.services.removal import FORWARDED, GRACE_PERIOD
from messaging.services.uploads import remove_expired
from messaging.shapes.evidence import decoded_evidence
from messaging.shapes.link_previews import decoded_preview

BATCH_SIZE = 500  # files


@dataclass(frozen=True, slots=True)
class Tidied:
    """Counts of pictures."""

    kept: int
    removed: int
    withdrawn: int
    given_back: int


@dataclass(frozen=True, slots=True)
class Use:
    """By the messages that show it, which may be several."""

    image: str
    deleted: bool  # all of them are


@dataclass(slots=True)
class _Tidying:
    kept: int = 0
    unused: list[PictureEntry] = field(default_factory=list)
    misplaced: list[Use] = field(default_factory=list)


Uses = dict[tuple[PictureKind, str], Use | None]


def tidy(store: PictureStore, *, dry_run: bool) -> Tidied:
    """May be repeated, also while people go on sending. Raises StorageError."""
    since = now() - GRACE_PERIOD
    found = _found(store, pictures_in_use(), since)
    withdrawn = sum(use.deleted for use in found.misplaced)
    removed = len(found.unused)
    if not dry_run:
        for use in found.misplaced:
            settle(store, use.image)
        removed = store.remove(found.unused, unchanged_since=since)
    return Tidied(found.kept, removed, withdrawn, len(found.misplaced) - withdrawn)


@dataclass(frozen=True, slots=True)
class TidiedFiles:
    expired: int  # uploads
    deleted: int  # messages whose files are not kept any longer
    removed: int  # files that belong to nothing


def tidy_attachments(*, dry_run: bool) -> TidiedFiles:
    """May be repeated, also while people go on sending."""
    expired = remove_expired(dry_run=dry_run)
    deleted = forget_deleted(dry_run=dry_run)
    since = now() - GRACE_PERIOD
    used = _used_files(dry_run=dry_run)
    unused = [
        kept.name
        for kept in store.listed()
        # A small picture is stored just before it is noted: it goes with what it shows.
        if kept.name.removesuffix(THUMBNAIL) not in used and kept.changed_at <= since
    ]
    removed = len(unused) if dry_run else _removed(unused, since)
    return TidiedFiles(expired, deleted, removed)


def remove_files(names: Sequence[str]) -> None:
    """Of messages that are gone, those that no other message has. What was touched just now is left
    to the tidying. May be repeated.
    """
    _removed(names, now() - FORWARDED)


def remove_pictures(pictures: Sequence[Sequence[str]]) -> None:
    """The same of pictures, each with its small one, or "". One that was reported is kept, out of
    reach. Raises StorageError.
    """
    unused = [names for names in pictures if not with_picture(names[0]).exists()]
    reported = _reported_pictures() if unused else set()
    for name in sorted({name for names in unused for name in names if name}):
        store = storage.store_of(name)
        if store is None:
            continue
        if storage.shown(name) in reported:
            store.withdraw(name)
        else:
            store.remove(store.entries_of("messages", name), unchanged_since=now() - FORWARDED)


def remove_previews() -> None:
    """Those pictures of link previews that no message has. One that was just made, which another
    message may be about to get (`link_previews.KEPT`), is left to the tidying. May be repeated.
    Raises StorageError.
    """
    since = now() - GRACE_PERIOD
    used = set(_previews())
    for place in storage.stores():
        kept = place.listed("previews")
        unused = [each for each in kept if each.name not in used and each.changed_at <= since]
        place.remove(unused, unchanged_since=since)


def _removed(names: Sequence[str], since: datetime) -> int:
    """Asks the database again just before, for what was forwarded since it was read."""
    removed = 0
    for at in range(0, len(names), BATCH_SIZE):
        some = {name: name.removesuffix(THUMBNAIL) for name in names[at : at + BATCH_SIZE]}
        rows = Attachment.objects.filter(stored__in=set(some.values()))
        used = {*rows.values_list("stored", flat=True), *_archives()}
        unused = [name for name, stored in some.items() if stored not in used]
        removed += store.remove(unused, unchanged_since=since)
    return removed


def _used_files(*, dry_run: bool) -> set[str]:
    """By name. Of those whose first message is gone, one that it was forwarded to counts in its
    place: so whatever is on disk counts for somebody.
    """
    used = _archives()
    counted: set[str] = set()
    copies: dict[str, str] = {}  # the oldest one of each
    rows = Attachment.objects.order_by("pk").values_list("pk", "stored", "thumbnail", "is_copy")
    for key, stored, thumbnail, is_copy in rows.iterator():
        used |= {stored, thumbnail}
        if is_copy:
            copies.setdefault(stored, key)
        else:
            counted.add(stored)
    if not dry_run:
        for stored in copies.keys() - counted:
            Attachment.objects.filter(pk=copies[stored]).update(is_copy=False)
    return used


def _archives() -> set[str]:
    """Exports, and what is imported."""
    archives = [rows.objects.values_list("stored", flat=True) for rows in (Export, Import)]
    return set(chain(*archives))


def pictures_in_use() -> Uses:
    """A deleted message needs its picture, too: staff see it, and it may be restored. So does a
    report, whose message may have disappeared.
    """
    people = User.objects.exclude(picture="").values_list("picture", flat=True)
    groups = Conversation.objects.exclude(picture="").values_list("picture", flat=True)
    profiles = chain(people.iterator(), groups.iterator(), *map(_kept_by_blocks, FACES))
    uses: Uses = {("profiles", name): None for name in profiles}
    uses.update({("messages", name): None for name in _reported_pictures()})
    uses.update({("previews", name): None for name in _previews()})
    messages = Message.objects.exclude(image="").values_list("deleted", "image", "thumbnail")
    for deleted, *names in messages.iterator():
        for name in filter(None, names):
            key: tuple[PictureKind, str] = ("messages", storage.shown(name))
            before = uses.get(key)
            uses[key] = Use(names[0], deleted and (before is None or before.deleted))
    return uses


def _previews() -> Iterator[str]:
    stored = Message.objects.filter(has_link=True, preview__gt="").values_list("preview", flat=True)
    previews = map(decoded_preview, filter(None, stored.iterator()))
    return (each.image for each in previews if each and each.image)


def _reported_pictures() -> set[str]:
    reports = Report.objects.filter(kind=ReportKind.MESSAGE).values_list("evidence", flat=True)
    evidences = filter(None, map(decoded_evidence, reports.iterator()))
    return {storage.shown(seen.image) for each in evidences for seen in each.messages}


FACES = ("blocker_picture", "blocked_picture")


def _kept_by_blocks(field: str) -> Iterator[str]:
    """As those whom they part go on seeing each other."""
    return Block.objects.exclude(**{field: ""}).values_list(field, flat=True).iterator()


def _found(store: PictureStore, uses: Uses, since: datetime) -> _Tidying:
    found = _Tidying()
    for kept in store.listed():
        key = (kept.kind, storage.shown(kept.name))
        if key not in uses and kept.changed_at <= since:
            found.unused.append(kept)
            continue
        found.kept += 1
        use = uses.get(key)
        if store.withdraws and use and use.deleted != kept.withdrawn:
            found.misplaced.append(use)
    return found
