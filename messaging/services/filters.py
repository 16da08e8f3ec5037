"""Words, links and new accounts: what the rules of the site refuse, and what they report."""

from django.utils.translation import gettext as _

from accounts.languages import chosen_by
from accounts.models import User
from accounts.services.filters import filters, is_held
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.keys import made_at
from chatsite.security.ratelimits import HOUR, Allowance, TooMany, check_once
from chatsite.wire import timestamp
from messaging.models import Conversation, Message, Reason, Report, ReportKind, saved_key
from messaging.queries.attachments import attachments_of
from messaging.shapes.evidence import Evidence, SeenMessage, encoded_evidence, seen_file
from messaging.shapes.record import MessageRecord


def is_filtered(receiver_id: str, sender_id: str) -> bool:
    """What people keep for themselves is not, and nothing is where there are no such rules."""
    return filters().are_any and receiver_id != saved_key(sender_id)


def report_held(message: MessageRecord) -> None:
    """In the transaction that stores the message."""
    sender = User.objects.filter(pk=message.sender_id).first()
    name = sender.full_name if sender else ""
    once = attachments_of([message.id] if message.view_once else []).get(message.id, [])
    seen = SeenMessage(
        message.id,
        message.seq,
        message.sender_id,
        name,
        message.text or "",
        timestamp(now()),
        files=[seen_file(each) for each in message.attachments or once],
        once=[each.thumbnail for each in once],
        is_reported=True,
    )
    evidence = Evidence(name, messages=[seen])
    _report(ReportKind.MESSAGE, message.id, message.sender_id, evidence)


def report_held_names(user: User) -> None:
    """In the transaction that stores them."""
    if is_held(user.full_name, user.username):
        evidence = Evidence(user.full_name, user.username and f"@{user.username}", user.picture)
        _report(ReportKind.PERSON, user.pk, user.pk, evidence)


def report_held_group(group: Conversation, by: User) -> None:
    """The same, of its name and description; it concerns who wrote them."""
    if is_held(group.title, group.description):
        evidence = Evidence(group.title, group.description, group.picture)
        _report(ReportKind.GROUP, group.pk, by.pk, evidence)


def _report(kind: ReportKind, about: str, person: str, evidence: Evidence) -> None:
    """Once, as long as it is open."""
    if Report.objects.filter(reporter="", about=about, is_open=True).exists():
        return
    Report.objects.create(
        kind=kind,
        about=about,
        person=person,
        reporter="",
        reason=Reason.FILTER,
        evidence=encoded_evidence(evidence),
    )


def check_new_account(
    sender_id: str, *, conversation: str, stranger: str, has_more: bool, taken: set[str]
) -> bool:
    """Whether `count_new_message` has to count it, when nothing else refuses it. `stranger`: whom
    it goes to, "" for a group; `has_more`: links or files. Raises DomainError 403, TooMany.
    """
    if not _is_new(sender_id):
        return False
    if has_more:
        _check_replied(sender_id, conversation, stranger)
    _check_hour(sender_id, taken, counts=False)
    return True


def count_new_message(sender_id: str, taken: set[str]) -> None:
    """Raises TooMany."""
    _check_hour(sender_id, taken, counts=True)


def _check_hour(sender_id: str, taken: set[str], *, counts: bool) -> None:
    allowance = Allowance("new_messages", max(filters().new_messages, 1), HOUR)
    try:
        check_once(allowance, sender_id, taken, counts=counts)
    except TooMany as error:
        error.language = chosen_by([sender_id]).get(sender_id, "")
        raise


def check_new_links(sender_id: str, *, conversation: str, stranger: str) -> None:
    """Of what is edited, which is no message more. Raises DomainError 403."""
    if _is_new(sender_id):
        _check_replied(sender_id, conversation, stranger)


def _is_new(sender_id: str) -> bool:
    """By the rules of the site; nobody is who has a role."""
    new_for = filters().new_for
    if not new_for or made_at(sender_id) < now() - new_for:
        return False
    return not User.objects.filter(pk=sender_id).exclude(role="").exists()


def _check_replied(sender_id: str, conversation: str, stranger: str) -> None:
    replies = Message.objects.filter(conversation_id=conversation, sender_id=stranger)
    if stranger and not replies.exists():
        message = _("New accounts send links and files once the other one has answered.")
        raise DomainError(message, 403, code="new_account")
