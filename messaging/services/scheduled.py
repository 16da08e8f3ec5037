"""Messages that are sent later: at a time, or as soon as their receiver comes online.

Each is sent once, by the one writer, as the client message id `scheduled:<key>`, which no client
can choose. The row goes in the same transaction; where there is none, its job finds out by that id
that it was sent.
"""

from collections.abc import Container, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

import msgspec
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.languages import read_by
from accounts.models import User
from accounts.principal import Principal
from accounts.services.restraints import check_not_silenced
from chatsite.db import atomic, database_now, on_commit, repeatable, retrying
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from messaging import events, recipients
from messaging.models import Attachment, ScheduledMessage, conversation_key, is_group, saved_key
from messaging.models.scheduled import ERROR_LENGTH
from messaging.payloads import not_scheduled_payload, scheduled_payload
from messaging.queries.people import is_person
from messaging.queries.privacy import rules
from messaging.queries.scheduled import awaited, files_of, find_scheduled, scheduled_of
from messaging.queries.visibility import find_message, has_blocked, membership_in
from messaging.services.attachments import (
    AttachmentBatch,
    recover_sent,
    reserve,
    scheduled_client_id,
)
from messaging.services.drafts import (
    Draft,
    check_mentions,
    checked_text,
    empty_message,
    new_draft,
    not_view_once,
    unknown_receiver,
    unknown_reply,
)
from messaging.services.messages import Outcome, Sent, send_together, sent_before
from messaging.services.moments import checked_moment
from messaging.services.removal import remove_attached_later
from messaging.shapes.mentions import decoded_mentions
from scheduler.services import cancel, schedule

JOB = "send_scheduled"
MAX_SCHEDULED = 100  # of one person, those that were refused included
LATE = timedelta(minutes=1)  # which the sender is notified of
TOO_LATE = timedelta(days=1)  # after which it is not sent any more


class _Changed(DomainError):
    """By another device, or sent just now: what this one was about to do is undone."""

    def __init__(self) -> None:
        super().__init__(_("It was changed or sent just now."), 409, code="changed")


def schedule_message(
    *,
    user: User,
    peer: str,
    text: str = "",
    send_at: datetime | None = None,
    when_online: bool | None = None,
    reply_to: str = "",
    mentions: Sequence[str] | None = None,
    attachments: Sequence[str] | None = None,
    captions: Mapping[str, str] | None = None,
    view_once: bool | None = None,
    client_message_id: str = "",
) -> tuple[ScheduledMessage, bool]:
    """Either at `send_at` or `when_online`. Returns it, and whether it is new: of one client
    message id there is one.

    Raises DomainError: 400 for what could not be sent, for no time or one that is past or more than
    a year ahead, and for too many; 403 where `user` may not write now, or does not see when the
    other is online; 404 for an unknown receiver; 409 for one that was sent already.
    """
    draft = new_draft(
        sender_id=user.pk,
        receiver_id=peer,
        text=text,
        client_message_id=client_message_id,
        reply_to=reply_to,
        mentions=mentions,
        attachments=attachments,
        captions=captions,
        view_once=view_once,
    )
    _check_may_write(user, draft)
    _check_when(user.pk, peer, send_at, bool(when_online))
    # Of two that are the same, one finds the other when it tries again.
    return retrying(partial(_store, draft, _moment(send_at)), IntegrityError)


def change_scheduled(
    *,
    user: User,
    key: str,
    text: str | None = None,
    mentions: Sequence[str] | None = None,
    send_at: datetime | None = None,
    when_online: bool | None = None,
) -> ScheduledMessage:
    """Changes what is given; its files stay. One that was refused waits again once it gets another
    time.

    Raises DomainError: 400, 403 as `schedule_message`, 404, 409 for one that was sent.
    """
    if text is not None:
        text = checked_text(text)
    check_mentions(mentions or ())
    return _change(user, key, text, mentions, send_at, bool(when_online))


@repeatable
def _change(
    user: User,
    key: str,
    text: str | None,
    mentions: Sequence[str] | None,
    send_at: datetime | None,
    when_online: bool,
) -> ScheduledMessage:
    with atomic():
        row = _locked(user, key)
        if row.message:
            raise _was_sent()
        if text is not None:
            _check_words(row, text)
            row.text = text
        if mentions is not None:
            row.mentions = _encoded(mentions)
        was_waiting = row.send_at is None
        if send_at or when_online:
            _check_when(user.pk, row.peer, send_at, when_online)
            row.send_at, row.error = _moment(send_at), ""
        row.version += 1
        row.save()
        _schedule_job(row)
        if was_waiting:
            on_commit(awaited.publish_change)
        _publish(row)
        return row


