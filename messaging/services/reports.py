"""Reporting to moderators, and what they decide. Each look and each decision is recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import mail
from accounts.models import User
from accounts.services import audit, moderation
from accounts.services.admission import site_policy
from accounts.services.restraints import silences
from accounts.services.roles import may_act_on, not_allowed
from chatsite.db import now, on_commit
from chatsite.errors import DomainError
from chatsite.keys import is_key
from chatsite.security.ratelimits import REPORTS, check
from chatsite.text import is_storable
from messaging.models import REASONS, Decision, Message, Report, ReportKind
from messaging.models.report import NOTE_LENGTH, REPORT_TEXT_LENGTH
from messaging.queries.people import find_user
from messaging.queries.reports import evidence_of, find_report
from messaging.services.messages import remove
from messaging.shapes.evidence import encoded_evidence

DAYS = (1, 3, 7, 30, 90)
FOR_GOOD = 0  # days
LETTER_LENGTH = 2000
REASON_LENGTH = 300  # of a ban, as it is shown at log-in


def report(
    *, user: User, kind: str, about: str, reason: str, words: str = ""
) -> tuple[Report, bool]:
    """Once, as long as it is open: again, it is the first one, and False.

    Raises DomainError: 400 for what is no kind or reason and for words that are too long, 404 for
    what `user` does not see, TooMany.
    """
    if kind not in ReportKind or reason not in REASONS:
        raise DomainError(_("Say what you report, and why."), code="reason")
    words = _checked(words, REPORT_TEXT_LENGTH, "text")
    person, evidence = evidence_of(user, kind, about)
    opened = Report.objects.filter(reporter=user.pk, about=about, is_open=True)
    if before := opened.first():
        return before, False
    check(REPORTS, user.pk)
    made = Report(
        kind=kind,
        about=about,
        person=person,
        reporter=user.pk,
        reason=reason,
        words=words,
        evidence=encoded_evidence(evidence),
    )
    try:
        made.save(force_insert=True)
    except IntegrityError:  # the same at once
        return opened.get(), False
    return made, True


def _checked(words: str, most: int, field: str) -> str:
    words = words.strip()
    if not is_storable(words):
        message = _("The text has characters that cannot be stored.")
    elif len(words) > most:
        message = _("The text is too long: at most %(limit)s characters.") % {"limit": f"{most:,}"}
    else:
        return words
    raise DomainError(message, code=field, errors={field: [message]})


def open_report(*, by: User, key: str) -> Report:
    """Raises DomainError 404."""
    found = find_report(by, key)
    _recorded(by, found, _("Opened"))
    return found


def claim(*, by: User, key: str, claimed: bool) -> None:
    """For oneself, or gives it back. Raises DomainError 404, 409."""
    found = find_report(by, key)
    before, after = ("", by.pk) if claimed else (by.pk, "")

    def do() -> None:
        rows = Report.objects.filter(pk=found.pk, is_open=True, claimed_by=before)
        if not rows.update(claimed_by=after):
            words = _("Somebody else has claimed it, or it is closed.")
            raise DomainError(words, 409, code="claimed")
        _recorded(by, found, _("Claimed") if claimed else _("Given back"))

    audit.run_recorded(do)


def decide(
    *,
    by: User,
    key: str,
    decision: str,
    letter: str = "",
    note: str = "",
    days: int = 1,
) -> None:
    """Closes all open reports of the same thing. `letter` goes to the person, with how to appeal;
    `note` stays with moderators. `days`, of DAYS, or FOR_GOOD for a ban.

    Raises DomainError: 400, 403 for whom they cannot act on, 404, 409 for what is closed.
    """
    found = find_report(by, key)
    letter = _checked(letter, LETTER_LENGTH, "letter")
    note = _checked(note, NOTE_LENGTH, "note")
    _check_decision(found, decision, letter, days)

    def do() -> None:
        closed = _close(found, decision=decision, decided_by=by.pk, decided_at=now(), note=note)
        if decision != Decision.NOTHING:
            person = find_user(found.person)
            if person is None or not may_act_on(by, person):
                raise not_allowed()
            _ACTS[decision](person, found, letter, days)
            mail.send(mail.decided(person, letter, site_policy().appeals))
        _recorded(by, found, _in_words(decision, letter, days))
        for reporter in User.objects.filter(pk__in=[each.reporter for each in closed]):
            mail.send(mail.report_handled(reporter))

    audit.run_recorded(do)


def _close(found: Report, **decided: Any) -> list[Report]:
    """All that are open of the same thing. Raises DomainError 409 where it is not among them."""
    closed = list(Report.objects.filter(kind=found.kind, about=found.about, is_open=True))
    rows = Report.objects.filter(pk__in=[each.pk for each in closed], is_open=True)
    if found not in closed or rows.update(is_open=False, **decided) < len(closed):
        raise DomainError(_("This report is closed."), 409, code="closed")
    return closed


def _in_words(decision: str, letter: str, days: int) -> str:
    what = str(Decision(decision).label)
    if decision in (Decision.SILENCE, Decision.BAN):
        what += f" ({duration(days)})"
    return f"{what}: {letter}" if letter else what


def duration(days: int) -> str:
    if days == FOR_GOOD:
        return _("for good")
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def _check_decision(found: Report, decision: str, letter: str, days: int) -> None:
    if decision not in choices_for(found):
        raise DomainError(_("This cannot be decided here."), code="decision")
    if decision != Decision.NOTHING and not letter:
        message = _("Say to the person what they did.")
        raise DomainError(message, code="letter", errors={"letter": [message]})
    if days not in DAYS and (decision, days) != (Decision.BAN, FOR_GOOD):
        raise DomainError(_("Choose for how long."), code="days")


def choices_for(found: Report) -> list[Decision]:
    """A message is removed that was reported; only a person is warned."""
    choices = list(Decision)
    if found.kind != ReportKind.MESSAGE:
        choices.remove(Decision.REMOVE)
    return choices if found.person else [Decision.NOTHING]


def _remove(person: User, found: Report, letter: str, days: int) -> None:
    message = Message.objects.select_related("conversation").filter(pk=found.about).first()
    if message:
        remove(message=message)


def _warn(person: User, found: Report, letter: str, days: int) -> None:
    moderation.warn(user=person, words=letter)


def _silence(person: User, found: Report, letter: str, days: int) -> None:
    until = now() + timedelta(days=days)
    moderation.silence(user=person, until=max(until, person.silenced_until or until))
    on_commit(silences.publish_change)


def _ban(person: User, found: Report, letter: str, days: int) -> None:
    """One that ends later, by whomever, stays with its reason."""
    until = None if days == FOR_GOOD else now() + timedelta(days=days)
    if person.is_banned and until and (person.ban_ends_at is None or person.ban_ends_at > until):
        return
    moderation.ban(user=person, reason=letter[:REASON_LENGTH], until=until)


_ACTS: dict[str, Callable[[User, Report, str, int], None]] = {
    Decision.REMOVE: _remove,
    Decision.WARN: _warn,
    Decision.SILENCE: _silence,
    Decision.BAN: _ban,
}


def lift(*, by: User, key: str) -> None:
    """The silence and the ban of whom the report concerns. Raises DomainError 403, 404."""
    found = find_report(by, key)
    person = find_user(found.person) if is_key(found.person) else None
    if person is None or not may_act_on(by, person):
        raise not_allowed()

    def do() -> None:
        moderation.silence(user=person, until=None)
        moderation.unban(user=person)
        on_commit(silences.publish_change)
        audit.record(
            by=by, what=_("Silence and ban lifted"), about=User, key=person.pk, name=str(person)
        )

    audit.run_recorded(do)


def _recorded(by: User, found: Report, what: str) -> None:
    name = _("%(kind)s, %(reason)s") % {
        "kind": found.get_kind_display(),
        "reason": found.get_reason_display(),
    }
    audit.run_recorded(
        lambda: audit.record(by=by, what=what, about=Report, key=found.pk, name=name)
    )
