"""Words, links and new accounts: what the rules of the site refuse, and what they report."""

from datetime import timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.keys import made_at
from chatsite.security.ratelimits import TooMany
from chatsite.text import folded_text
from chatsite.wire import timestamp
from messaging.models import Message, Reason, Report, ReportKind, saved_key
from messaging.queries.filters import filters
from messaging.shapes.evidence import Evidence, SeenMessage, encoded_evidence

HOUR = timedelta(hours=1)


def check_words(text: str) -> bool:
    """Whether it is to be reported. Raises DomainError 400 for what the site refuses."""
    rules = filters()
    if not (rules.refused or rules.held):
        return False
    words = folded_text(text)
    if rules.refused and rules.refused.search(words):
        message = _("This has words or links that are not allowed here.")
        raise DomainError(message, code="filtered")
    return bool(rules.held and rules.held.search(words))


def is_filtered(receiver_id: str, sender_id: str) -> bool:
    """What people keep for themselves is not."""
    return receiver_id != saved_key(sender_id)


def report_held(key: str, seq: int, sender_id: str, text: str) -> None:
    """In the transaction that stores the message."""
    sender = User.objects.filter(pk=sender_id).first()
    name = sender.full_name if sender else ""
    at = timestamp(now())
    seen = SeenMessage(key, seq, sender_id, name, text, at, is_reported=True)
    if Report.objects.filter(reporter="", about=key, is_open=True).exists():
        return
    Report.objects.create(
        kind=ReportKind.MESSAGE,
        about=key,
        person=sender_id,
        reporter="",
        reason=Reason.FILTER,
        evidence=encoded_evidence(Evidence(name, messages=[seen])),
    )


def check_new_account(
    sender_id: str, *, conversation: str, stranger: str, has_more: bool, unsent: int
) -> None:
    """`stranger`: whom it goes to, "" for a group; `has_more`: links or files; `unsent`: what else
    goes with it. Raises DomainError 403, TooMany.
    """
    rules = filters()
    if not rules.new_for or made_at(sender_id) < now() - rules.new_for:
        return
    if User.objects.filter(pk=sender_id).exclude(role="").exists():
        return
    latest = Message.objects.filter(sender_id=sender_id, created_at__gt=now() - HOUR)
    times = sorted(latest.values_list("created_at", flat=True))
    if len(times) + unsent >= rules.new_messages:
        first = times[-rules.new_messages] if len(times) >= rules.new_messages else now()
        raise TooMany((first + HOUR - now()).total_seconds())
    answers = Message.objects.filter(conversation_id=conversation, sender_id=stranger)
    if has_more and stranger and not answers.exists():
        message = _("New accounts send links and files once the other one has answered.")
        raise DomainError(message, 403, code="new_account")