def _check_words(row: ScheduledMessage, text: str) -> None:
    """Raises DomainError 400."""
    if text and row.view_once:
        raise not_view_once()
    if not text and not row.files.exists():
        raise empty_message()


@repeatable
def cancel_scheduled(*, user: User, key: str) -> None:
    """Also of one that was refused, or that was sent late. Raises NotFound."""
    with atomic():
        _publish_removed(row := _locked(user, key))
        remove_attached_later(row.files.all())
        ScheduledMessage.objects.filter(pk=row.pk).delete()


def send_now(*, user: User, key: str) -> Sent:
    """Raises DomainError: as `send_message` does, and then it is as it was; 404, 409 for one that
    was sent.
    """
    row = find_scheduled(user, key)
    if row is None:
        raise _no_such()
    if row.message:
        raise _was_sent()
    outcome = _send(row)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def send_due(key: str) -> None:
    """What its job does, any number of times. What is refused stays, with the reason.

    Raises DomainError 429, 5xx for what may work a little later.
    """
    row = ScheduledMessage.objects.filter(pk=key).first()
    if row is None or row.send_at is None or row.error or row.message:
        return
    late = database_now() - row.send_at
    if late >= timedelta():  # else it was put off, and so was its job
        with read_by(row.sender_id):
            _send_due(row, late)


def _send_due(row: ScheduledMessage, late: timedelta) -> None:
    if why := _obstacle(row, late):
        _refuse(row, why)
        return
    try:
        outcome = _send(row, is_late=late > LATE, by_itself=True)
    except _Changed:
        return  # its job runs once more
    except DomainError as error:
        outcome = error
    if isinstance(outcome, DomainError):
        if outcome.status == 429 or outcome.status >= 500:
            raise outcome
        _refuse(row, outcome.message)


def _obstacle(row: ScheduledMessage, late: timedelta) -> str:
    """Why it is not sent, beyond what the writer checks; "" for nothing."""
    if late > TOO_LATE:
        return _("The site could not send it at its time, which is more than a day ago.")
    if not User.objects.filter(pk=row.sender_id, banned_at=None).exists():
        return _("Your account was banned at that time.")
    return ""


def send_to_arrived(people: Container[str]) -> None:
    """What waits for any of these people, who are online, by those who may see that."""
    for person, senders in awaited().items():
        if person in people:
            seen = frozenset((person,))
            for sender in senders:
                if rules().online_seen(sender, seen):
                    _release(sender, person)


@repeatable
def _release(sender: str, person: str) -> None:
    with atomic():
        rows = ScheduledMessage.objects.select_for_update().filter(send_at=None)
        for row in rows.filter(sender_id=sender, peer=person).order_by("pk"):
            row.send_at, row.version = database_now(), row.version + 1
            row.save()
            _schedule_job(row)
            _publish(row)
        on_commit(awaited.publish_change)


def _store(draft: Draft, send_at: datetime | None) -> tuple[ScheduledMessage, bool]:
    row = ScheduledMessage(
        sender_id=draft.sender_id,
        peer=draft.receiver_id,
        text=draft.text,
        reply_to=draft.reply_to,
        mentions=_encoded(draft.mentions),
        view_once=draft.view_once,
        send_at=send_at,
    )
    if draft.client_message_id:
        row.pk = _key(draft)
    me = Principal(draft.sender_id, "")
    with atomic():
        if draft.client_message_id:
            if before := find_scheduled(me, row.pk):
                return before, False
            if sent_before(
                msgspec.structs.replace(draft, client_message_id=scheduled_client_id(row.pk))
            ):
                raise _was_sent()
        if scheduled_of(me).count() >= MAX_SCHEDULED:
            message = _("You can schedule up to %(limit)s messages.") % {"limit": MAX_SCHEDULED}
            raise DomainError(message, code="too_many")
        AttachmentBatch.lock_for([draft]).check(draft)
        row.save(force_insert=True)
        reserve(draft, row.pk)
        _schedule_job(row)
        _publish(row)
    return row, True


def _schedule_job(row: ScheduledMessage) -> None:
    """Its job, if it has a time."""
    if row.send_at is None:
        cancel(scheduled_client_id(row.pk))
        on_commit(awaited.publish_change)
    elif not row.error:
        schedule(JOB, name=scheduled_client_id(row.pk), run_at=row.send_at, key=row.pk)


def _send(row: ScheduledMessage, *, is_late: bool = False, by_itself: bool = False) -> Outcome:
    """Raises _Changed, Busy."""
    draft = msgspec.structs.replace(_draft(row), is_scheduled=by_itself)
    [outcome] = send_together([draft], also=partial(_settle, row, is_late))
    return outcome


