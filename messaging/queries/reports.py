"""Reports: what somebody may report, and which of them a moderator sees."""

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from accounts.services.roles import may_act_on
from chatsite.db import now
from chatsite.errors import NotFound
from chatsite.fastpath.expressions import EmptyText
from chatsite.keys import is_key
from chatsite.wire import timestamp
from messaging.models import Kind, Membership, Message, MessageKind, Report, ReportKind, Role
from messaging.queries.attachments import attachments_of
from messaging.queries.people import find_user
from messaging.queries.visibility import (
    find_message,
    is_there,
    membership_in,
    no_such_message,
    stays_in,
)
from messaging.shapes.evidence import Evidence, SeenMessage, seen_file
from messaging.shapes.record import record_of
from messaging.shapes.system_messages import deleted_account

AROUND = 5  # messages before and after a reported one


def evidence_of(user: User, kind: str, about: str) -> tuple[str, Evidence]:
    """Whom a report of it concerns ("" of a group without an owner), and what `user` sees of it.

    Raises DomainError: what they do not see, and what is their own, is not there.
    """
    if kind == ReportKind.MESSAGE:
        return _of_message(user, about)
    if kind == ReportKind.GROUP:
        return _of_group(user, about)
    person = find_user(about)
    if person is None or person.pk == user.pk:
        raise NotFound
    return person.pk, Evidence(person.full_name, picture=person.picture)


def _of_message(user: User, key: str) -> tuple[str, Evidence]:
    message = find_message(user, key)
    if message is None or message.deleted or message.kind == MessageKind.SYSTEM:
        raise no_such_message()
    if message.sender_id == user.pk or message.conversation.kind == Kind.IMPORTED:
        raise no_such_message()  # what an import says that somebody wrote, nobody here has
    stays = stays_in(message.conversation_id, user.pk)
    near = Message.objects.filter(
        is_there(now()),
        conversation_id=message.conversation_id,
        seq__gte=message.seq - AROUND,
        seq__lte=message.seq + AROUND,
        kind=MessageKind.TEXT,
    ).order_by("seq")
    seen = [each for each in near if stays and stays.see(each.seq)]
    people = User.objects.in_bulk({each.sender_id for each in seen})
    names = {key: person.full_name for key, person in people.items()}
    # Of what is seen once, only what was reported: its files are kept until that is decided.
    once = [message.pk] if message.view_once else []
    files = attachments_of([*(each.pk for each in seen if each.attachments), *once])
    messages = [
        SeenMessage(
            id=each.pk,
            seq=each.seq,
            sender=each.sender_id,
            sender_name=names.get(each.sender_id, str(deleted_account())),
            text=record_of(each, key).text or "",
            at=timestamp(each.created_at),
            image=each.image,
            files=[seen_file(file) for file in files.get(each.pk, ())],
            once=[file.thumbnail for file in files.get(each.pk, ())] if each.pk in once else [],
            is_reported=each.pk == message.pk,
        )
        for each in seen
    ]
    name = names.get(message.sender_id, str(deleted_account()))
    return message.sender_id, Evidence(name, messages=messages)


def _of_group(user: User, key: str) -> tuple[str, Evidence]:
    mine = membership_in(user, key)
    group = mine.conversation
    owners = Membership.objects.filter(conversation_id=key, role=Role.OWNER, until_seq=None)
    owner = owners.values_list("user_id", flat=True).first() or ""
    if owner == user.pk or not group.title:
        raise NotFound
    return owner, Evidence(group.title, group.description, group.picture)


def reports_for(moderator: User) -> QuerySet[Report]:
    """But for those about themselves and about others on whom they cannot act."""
    with_roles = User.objects.filter(role__gt="" if settings.MONGODB else EmptyText())
    beyond = [each.pk for each in with_roles if not may_act_on(moderator, each)]
    return Report.objects.exclude(person__in=[*beyond, moderator.pk])


def find_report(moderator: User, key: str) -> Report:
    """Raises DomainError 404."""
    found = reports_for(moderator).filter(pk=key).first() if is_key(key) else None
    if found is None:
        raise NotFound
    return found
