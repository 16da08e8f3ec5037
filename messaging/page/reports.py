"""Reports as moderators' pages show them."""

import base64
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.record import picture_path
from chatsite.errors import DomainError
from chatsite.files.response import file_source
from chatsite.files.storage import store
from chatsite.pictures import storage
from messaging.models import Decision, Message, Report, ReportKind
from messaging.services.reports import DAYS, FOR_GOOD, choices_for, duration
from messaging.shapes.evidence import Evidence, SeenMessage, decoded_evidence
from messaging.shapes.system_messages import deleted_account


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Of the list."""

    report: Report
    name: str
    description: str  # of a group, or the @username of a person
    picture: str
    reporter: str
    claimed_by: str
    decided_by: str


def rows_of(reports: Iterable[Report]) -> list[ReportRow]:
    reports = list(reports)
    keys = {
        key
        for each in reports
        for key in (each.reporter, each.claimed_by, each.decided_by, each.person)
    }
    people = User.objects.in_bulk(keys - {""})

    def name(key: str) -> str:
        person = people.get(key)
        return person.full_name if person else str(deleted_account() if key else "")

    made = []
    for each in reports:
        seen = decoded_evidence(each.evidence) or Evidence("")
        person = people.get(each.person)
        if each.kind == ReportKind.GROUP:
            picture = picture_path(each.about, seen.name, seen.picture)
        else:
            picture = picture_path(each.person, seen.name, person.picture if person else "")
        names = [name(key) for key in (each.reporter, each.claimed_by, each.decided_by)]
        made.append(ReportRow(each, seen.name, seen.description, picture, *names))
    return made


@dataclass(frozen=True, slots=True)
class ReportedMessage:
    """A message as its reporter saw it."""

    message: SeenMessage
    at: datetime
    # As they stand in the page: an address of their own would be a way past the record.
    pictures: list[str]


def seen_messages(report: Report) -> list[ReportedMessage]:
    evidence = decoded_evidence(report.evidence) or Evidence("")
    return [
        ReportedMessage(each, datetime.fromisoformat(each.at), _pictures(each))
        for each in evidence.messages
    ]


def _pictures(message: SeenMessage) -> list[str]:
    shown = (_picture(message.image), *map(_seen_once, message.once))
    return list(filter(None, shown))


def _seen_once(name: str) -> str:
    """Gone once the report was decided."""
    with suppress(DomainError, OSError):
        found = store.find(name) if name else None
        source = file_source(found) if isinstance(found, Path) else found
        if source:
            with closing(source.opened(0, source.size)) as file:
                return _data_uri(file.read(source.size))
    return ""


def _picture(name: str) -> str:
    for withdrawn in (False, True):
        try:
            data = storage.read(name, withdrawn=withdrawn) if name else b""
        except storage.StorageError:
            continue
        return _data_uri(data)
    return ""


def _data_uri(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}" if data else ""


def fate_of(report: Report) -> str:
    """What became of a reported message since."""
    if report.kind != ReportKind.MESSAGE:
        return ""
    message = Message.objects.filter(pk=report.about).first()
    if message is None or message.deleted:
        return _("Deleted since.")
    if message.edited_at and message.edited_at > report.created_at:
        return _("Edited since.")
    return ""


@dataclass(frozen=True, slots=True)
class DecisionChoice:
    """A decision with the letter that a moderator may change."""

    value: str
    label: str
    letter: str
    days: list[tuple[int, str]]
    is_grave: bool


def decisions_for(report: Report) -> list[DecisionChoice]:
    return [
        DecisionChoice(
            value=each.value,
            label=str(each.label),
            letter=_letter(each, str(report.get_reason_display())),
            days=_days(each),
            is_grave=each in (Decision.REMOVE, Decision.SILENCE, Decision.BAN),
        )
        for each in choices_for(report)
    ]


def _days(decision: Decision) -> list[tuple[int, str]]:
    if decision not in (Decision.SILENCE, Decision.BAN):
        return []
    days = [*DAYS, FOR_GOOD] if decision == Decision.BAN else [*DAYS]
    return [(each, duration(each)) for each in days]


def _letter(decision: Decision, reason: str) -> str:
    words = {
        Decision.REMOVE: _("A message of yours was reported (%(reason)s), and was removed."),
        Decision.WARN: _(
            "What you wrote was reported (%(reason)s). Please do not do this again:"
            " otherwise you will not be able to write here."
        ),
        Decision.SILENCE: _(
            "What you wrote was reported (%(reason)s). For a time you can read, but not write."
        ),
        Decision.BAN: _("What you wrote was reported (%(reason)s). Your account is suspended."),
    }
    if decision not in words:
        return ""
    return words[decision] % {"reason": reason}
