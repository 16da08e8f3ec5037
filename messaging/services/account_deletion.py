"""What an account that was deleted leaves with others: chats without holes, and in them what it
wrote or, where it chose so, that something was deleted there.

Each step may be repeated, and the whole be stopped anywhere and begun anew.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import CASCADE, F, ForeignObjectRel, Q

from accounts.models import User
from accounts.services.deletion import close_account
from chatsite.db import now, repeatable
from chatsite.locks import locking
from messaging.models import (
    Attachment,
    AttachmentState,
    Conversation,
    Kind,
    Membership,
    Message,
    MessageEdit,
    MessageKind,
    Report,
)
from messaging.queries.privacy import publish_rules_change
from messaging.queries.visibility import GONE
from messaging.services.conversations import INSTANT, locked_conversations, store
from messaging.services.deletions import delete_saved
from messaging.services.exports import remove_export
from messaging.services.groups import leave_all, leave_anonymously
from messaging.services.imported_chats import remove_imported
from messaging.services.messages import set_deleted
from messaging.services.removal import erase
from messaging.services.uploads import discard_upload
from messaging.shapes.system_messages import decoded, encoded
from scheduler.registry import Stopped
from scheduler.services import schedule

FORGET_REPORTS = "forget_reports"
CHUNK = 200  # messages in one transaction
UNSENT = (AttachmentState.UPLOADING, AttachmentState.READY)


def delete_account(*, user: str, is_stopping: Callable[[], bool]) -> None:
    """Nothing where the owner has thought better of it. Raises Stopped."""
    person = close_account(user=user)
    if person is None:
        return
    leave_all(person)
    delete_saved(person)
    left = Membership.objects.of(user).exclude(since_seq=GONE[0]).select_related("conversation")
    for membership in left.order_by("pk"):
        if membership.conversation.kind == Kind.IMPORTED:
            remove_imported(user, membership.conversation_id)
            continue
        _delete_sent(person, membership.conversation, is_stopping)
        if membership.conversation.kind == Kind.GROUP:
            # Without transactions, somebody may have added them meanwhile.
            leave_anonymously(person, membership.conversation_id)
            _anonymise(person, membership.conversation, is_stopping)
            Membership.objects.filter(pk=membership.pk).delete()
        else:
            _leave_direct(person, membership.conversation.key)
    _delete_related(person)


def _delete_sent(person: User, conversation: Conversation, is_stopping: Callable[[], bool]) -> None:
    """What they wrote, where they wished so; in any case what nobody but moderators could see."""
    mine = Message.objects.filter(
        conversation_id=conversation.pk, sender_id=person.pk, kind=MessageKind.TEXT
    )
    if not person.deletion_removes:
        mine = mine.filter(Q(deleted=True) | Q(edited_at__isnull=False))
    after = 0
    while some := list(mine.filter(seq__gt=after).order_by("seq")[:CHUNK]):
        if is_stopping():
            raise Stopped
        for message in some:
            message.conversation = conversation
        if person.deletion_removes:
            set_deleted(some, True)
        MessageEdit.objects.filter(message_id__in=[each.pk for each in some]).delete()
        _erase(conversation.key, [each.pk for each in some])
        after = some[-1].seq


@repeatable
def _erase(key: str, messages: Sequence[str]) -> None:
    """All that there is of deleted messages, but that they were there."""
    with locking(key):
        locked_conversations([key])  # whoever restores one waits for that, and finds nothing
        erase(list(Message.objects.filter(pk__in=messages, deleted=True)))


def _anonymise(person: User, group: Conversation, is_stopping: Callable[[], bool]) -> None:
    """In system messages."""
    system_messages = Message.objects.filter(
        conversation_id=group.pk, kind=MessageKind.SYSTEM, details__contains=person.pk
    )
    after = 0
    while seqs := list(
        system_messages.filter(seq__gt=after).order_by("seq").values_list("seq", flat=True)[:CHUNK]
    ):
        if is_stopping():
            raise Stopped
        _anonymise_in(person.pk, group.key, seqs)
        after = seqs[-1]


@repeatable
def _anonymise_in(person: str, key: str, seqs: Sequence[int]) -> None:
    with locking(key):
        conversation = locked_conversations([key])[key]
        there = Message.objects.filter(conversation_id=conversation.pk, seq__in=seqs)
        for message in there.order_by("seq"):
            details = decoded(message.details)
            named = (
                [each for each in (details.by, *details.people) if each.id == person]
                if details
                else []
            )
            if not any(each.full_name for each in named):
                continue
            for each in named:
                each.full_name = ""
            conversation.change(moment := max(now(), conversation.changed_at + INSTANT))
            Message.objects.filter(pk=message.pk).update(
                details=encoded(details).decode(), updated_at=moment, version=conversation.version
            )
        store([conversation])


@repeatable
def _leave_direct(person: User, key: str) -> None:
    """Out of a direct chat, in which nobody writes any more. Without the other it is nobody's."""
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return
        others = [each for who, each in conversation.members.items() if who != person.pk]
        if all(other.is_gone for other in others):
            Conversation.objects.filter(pk=conversation.pk).delete()
            return
        since, until = GONE
        Membership.objects.filter(conversation_id=conversation.pk, user_id=person.pk).update(
            since_seq=since,
            until_seq=until,
            earlier_stays="",
            draft="",
            pinned_at=None,
            pin_slot=0,
            archived_seq=None,
            muted_until=None,
            marked_unread_seq=None,
            is_request=False,
            version=F("version") + 1,
        )
        conversation.change(now())  # so that the other learns of it
        store([conversation])


def _delete_related(person: User) -> None:
    """Whatever would go with the row of the account: sessions, blocks, invitations, and what later
    features keep for somebody. Their memberships of direct chats stay.
    """
    remove_export(user=person)
    for upload in Attachment.objects.filter(owner_id=person.pk, state__in=UNSENT):
        discard_upload(upload)
    for related in User._meta.get_fields(include_hidden=True):
        if isinstance(related, ForeignObjectRel) and related.on_delete is CASCADE:
            field = related.field
            if field.model is not Membership:
                field.model._default_manager.filter(**{field.name: person.pk}).delete()
    Report.objects.filter(claimed_by=person.pk, is_open=True).update(claimed_by="")
    days = timedelta(days=settings.DELETED_ACCOUNT_DAYS)
    schedule(
        FORGET_REPORTS, name=f"{FORGET_REPORTS}:{person.pk}", run_at=now() + days, user=person.pk
    )
    publish_rules_change()


def forget_reports(*, user: str) -> None:
    """By and about somebody whose account was deleted: until then moderators may need them."""
    Report.objects.filter(Q(person=user) | Q(reporter=user) | Q(about=user)).delete()
