"""The audit log of what moderators do and look at: a chain of entries, each with the hash of the
one before, that nothing on the site changes. An act and its entry are one transaction.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from django.db import IntegrityError, models
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, AuditHead, User
from chatsite.db import atomic, now, retrying
from chatsite.wire import timestamp

Result = TypeVar("Result")
PAGE = 500  # entries in memory at once
_NAME_LENGTH = 200
_HEAD = 1


def run_recorded(work: Callable[[], Result]) -> Result:
    """Runs an act with its entry as one transaction, again when the database asks for it."""

    def once() -> Result:
        with atomic():
            return work()

    return retrying(once, IntegrityError)  # of two that make the first entry at once


def record(
    *, by: User, what: str, about: type[models.Model], key: str = "", name: str = ""
) -> AuditEntry:
    """Who did what to which row, in the transaction that does it. `what` and `name` never quote a
    message.
    """
    with atomic():
        head = _locked_head()
        entry = AuditEntry(
            number=head.number,
            at=now(),
            actor=by.pk,
            actor_name=by.full_name,
            what=what,
            about=about._meta.label_lower,
            key=key,
            name=name[:_NAME_LENGTH],
            previous=head.hash,
        )
        entry.hash = hash_of(_fields(entry))
        entry.save(force_insert=True)
        AuditHead.objects.filter(pk=_HEAD).update(hash=entry.hash)
    return entry


def _locked_head() -> AuditHead:
    """Counted on for an entry. Written first, so that others wait on every database."""
    if AuditHead.objects.filter(pk=_HEAD).update(number=F("number") + 1):
        return AuditHead.objects.get(pk=_HEAD)
    return AuditHead.objects.create(pk=_HEAD, number=1)


def hash_of(fields: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of an entry without its hash: its keys in order, no spaces,
    UTF-8.
    """
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": timestamp(entry.at),
        "actor": entry.actor,
        "actorName": entry.actor_name,
        "what": entry.what,
        "about": entry.about,
        "key": entry.key,
        "name": entry.name,
        "previous": entry.previous,
    }


def lines_after(number: int) -> tuple[int, bytes]:
    """The next PAGE entries as JSON, one a line, and the last one's number; nothing at the end."""
    page = list(AuditEntry.objects.filter(number__gt=number).order_by("number")[:PAGE])
    lines = (
        msgspec.json.encode({**_fields(each), "hash": each.hash}, order="sorted") + b"\n"
        for each in page
    )
    return (page[-1].number if page else number), b"".join(lines)


def exported() -> Iterator[bytes]:
    number, lines = lines_after(0)
    while lines:
        yield lines
        number, lines = lines_after(number)


def faults(expected: Mapping[int, str] | None = None) -> Iterator[str]:
    """What is wrong with the chain, in words; `expected` are former hashes by number."""
    left = dict(expected or {})
    last = AuditEntry(number=0)
    while page := list(AuditEntry.objects.filter(number__gt=last.number).order_by("number")[:PAGE]):
        for entry in page:
            yield from _faults_of(entry, last)
            if left.pop(entry.number, entry.hash) != entry.hash:
                words = _("Entry %(number)s is another one than was noted.")
                yield words % {"number": entry.number}
            last = entry
    head = AuditHead.objects.filter(pk=_HEAD).first() or AuditHead(number=0)
    if last.number < head.number:
        # Of those that were written meanwhile the last one is there.
        if not AuditEntry.objects.filter(pk=head.number, hash=head.hash).exists():
            yield _missing(last.number + 1, head.number)
    elif (last.number, last.hash) != (head.number, head.hash):
        yield _("Entry %(number)s was not written by the site.") % {"number": last.number}
    for number in left:
        yield _missing(number, number)


def _faults_of(entry: AuditEntry, last: AuditEntry) -> Iterator[str]:
    """`last` is the one before it."""
    number = {"number": entry.number}
    if entry.number != last.number + 1:
        yield _missing(last.number + 1, entry.number - 1)
    elif entry.previous != last.hash:
        yield _("Entry %(number)s does not follow the one before.") % number
    if entry.hash != hash_of(_fields(entry)):
        yield _("Entry %(number)s was changed.") % number


def _missing(first: int, last: int) -> str:
    if first == last:
        return _("Entry %(number)s is missing.") % {"number": first}
    return _("Entries %(first)s to %(last)s are missing.") % {"first": first, "last": last}