def _settle(row: ScheduledMessage, is_late: bool, outcomes: Sequence[Outcome]) -> None:
    """In the transaction that stores the message."""
    [outcome] = outcomes
    if isinstance(outcome, DomainError):
        return
    # Without transactions the server may have died before they were noted as sent.
    recover_sent(Attachment.objects.filter(scheduled=row.pk))
    as_it_was = ScheduledMessage.objects.filter(pk=row.pk, version=row.version)
    if is_late:
        sent = copy(row)
        sent.message, sent.version = outcome.record.id, row.version + 1
        if not as_it_was.update(message=sent.message, version=sent.version):
            raise _Changed
        _publish(sent)
    elif as_it_was.delete()[0]:
        _publish_removed(row, message=outcome.record.id)
    else:
        raise _Changed


@repeatable
def _refuse(row: ScheduledMessage, why: str) -> None:
    with atomic():
        as_it_was = ScheduledMessage.objects.filter(pk=row.pk, version=row.version)
        if as_it_was.update(error=why[:ERROR_LENGTH], version=row.version + 1):
            row.error = why
            _publish(row)


def _publish(row: ScheduledMessage) -> None:
    to = recipients.of([row.sender_id])
    events.publish(events.SCHEDULED_CHANGED, scheduled_payload(row), to=to)


def _publish_removed(row: ScheduledMessage, *, message: str = "") -> None:
    cancel(scheduled_client_id(row.pk))
    if row.send_at is None:
        on_commit(awaited.publish_change)
    payload = not_scheduled_payload(row, message)
    events.publish(events.SCHEDULED_REMOVED, payload, to=recipients.of([row.sender_id]))


def _locked(user: User, key: str) -> ScheduledMessage:
    mine = ScheduledMessage.objects.select_for_update().filter(sender_id=user.pk)
    row = mine.filter(pk=key).first() if is_key(key) else None
    if row is None:
        raise _no_such()
    return row


def _check_may_write(user: User, draft: Draft) -> None:
    """What the writer checks again later. Raises DomainError 400, 403, 404."""
    peer = draft.receiver_id
    if peer != saved_key(user.pk):
        check_not_silenced(user.pk)
        if is_group(peer):
            membership_in(user, peer)
        elif not is_person(peer):
            raise unknown_receiver()
        elif peer in rules().blocks.get(user.pk, ()):
            raise has_blocked()
    if draft.reply_to:
        original = find_message(user, draft.reply_to)
        if not original or original.deleted or original.conversation.key != draft.conversation:
            raise unknown_reply()


def _check_when(sender: str, peer: str, send_at: datetime | None, when_online: bool) -> None:
    """Raises DomainError 400, 403."""
    if bool(send_at) == when_online:
        message = _("Say when to send it: at a time, or when they come online.")
        raise DomainError(message, code="send_at", errors={"send_at": [message]})
    if not when_online:
        return
    if is_group(peer):
        message = _("Only in a chat of two can a message wait until the other comes online.")
        raise DomainError(message, code="when_online", errors={"when_online": [message]})
    # Whom one has been blocked by is as if they never came: refusing would show it.
    if not rules().sees("online", sender, peer):
        message = _("You do not see when this person is online.")
        raise DomainError(message, 403, code="when_online", errors={"when_online": [message]})


def _moment(send_at: datetime | None) -> datetime | None:
    """Raises DomainError 400."""
    return checked_moment(send_at, "send_at") if send_at else None


def _draft(row: ScheduledMessage) -> Draft:
    """Which was valid when it was scheduled."""
    files = files_of(row)
    return Draft(
        sender_id=row.sender_id,
        receiver_id=row.peer,
        conversation=conversation_key(row.sender_id, row.peer),
        text=row.text,
        client_message_id=scheduled_client_id(row.pk),
        reply_to=row.reply_to,
        mentions=(decoded_mentions(row.mentions) if row.mentions else None) or (),
        attachments=[each.pk for each in files],
        captions={each.pk: each.caption for each in files if each.caption},
        view_once=row.view_once,
    )


def _key(draft: Draft) -> str:
    """The same for each repeated request, also after it was sent."""
    chosen = f"{draft.sender_id}\0{draft.client_message_id}"
    return blake2b(chosen.encode(), digest_size=12).hexdigest()


def _encoded(mentions: Sequence[str]) -> str:
    return msgspec.json.encode(list(mentions)).decode() if mentions else ""


def _no_such() -> NotFound:
    return NotFound(_("No such scheduled message."))


def _was_sent() -> DomainError:
    return DomainError(_("This message was sent already."), 409, code="sent")
