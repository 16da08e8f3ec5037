"""The pinned messages of a conversation."""

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from accounts.principal import Principal
from chatsite.fastpath.expressions import EmptyText
from messaging.models import PINNED_MESSAGES, Membership, Message, is_group
from messaging.queries.own import add_own
from messaging.queries.visibility import Stays, conversation_with, membership_in
from messaging.shapes.record import COLUMNS, SENDER, MessageRecord, record_of_row


def pinned_in(conversation: str) -> QuerySet[Message]:
    """By the condition of the index `pinned_messages`."""
    nobody = "" if settings.MONGODB else EmptyText()
    return Message.objects.filter(conversation_id=conversation, pinned_by__gt=nobody)


def pins(user: User | Principal, conversation: str) -> list[MessageRecord]:
    """Those that `user` may see, also after they have left; what was pinned last comes first.
    Raises DomainError 404.
    """
    return _seen(membership_in(user, conversation, or_past=True))


def pins_with(user: User, peer: str) -> list[MessageRecord]:
    """The same of the conversation with that peer, if there is one."""
    conversation = conversation_with(user.pk, peer)
    memberships = Membership.objects.of(user.pk).select_related("conversation")
    mine = memberships.filter(conversation_id=conversation).first()
    return _seen(mine) if mine else []


def _seen(mine: Membership) -> list[MessageRecord]:
    stays = Stays.of(mine.since_seq, mine.until_seq, mine.earlier_stays)
    me, peer = mine.user_id, mine.conversation.peer_id(mine.user_id)
    rows = pinned_in(mine.conversation_id).order_by("-pinned_at", "-seq").values_list(*COLUMNS)
    records = [
        record_of_row(row, peer if row[SENDER] == me or is_group(peer) else me)
        for row in rows[:PINNED_MESSAGES]
    ]
    seen = [record for record in records if stays.see(record.seq)]
    add_own(me, seen)
    return [record for record in seen if record.pinned_at]
