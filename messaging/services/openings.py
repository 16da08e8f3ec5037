"""Opening what is seen once, and removing it: when all have opened it, or its time is over.

Opening begins a while in which who opened it, by an id that they chose, may load the files, any
number of times: a response that is lost costs nothing. After it they are closed to them for good.
"""

from datetime import datetime, timedelta
from functools import partial

import msgspec
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import database_now, now, repeatable, retrying
from chatsite.errors import DomainError
from chatsite.locks import locking
from chatsite.wire import timestamp
from messaging import events
from messaging.models import Attachment, Message, Opening, Report, ReportKind, is_group
from messaging.queries.visibility import (
    find_undeleted,
    has_blocked,
    past_member,
    stored_message,
)
from messaging.services.conversations import (
    INSTANT,
    LockedConversation,
    locked_conversations,
)
from messaging.services.drafts import is_client_id
from messaging.services.first_times import lock_message, publish_first_time
from messaging.services.removal import remove_files_later
from messaging.shapes.attachments import AttachmentRecord, attachment_record
from messaging.shapes.payload_types import OpeningPayload
from messaging.shapes.view_once import decoded_once
from scheduler.services import schedule

CLOSE = "close_once"  # the kind of job
OPEN = timedelta(minutes=2)  # and for as long as a voice message takes
HELD = timedelta(days=1)  # what was reported is looked at again then


def open_once(*, user: User | Principal, message_id: str, opening_id: str) -> OpeningPayload:
    """`opening_id` is a client id, and secret: with the same one it is the same opening, as long as
    that lasts.

    Raises DomainError: 400 for what is not seen once, or the user's own, 403 where they are no
    longer in the group, have blocked the sender, or not accepted their request, 404, 409 for a
    deleted one and one that they opened before, 410 for one that nobody can open any more.
    """
    if not is_client_id(opening_id):
        message = _("An opening id is required: 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.")
        raise DomainError(message, code="client_id", errors={"opening_id": [message]})
    found = find_undeleted(user, message_id)
    if not found.view_once:
        raise DomainError(_("This message is not one that is seen once."), code="view_once")
    if found.sender_id == user.pk:
        raise DomainError(_("What you sent is for the others to open."), code="view_once")
    # Of two that open it at once, without transactions, one finds that the second time.
    opening = retrying(partial(_open, found, user.pk, opening_id), IntegrityError)
    files = [_record(each, opening_id) for each in _files(found)]
    return {"attachments": files, "until": timestamp(opening.until)}


def _open(found: Message, person: str, client_id: str) -> Opening:
    with locking(found.conversation.key):
        conversation, message = lock_message(found, person)
        mine = Opening.objects.filter(message_id=message.pk, user_id=person)
        if before := mine.first():
            if before.client_id != client_id or before.until <= now():
                raise DomainError(_("You have opened this already."), 409, code="opened")
            return before
        _check_may_open(conversation, message, person)
        if not (files := _files(message)):
            raise _is_over()
        moment = max(now(), conversation.changed_at + INSTANT)
        length = timedelta(milliseconds=sum(each.duration or 0 for each in files))
        opening = Opening.objects.create(
            message_id=message.pk,
            user_id=person,
            client_id=client_id,
            at=moment,
            until=moment + OPEN + length,
        )
        publish_first_time(events.MESSAGE_OPENED, conversation, message, person, moment)
        _close_if_all_have(conversation, message)
    return opening


def _check_may_open(conversation: LockedConversation, message: Message, person: str) -> None:
    """Raises DomainError 403, 410."""
    sender = conversation.members.get(message.sender_id)
    if conversation.members[person].until is not None:
        raise past_member() if is_group(conversation.pk) else has_blocked()
    if conversation.members[person].is_request:  # the sender would see it
        words = _("They are told nothing until you accept.")
        raise DomainError(words, 403, code="request")
    once = decoded_once(message.view_once or "")
    if once is None or once.until <= timestamp(now()):
        raise _is_over()
    if not is_group(conversation.pk) and sender and sender.until is not None and not sender.is_gone:
        raise _is_over()  # they have blocked who asks, who is not to learn of it


def _close_if_all_have(conversation: LockedConversation, message: Message) -> None:
    """Once the last of those who are there cannot load it any more."""
    openings = Opening.objects.filter(message_id=message.pk)
    ends: dict[str, datetime] = dict(openings.values_list("user_id", "until"))
    there = {
        person
        for person in conversation.viewers_of(message.seq)
        if conversation.members[person].until is None and person != message.sender_id
    }
    if there <= ends.keys():
        close_later(message.pk, max(ends.values()))


def close_later(message: str, at: datetime) -> None:
    schedule(CLOSE, name=f"{CLOSE}:{message}", run_at=at, message=message)


@repeatable
def close_once(*, message: str) -> None:
    """Nobody can open it any more. Kept are what somebody opened shortly before, as long as that
    lasts, and what was reported until that is decided.
    """
    found = stored_message(message)
    if found is None or not found.view_once:
        return
    if Report.objects.filter(kind=ReportKind.MESSAGE, about=message, is_open=True).exists():
        close_later(message, now() + HELD)
        return
    with locking(found.conversation.key):
        locked_conversations([found.conversation.key])  # whoever opens it waits for that
        moment = now()  # by the clock of workers, which set its end
        lasting = Opening.objects.filter(message_id=message, until__gt=moment)
        if last := lasting.order_by("-until").first():
            # By the database's, by which jobs are due: were that one ahead, it would be at once.
            close_later(message, database_now() + (last.until - moment))
            return
        remove_files_later([found])
        Attachment.objects.filter(message_id=message).delete()


def _files(message: Message) -> list[Attachment]:
    once = decoded_once(message.view_once or "")
    found = Attachment.objects.in_bulk(once.files if once else [])
    return [found[key] for key in once.files if key in found] if once else []


def _record(file: Attachment, opening_id: str) -> AttachmentRecord:
    """With addresses that serve it to who opened it."""
    record = attachment_record(file)
    url = f"{record.url}?opening={opening_id}"
    small = f"{url}&thumbnail=true" if record.thumbnail else None
    return msgspec.structs.replace(record, url=url, thumbnail=small)


def _is_over() -> DomainError:
    return DomainError(_("This can no longer be opened."), 410, code="over")
